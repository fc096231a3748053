"""What became of one event so far, newest first: what was asked, each call, each notification and mail. No secrets.

For its owner, in words; support has the same with every number in the admin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conferencing_app import causes
from conferencing_app.models import Attempt, Conference, ConferencingProfile, Mail, Notification, NotificationDelivery
from conferencing_app.notifications.catalogue import ASSIGNED, FAILING
from conferencing_app.providers import registry

# Of each kind the newest, so that an event that has been failing for weeks costs no more than another.
MOST = 50

REQUESTS: dict[str, str | Promise] = {
    Conference.Request.DEFAULT: gettext_lazy("A conference with the default account"),
    Conference.Request.INTEGRATED: gettext_lazy("The conferencing of the calendar"),
    Conference.Request.EXPLICIT: gettext_lazy("A link that was given"),
    Conference.Request.NONE: gettext_lazy("No conference"),
}
ANNOUNCED: dict[str, str | Promise] = {
    ASSIGNED: gettext_lazy("Announced: the link is there"),
    FAILING: gettext_lazy("Announced: there is no link"),
}
# Mails to the owner about the event, or about the account that it waits for.
MAILS: dict[str, str | Promise] = {
    "event_without_link": gettext_lazy("Mail: the event begins soon and has no link"),
    "profile_disconnected": gettext_lazy("Mail: the account must be linked again"),
}
NOT_SENT = frozenset({Mail.State.NO_ADDRESS, Mail.State.LIMITED, Mail.State.EXPIRED})


@dataclass(frozen=True)
class Entry:
    """Something that happened. ``failed`` is None where nothing could fail; ``detail`` may be empty."""

    at: datetime
    words: str
    detail: str = ""
    failed: bool | None = None


@dataclass(frozen=True)
class History:
    """``asked`` is what is wanted at present. ``is_cut``: there is more than the entries tell."""

    asked: str
    entries: list[Entry]
    is_cut: bool


def history(conference: Conference) -> History:
    """All that is kept of this event, in a fixed number of queries."""
    calls = list(Attempt.objects.filter(conference=conference).order_by("-pk")[: MOST + 1])
    news = list(_news(conference)[: MOST + 1])
    mails = list(_mails(conference)[: MOST + 1])
    entries = [*_told_of_calls(calls[:MOST]), *_told_of_news(news[:MOST]), *_told_of_mails(mails[:MOST])]
    entries.append(Entry(conference.created_at, _("Asked for")))
    newest_first = sorted(entries, key=attrgetter("at"), reverse=True)
    return History(asked_for(conference), newest_first, is_cut=max(len(calls), len(news), len(mails)) > MOST)


def asked_for(conference: Conference) -> str:
    """What is wanted for the event at present, in words."""
    request = conference.profile_request
    if request in REQUESTS:
        return str(REQUESTS[request])
    profile = ConferencingProfile.objects.linked().filter(public_id=request).first()
    if profile is None:
        return _("A conference with an account that has been removed")
    about = {"name": profile, "provider": registry.label(profile.provider)}
    return _("A conference with the %(provider)s account “%(name)s”") % about


def _news(conference: Conference) -> QuerySet[Any]:
    """The notifications about it, with the number of addresses each is posted to, and has arrived at."""
    posted = Q(deliveries__endpoint__isnull=False)
    arrived = posted & Q(deliveries__state=NotificationDelivery.State.DELIVERED)
    told = Notification.objects.filter(subject=conference.public_id).order_by("-sequence")
    return told.annotate(posted=Count("deliveries", filter=posted), arrived=Count("deliveries", filter=arrived))


def _mails(conference: Conference) -> QuerySet[Mail]:
    about = [conference.public_id, *([conference.lane.public_id] if conference.lane else [])]
    theirs = Mail.objects.filter(subject__in=about, user=conference.owner_id, kind__in=MAILS)
    return theirs.filter(created_at__gte=conference.created_at).exclude(state=Mail.State.MOOT).order_by("-pk")


def _told_of_calls(calls: list[Attempt]) -> Iterator[Entry]:
    for call in calls:
        provider = registry.label(call.provider)
        failed = bool(call.cause_code)
        words = f"{provider}: {capfirst(call.get_operation_display())}"
        yield Entry(call.started_at, words, _sentence(call.cause_code, provider), failed)


def _told_of_news(news: list[Notification]) -> Iterator[Entry]:
    for told in news:
        words = ANNOUNCED.get(told.type, told.type)
        sentences = [_sentence(told.cause_code, _provider_of(told)), _posted(told)]
        yield Entry(told.created_at, str(words), " ".join(filter(None, sentences)))


def _told_of_mails(mails: list[Mail]) -> Iterator[Entry]:
    for mail in mails:
        outcome = mail.state in NOT_SENT if mail.state != Mail.State.PENDING else None
        yield Entry(mail.sent_at or mail.created_at, str(MAILS[mail.kind]), failed=outcome)


def _provider_of(told: Notification) -> str:
    """How people call the provider that it was about; empty where there was none."""
    alias = told.data.get("provider", "")
    return registry.label(alias) if alias else ""


def _sentence(code: str, provider: str) -> str:
    return str(causes.get(code).told_of(provider).sentence) if code else ""


def _posted(told: Any) -> str:
    if not told.posted:
        return ""
    text = ngettext(
        "Posted to %(arrived)d of %(count)d address.", "Posted to %(arrived)d of %(count)d addresses.", told.posted
    )
    return text % {"arrived": told.arrived, "count": told.posted}
