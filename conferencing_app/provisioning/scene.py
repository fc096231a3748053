"""All that is known of the conferences of one batch, read under their leases in a few queries."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.models import Q

from conferencing_app import clock
from conferencing_app.engine.jobs import Job
from conferencing_app.models import Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.providers import registry
from conferencing_app.providers.types import Capability
from conferencing_app.provisioning import plan
from conferencing_app.provisioning.budget import Budget
from conferencing_app.provisioning.resolving import Brief, Resolved, brief_of, resolve

State = ConferencingProfile.State


@dataclass(eq=False)
class Scene:
    """One conference with its meetings (oldest first) and the profiles that matter to it."""

    job: Job
    conference: Conference
    meetings: list[Meeting]
    profiles: dict[int, ConferencingProfile]
    preferred: list[ConferencingProfile]
    now: datetime
    budget: Budget
    changed: set[int] = field(default_factory=set)
    # The lane that this transaction has taken for the job, with its fence: the job's own once it is committed.
    taken: tuple[int, int] | None = None
    failed: bool = False

    @cached_property
    def brief(self) -> Brief:
        return brief_of(self.conference)

    @property
    def resolved(self) -> Resolved:
        return resolve(self.conference, self.brief, self.meetings, self.preferred, self.now)

    def meeting(self, key: int) -> Meeting:
        return next(meeting for meeting in self.meetings if meeting.pk == key)

    def change(self, key: int) -> Meeting:
        """The same, and it is to be saved."""
        self.changed.add(key)
        return self.meeting(key)

    def lane_of(self, step: plan.Call) -> int:
        """The lane that this call is made in."""
        return self.meeting(step.meeting).profile_id

    @property
    def lane(self) -> int | None:
        """The lane that is held for the job, or was taken for it just now."""
        return self.taken[0] if self.taken is not None else self.job.lane

    def keep_lane(self) -> None:
        """What was taken is committed: the job holds it."""
        if self.taken is not None:
            self.job.lane, self.job.lane_fence = self.taken

    def grant(self, profile_id: int) -> Grant | None:
        """The profile's grant; None once it is wiped."""
        return getattr(self.profiles[profile_id], "grant", None)

    def is_manageable(self, profile_id: int) -> bool:
        """Whether its provider can be called for this profile, now or once the person has linked it again."""
        return self.grant(profile_id) is not None or self.profiles[profile_id].state == State.DISCONNECTED

    def is_up_to_date(self, meeting: Meeting) -> bool:
        """Whether the provider was last brought to what is wanted, or need not be any more."""
        wanted = self.resolved.wanted
        return meeting.applied_digest == wanted.digest or wanted.over

    def changes_from(self, meeting: Meeting) -> datetime | None:
        """When the account's daily count lets this meeting be made or changed as it should; None: now."""
        if meeting.state == Meeting.State.PLANNED:
            return self.budget.changes_from(meeting.profile_id)
        if meeting.state != Meeting.State.LIVE or self.is_up_to_date(meeting):
            return None
        spec = self.brief.spec
        moved = spec is None or (meeting.starts_at, meeting.ends_at) != (spec.start, spec.end)
        budget = self.budget
        return budget.changes_from(meeting.profile_id) if moved else budget.edits_from(meeting.profile_id)

    def next_step(self) -> plan.Step:
        # A row just woken (no failures counted) is tried at once, whatever its last failure's wait was.
        heed_waits = self.failed or self.conference.attempts > 0
        views = [self._view(meeting, heed_waits) for meeting in self.meetings]
        return plan.plan(self.resolved.wanted, views, self.now)

    def _view(self, meeting: Meeting, heed_waits: bool) -> plan.Meeting:
        profile = self.profiles[meeting.profile_id]
        waits = [meeting.retry_at] if heed_waits and meeting.retry_at else []
        if profile.paused_until is not None:
            waits.append(profile.paused_until)
        capabilities, find_lag = _abilities(profile.provider)
        return plan.Meeting(
            key=meeting.pk,
            profile=meeting.profile_id,
            state=plan.Is(meeting.state),
            manageable=self.is_manageable(meeting.profile_id),
            blocked=profile.state == State.DISCONNECTED,
            found=bool(meeting.meeting_id),
            may_exist=meeting.sent_at is not None,
            sent_at=meeting.sent_at,
            applied_digest=meeting.applied_digest,
            over=meeting.ends_at is not None and meeting.ends_at <= self.now,
            second_look=meeting.second_look,
            read_back=meeting.read_back,
            missing_since=meeting.missing_since,
            retry_at=max(waits, default=None),
            changes_from=self.changes_from(meeting),
            can_find=Capability.FIND in capabilities,
            create_is_idempotent=Capability.IDEMPOTENT_CREATE in capabilities,
            find_lag=find_lag,
        )


