"""What an event should have, in the planner's terms: which profile, which spec, and why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.providers.types import MeetingSpec
from conferencing_app.provisioning import plan

Request = Conference.Request

# A meeting that its host deletes is made again once; whoever deletes it again means it.
HOST_DELETIONS = 2


@dataclass(frozen=True)
class Resolved:
    """``wanted`` for the planner, ``spec`` for the provider (None: the event has no usable time), and the cause."""

    wanted: plan.Wanted
    spec: MeetingSpec | None
    cause: str = ""


@dataclass(frozen=True)
class Brief:
    """What a meeting for an event should be, with its digest; None and empty where the event's data allow none."""

    spec: MeetingSpec | None
    digest: str


def brief_of(conference: Conference) -> Brief:
    """The event's own part in what is wanted: it stays the same however its meetings fare."""
    spec = spec_of(conference)
    return Brief(spec, digest_of(spec) if spec is not None else "")


def resolve(
    conference: Conference,
    brief: Brief,
    meetings: Iterable[Meeting],
    profiles: Iterable[ConferencingProfile],
    now: datetime,
) -> Resolved:
    """What is wanted now. ``profiles`` are the owner's, in their order of preference, and the one asked for."""
    removal = _removal(conference)
    if removal is not None:
        return Resolved(plan.Wanted(profile=None, removed=True), None, removal)
    live = next((meeting for meeting in meetings if meeting.state == Meeting.State.LIVE), None)
    profile, cause = _choose(conference, live, list(profiles))
    if brief.spec is None:
        # Without a usable time nothing is made or changed; what is there stays.
        kept = live.profile_id if live is not None and live.profile_id == profile else None
        wanted = plan.Wanted(profile=kept, digest=live.applied_digest if live else "")
        return Resolved(wanted, None, conference.event_cause or "no_time")
    given_up = live is None and conference.host_deletions >= HOST_DELETIONS
    wanted = plan.Wanted(
        profile=profile, digest=brief.digest, over=_is_over(conference, now), given_up=given_up and not cause
    )
    return Resolved(wanted, brief.spec, "deleted_by_host" if wanted.given_up else cause)


def spec_of(conference: Conference) -> MeetingSpec | None:
    """What a meeting for this event should be; None where the event's data allow none."""
    if conference.event_cause or conference.start is None or conference.end is None:
        return None
    return MeetingSpec(
        title=conference.summary,
        description=conference.description,
        start=conference.start,
        end=conference.end,
        tzid=conference.tzid,
    )


def digest_of(spec: MeetingSpec) -> str:
    """A fingerprint of the spec: a provider is called for a change of it and for nothing else."""
    return hashlib.sha256(json.dumps(vars(spec), default=str, sort_keys=True).encode()).hexdigest()


def _removal(conference: Conference) -> str | None:
    """The cause when no meeting is wanted at all; None when one is."""
    if conference.event_deleted or conference.profile_request == Request.NONE:
        return "removed"
    if conference.cancelled:
        return "cancelled"
    return "" if conference.profile_request == Request.EXPLICIT else None


def _is_over(conference: Conference, now: datetime) -> bool:
    """Whether it is too late to make one: the event has ended, or it had begun when one was asked for."""
    if conference.end is not None and conference.end <= now:
        return True
    if conference.start is None or conference.assigned_at is not None:
        return False
    return conference.start <= (conference.asked_at or conference.created_at)


def _choose(
    conference: Conference, live: Meeting | None, profiles: list[ConferencingProfile]
) -> tuple[int | None, str]:
    """The profile to make the meeting with, or None and the cause.

    A link that people already have is kept: neither another default nor an unlinked account (whose owner chose to
    leave its meetings in place) moves an event to another meeting.
    """
    if conference.owner_id is None:
        return None, "nothing_linked"
    own = [profile for profile in profiles if profile.user_id == conference.owner_id]
    if conference.profile_request == Request.INTEGRATED:
        return None, "nothing_linked"
    if conference.profile_request != Request.DEFAULT:
        own = [profile for profile in own if profile.public_id == conference.profile_request]
    if live is not None and any(profile.pk == live.profile_id for profile in own):
        return live.profile_id, ""
    linked = [profile for profile in own if profile.is_linked]
    if linked:
        return linked[0].pk, ""
    return None, "nothing_linked" if conference.profile_request == Request.DEFAULT else "profile_missing"
