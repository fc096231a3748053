"""What a mail says of the moment in which it is sent: it may have waited, and what it was to tell of may be over."""

from __future__ import annotations

import secrets
from typing import Any

from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, crypto
from conferencing_app.exceptions import ConferencingError
from conferencing_app.mails.site import site_url
from conferencing_app.models import Conference, ConferencingProfile, Mail, RelinkProof

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
    waiting = Conference.objects.waiting_for(profile).count()
    if mail.facts.get("reminder") and not waiting:
        raise Moot
    return {"waiting": waiting, "relink_url": relink_url(mail, profile)}


@sensitive_variables()
def relink_url(mail: Mail, profile: ConferencingProfile) -> str:
    """The way to link this profile again for whoever has this mail, which proves who they are."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    RelinkProof.objects.create(profile=profile, mail=mail, token_hash=crypto.digest(token), created_at=clock.now())
    return site_url(reverse("conferencing:relink_by_mail", args=[token]))


PRESENT_FACTS = {"profile_disconnected": _of_disconnected_profile}
