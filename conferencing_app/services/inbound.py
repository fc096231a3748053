"""What a provider sends us: verified, counted once, and written down where workers find it.

No provider is called from here. A message about a meeting only makes its conference due: the planner decides whether
to look at the provider, and when.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.exceptions import ConferencingError
from conferencing_app.models import Conference, ConferencingProfile, InboundMessage, Meeting
from conferencing_app.providers import registry
from conferencing_app.providers.base import InboundParser
from conferencing_app.providers.types import Deauthorized, InboundEvent, MeetingChanged, MeetingDeleted
from conferencing_app.services import ownership

logger = logging.getLogger(__name__)

# How long the note of a message is kept: longer than its signature counts as recent, so that no replay outlives it.
KEEP_MESSAGES = timedelta(days=1)


class NotHeard(ConferencingError):
    """Nothing is taken in for this provider: it is not configured, or not so that its messages could be verified."""


class Unverified(ConferencingError):
    """Nobody knows who has sent this, or when."""


def receive(alias: str, headers: Mapping[str, str], body: bytes) -> dict[str, str] | None:
    """Take in what was posted to this provider's address; what to answer, None for nothing.

    ``body`` is the raw body. Raises NotHeard and Unverified.
    """
    parser = _parser(alias)
    if not parser.verify(headers, body, clock.read(settings.DATABASE)):
        raise Unverified
    answer = parser.challenge(headers, body)
    if answer is None:
        _take_in_once(alias, body, parser.parse(body))
    return answer


def _parser(alias: str) -> InboundParser:
    try:
        parser = registry.get(alias).inbound
    except ImproperlyConfigured as error:
        raise NotHeard from error
    if parser is None:
        raise NotHeard
    return parser


def _take_in_once(alias: str, body: bytes, events: list[InboundEvent]) -> None:
    if not events:
        return
    digest = hashlib.sha256(alias.encode() + b"\0" + body).hexdigest()
    with transaction.atomic(using=settings.DATABASE):
        try:
            with transaction.atomic(using=settings.DATABASE):
                InboundMessage.objects.create(provider=alias, digest=digest, received_at=clock.now())
        except IntegrityError:
            return
        for event in events:
            _take_in(alias, event)


def _take_in(alias: str, event: InboundEvent) -> None:
    match event:
        case MeetingDeleted() | MeetingChanged():
            _have_looked_at(alias, event)
        case Deauthorized():
            _forget(alias, event)


def _have_looked_at(alias: str, event: MeetingDeleted | MeetingChanged) -> None:
    """Its conference is due. Not for a meeting that we have removed ourselves, or that never was ours."""
    live = Meeting.objects.filter(meeting_id=event.meeting_id, profile__provider=alias, state=Meeting.State.LIVE)
    # Conferences before meetings, the order in which a worker locks them.
    rows = Conference.objects.filter(pk__in=live.values("conference")).select_for_update().order_by("pk")
    concerned = list(rows.values_list("pk", flat=True))
    if not concerned:
        return
    meetings = Meeting.objects.filter(conference__in=concerned, meeting_id=event.meeting_id, state=Meeting.State.LIVE)
    if isinstance(event, MeetingDeleted):
        meetings.filter(missing_since=None).update(missing_since=clock.now())
    else:
        meetings.update(read_back=True)
    Conference.objects.filter(pk__in=concerned).wake()
    doorbell.ring(settings.DATABASE)


def _forget(alias: str, event: Deauthorized) -> None:
    """Unless the account has been linked again since."""
    key = f"{alias}:{event.account_id}"
    profile = ConferencingProfile.objects.filter(account_key=key).first()
    if profile is None:
        return
    ownership.lock_people(profile.user_id)
    held = ConferencingProfile.objects.select_for_update().filter(pk=profile.pk, account_key=key)
    profile = held.filter(linked_at__lte=event.at).first()
    if profile is not None:
        ownership.forget_account(profile)
        logger.info("Profile %s: its person has removed the app at %s.", profile.public_id, alias)