def load(jobs: Sequence[Job], using: str) -> tuple[clock.Reading, Budget, list[Scene]]:
    """The database's time, the accounts' budget, and the scenes of those jobs whose rows are still held, in order.

    Call it in a transaction, in which the rows stay locked.

    Rows that somebody else has locked are left out (see :func:`locked_elsewhere`): to wait for one while holding
    others could bring down the transaction of a host that changes the same events in another order.
    """
    asked_at = time.monotonic()
    fences = {job.key: job.fence for job in jobs}
    rows = Conference.objects.using(using).filter(pk__in=fences, lease_until__isnull=False)
    rows = rows.select_for_update(skip_locked=_can_skip_locked(using)).order_by("pk").annotate(now=clock.now())
    conferences: list[Any] = [row for row in rows if row.fence == fences[row.pk]]
    meetings = defaultdict(list)
    present = Meeting.objects.using(using).present().filter(conference__in=conferences)
    for meeting in present.select_for_update().order_by("pk"):
        meetings[meeting.conference_id].append(meeting)
    profiles = _profiles(conferences, [meeting for group in meetings.values() for meeting in group], using)
    by_owner = defaultdict(list)
    for profile in profiles.values():
        by_owner[profile.user_id].append(profile)
    now: datetime = conferences[0].now if conferences else clock.read(using)
    budget = Budget(profiles.values(), now, using)
    rank = {job.key: place for place, job in enumerate(jobs)}
    conferences.sort(key=lambda row: rank[row.pk])
    return (
        clock.Reading(now, asked_at),
        budget,
        [
            Scene(jobs[rank[row.pk]], row, meetings[row.pk], profiles, _own(row, by_owner), now, budget)
            for row in conferences
        ],
    )


def _own(row: Conference, by_owner: dict[Any, list[ConferencingProfile]]) -> list[ConferencingProfile]:
    return by_owner[row.owner_id] if row.owner_id else []


def locked_elsewhere(jobs: Sequence[Job], scenes: Sequence[Scene], using: str) -> list[Job]:
    """Those of these jobs that have no scene although their rows are held: somebody else had them locked."""
    loaded = {scene.job.key for scene in scenes}
    missing = {job.key: job for job in jobs if job.key not in loaded}
    if not missing or not _can_skip_locked(using):
        return []
    rows = Conference.objects.using(using).filter(pk__in=missing, lease_until__isnull=False)
    return [missing[key] for key, fence in rows.values_list("pk", "fence") if fence == missing[key].fence]


def _can_skip_locked(using: str) -> bool:
    return bool(connections[using].features.has_select_for_update_skip_locked)


def _profiles(
    conferences: Iterable[Conference], meetings: Iterable[Meeting], using: str
) -> dict[int, ConferencingProfile]:
    """In the order of preference of their owners: the default first, then the newest."""
    of_owner = Q(user__in={row.owner_id for row in conferences if row.owner_id}, state__in=[*_LINKED])
    asked_for = Q(public_id__in={row.profile_request for row in conferences})
    of_meetings = Q(pk__in={meeting.profile_id for meeting in meetings})
    rows = ConferencingProfile.objects.using(using).filter(of_owner | asked_for | of_meetings)
    rows = rows.select_related("grant").only(*_PROFILE_COLUMNS)
    return {row.pk: row for row in rows.order_by("-is_default", "-linked_at", "-pk")}


_LINKED = (State.CONNECTED, State.DISCONNECTED)
# What is asked of a profile and its grant. Each is read twice for a conference that is made, so the rest would tell.
_PROFILE_COLUMNS = (
    *("user", "provider", "public_id", "account_key", "is_default", "state", "cause", "paused_until", "pause_cause"),
    *(f"grant__{name}" for name in ("access_token", "refresh_token", "expires_at", "refreshed_at", "api_url")),
)


def _abilities(alias: str) -> tuple[frozenset[Capability], timedelta]:
    try:
        provider = registry.get(alias)
    except ImproperlyConfigured:
        # Assume what leads to a call, which then reports the configuration as the cause.
        return frozenset({Capability.FIND}), timedelta(0)
    return provider.capabilities, timedelta(seconds=provider.find_lag)
