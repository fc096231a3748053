"""What a mail says of the moment in which it is sent: it may have waited, and what it was to tell of may be over."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Min
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from conferencing_app import causes, clock, crypto
from conferencing_app.causes import Action
from conferencing_app.exceptions import ConferencingError
from conferencing_app.mails.site import site_url
from conferencing_app.models import Conference, ConferencingProfile, Mail, RelinkProof
from conferencing_app.providers import registry

TOKEN_BYTES = 32


class Moot(ConferencingError):
    """There is nothing to tell any more."""


def present_facts(mail: Mail) -> dict[str, Any]:
    """What the templates of this kind show besides what was written down. Raises Moot."""
    facts_of = PRESENT_FACTS.get(mail.kind)
    return facts_of(mail) if facts_of else {}


def _of_disconnected_profile(mail: Mail) -> dict[str, Any]:
    """How many events wait, and the way to link again. A reminder is for those who have an event that waits."""
    disconnected = ConferencingProfile.objects.filter(state=ConferencingProfile.State.DISCONNECTED)
    profile = disconnected.filter(public_id=mail.subject, user=mail.user_id).first()
    if profile is None:
        raise Moot
    waiting = Conference.objects.waiting().filter(lane=profile).count()
    if mail.facts.get("reminder") and not waiting:
        raise Moot
    return {"waiting": waiting, "relink_url": relink_url(mail, profile)}


@sensitive_variables()
def relink_url(mail: Mail, profile: ConferencingProfile) -> str:
    """The way to link this profile again for whoever has this mail, which proves who they are."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    RelinkProof.objects.create(profile=profile, mail=mail, token_hash=crypto.digest(token), created_at=clock.now())
    return site_url(reverse("conferencing:relink_by_mail", args=[token]))


def _of_event(mail: Mail) -> dict[str, Any]:
    """The event, why it has no link, and where its owner can do something about it."""
    waiting = Conference.objects.select_related("lane").waiting()
    without_link = waiting.filter(state=Conference.State.FAILING) | waiting.late()
    conference = without_link.filter(public_id=mail.subject, owner=mail.user_id).first()
    if conference is None or conference.start is None:
        raise Moot
    zone = _zone(conference.tzid)
    return {
        "summary": conference.summary,
        "start": date_format(conference.start.astimezone(zone), "DATETIME_FORMAT"),
        "zone": str(zone),
        "sentence": conference.cause.sentence if conference.cause else _("It is being made, and that takes too long."),
        "relink_url": _relink_url_of_event(mail, conference),
        "event_url": site_url(reverse("conferencing:conference", args=[conference.public_id])),
        "reference": conference.public_id,
    }


def _relink_url_of_event(mail: Mail, conference: Conference) -> str:
    """Where linking the account again is what helps, and the account is the reader's; else empty."""
    lane, cause = conference.lane, conference.cause
    if lane is None or cause is None or cause.action is not Action.RELINK:
        return ""
    return relink_url(mail, lane) if lane.relink_url and lane.user_id == mail.user_id else ""


def _zone(tzid: str) -> tzinfo:
    try:
        return ZoneInfo(tzid)
    except (ValueError, OSError, KeyError):  # a zone that is not known raises the last
        return timezone.get_default_timezone()


def _for_admins(mail: Mail) -> dict[str, Any]:
    """What waits for an administrator: each cause, how many events, since when."""
    kinds = Conference.objects.for_admins().values("cause_code", "lane__provider")
    troubles = kinds.annotate(count=Count("pk"), since=Min("cause_since")).order_by("since", "cause_code")
    if not troubles:
        raise Moot
    return {"troubles": [_trouble(dict(row)) for row in troubles]}


def _trouble(row: dict[str, Any]) -> dict[str, Any]:
    alias = row["lane__provider"]
    cause = causes.get(row["cause_code"]).told_of(registry.label(alias) if alias else "")
    return {"sentence": cause.sentence, "count": row["count"], "since": row["since"], "url": _admin_url(cause.code)}


def _admin_url(code: str) -> str:
    """The admin's list of what has this cause; empty for a site without the admin."""
    try:
        path = reverse("admin:conferencing_app_conference_changelist")
    except NoReverseMatch:
        return ""
    return site_url(f"{path}?{urlencode({'state': Conference.State.FAILING.value, 'cause_code': code})}")


PRESENT_FACTS: dict[str, Callable[[Mail], dict[str, Any]]] = {
    "profile_disconnected": _of_disconnected_profile,
    "event_without_link": _of_event,
    "admin_digest": _for_admins,
}
