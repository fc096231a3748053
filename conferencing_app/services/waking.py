"""Which conferences look again at once when something about a profile changes."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q

from conferencing_app import doorbell
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.models.conference import ConferenceQuerySet


def wake_waiting(profile: ConferencingProfile) -> int:
    """Wake every conference that this profile may cure; how many there are.

    All become due at the same moment, so that the one whose event starts soonest comes first.

    Those that its person owns or that are bound to the profile, and that are not there, are not up to date, or have a
    meeting of this profile left to remove.
    """
    return _wake(_bound_to(profile.pk, profile.public_id, owner_id=profile.user_id).filter(_unsettled(profile.pk)))


def forget_failures(profile: ConferencingProfile) -> None:
    """What the profile's meetings failed of is history. After waking their conferences: workers lock in this order."""
    Meeting.objects.filter(profile=profile).exclude(cause_code="").update(cause_code="", retry_at=None)


def wake_bound(profile: ConferencingProfile) -> int:
    """Wake what is bound to this profile and unsettled, whoever owns the event: the profile can no longer serve it."""
    return _wake(_bound_to(profile.pk, profile.public_id).filter(_unsettled(profile.pk)))


def _bound_to(profile_id: int, public_id: str, owner_id: Any = None) -> ConferenceQuerySet:
    bound = Q(lane_id=profile_id) | Q(profile_request=public_id) | Q(Exists(_doomed(profile_id)))
    if owner_id is not None:
        bound |= Q(owner_id=owner_id)
    bound_to: ConferenceQuerySet = Conference.objects.filter(bound)
    return bound_to


def _unsettled(profile_id: int) -> Q:
    State = Conference.State
    missing = Q(state__in=[State.PENDING, State.FAILING])
    out_of_date = Q(state=State.ASSIGNED) & ~Q(cause_code="")
    return missing | out_of_date | Q(Exists(_doomed(profile_id)))


def _doomed(profile_id: int) -> Any:
    return Meeting.objects.filter(conference=OuterRef("pk"), profile_id=profile_id, state=Meeting.State.DOOMED)


def _wake(conferences: ConferenceQuerySet) -> int:
    woken = conferences.wake()
    if woken:
        doorbell.ring(settings.DATABASE)
    return woken
