"""Which conferences look again at once when something about a profile changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value, When

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile, Meeting

# How many of the waiting conferences get a turn in the order of their events' starts; the others follow in any order.
SOONEST_FIRST = 200


def wake_waiting(profile: ConferencingProfile) -> int:
    """Wake every conference that this profile may cure, the one whose event starts soonest first; how many there are.

    Those that its person owns or that are bound to the profile, and that are not there, are not up to date, or have a
    meeting of this profile left to remove. What the profile's meetings failed of is forgotten.
    """
    woken = _wake_in_order(
        _bound_to(profile.pk, profile.public_id, owner_id=profile.user_id).filter(_unsettled(profile.pk))
    )
    forget_failures(profile)
    return woken


def forget_failures(profile: ConferencingProfile) -> None:
    """What the profile's meetings failed of is history. After waking their conferences: workers lock in this order."""
    Meeting.objects.filter(profile=profile).exclude(cause_code="").update(cause_code="", retry_at=None)


def wake_bound(profile: ConferencingProfile) -> int:
    """Wake what is bound to this profile and unsettled, whoever owns the event: the profile can no longer serve it."""
    return _wake_in_order(_bound_to(profile.pk, profile.public_id).filter(_unsettled(profile.pk)))


def _bound_to(profile_id: int, public_id: str, owner_id: Any = None) -> QuerySet[Conference]:
    bound = Q(lane_id=profile_id) | Q(profile_request=public_id) | Q(Exists(_doomed(profile_id)))
    if owner_id is not None:
        bound |= Q(owner_id=owner_id)
    return Conference.objects.filter(bound)


def _unsettled(profile_id: int) -> Q:
    State = Conference.State
    missing = Q(state__in=[State.PENDING, State.FAILING])
    out_of_date = Q(state=State.ASSIGNED) & ~Q(cause_code="")
    return missing | out_of_date | Q(Exists(_doomed(profile_id)))


def _doomed(profile_id: int) -> QuerySet[Meeting]:
    return Meeting.objects.filter(conference=OuterRef("pk"), profile_id=profile_id, state=Meeting.State.DOOMED)


def _wake_in_order(conferences: QuerySet[Conference]) -> int:
    """All due now; the soonest get moments just before, in order, as due work is taken in the order of due_at."""
    soonest = list(
        conferences.order_by(F("start").asc(nulls_last=True), "pk").values_list("pk", flat=True)[:SOONEST_FIRST]
    )
    if not soonest:
        return 0
    now = clock.read(settings.DATABASE)  # before the others get theirs, so that all of these are ahead of them
    woken: int = conferences.wake()  # type: ignore[attr-defined]  # it is the manager's own queryset
    moments = [
        When(pk=key, then=Value(now - timedelta(milliseconds=len(soonest) - rank), output_field=DateTimeField()))
        for rank, key in enumerate(soonest)
    ]
    Conference.objects.filter(pk__in=soonest).update(due_at=Case(*moments, default=F("due_at")))
    doorbell.ring(settings.DATABASE)
    return woken
