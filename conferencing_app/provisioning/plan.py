"""What to do next for one conference: a pure function of what is wanted and what is there.

No Django and no provider in here, so that every interleaving can be walked through. The caller carries out the step,
commits, looks again and asks again, until the answer is :class:`Rest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

NEVER = datetime.max.replace(tzinfo=UTC)
# People have its link: that a meeting is gone must be said twice, this far apart, before it is made again.
CONFIRM_AFTER = timedelta(seconds=60)


class Is(StrEnum):
    """How far a meeting is; the values of the meeting's column."""

    PLANNED = "planned"
    SENT = "sent"
    LIVE = "live"
    DOOMED = "doomed"
    GONE = "gone"


@dataclass(frozen=True)
class Meeting:
    """A meeting row as the planner sees it.

    ``manageable``: there is a grant by which its provider can be called for it. ``blocked``: no call for it makes
    sense until a person has acted. ``found``: its id at the provider is known. ``may_exist``: a create was sent for
    it whose outcome is, or was, unknown. ``over``: the time that it was made for has passed. ``missing_since``: when
    the provider first said that it is gone. ``retry_at``: not to be called for before. ``changes_from``: not to be
    made or changed before.
    """

    key: int
    profile: int
    state: Is
    manageable: bool = True
    blocked: bool = False
    found: bool = False
    may_exist: bool = False
    sent_at: datetime | None = None
    applied_digest: str = ""
    over: bool = False
    second_look: bool = False
    read_back: bool = False
    missing_since: datetime | None = None
    retry_at: datetime | None = None
    changes_from: datetime | None = None

    # What the provider can do.
    can_find: bool = True
    create_is_idempotent: bool = False
    find_lag: timedelta = timedelta(0)


@dataclass(frozen=True)
class Wanted:
    """What the event should have. ``profile`` None: nothing can be made (the caller knows the cause).

    ``given_up``: its host has deleted it again, so that none is made until somebody asks for it.
    """

    profile: int | None
    digest: str = ""
    removed: bool = False
    over: bool = False
    given_up: bool = False


# The steps. Those that call a provider name the meeting; the caller holds that meeting's lane.


@dataclass(frozen=True)
class Intend:
    """Commit a planned meeting for this profile."""

    profile: int


@dataclass(frozen=True)
class Create:
    meeting: int


@dataclass(frozen=True)
class Find:
    """Look for the marker: whether a create of unknown outcome made it, or made it twice."""

    meeting: int


@dataclass(frozen=True)
class Update:
    meeting: int


@dataclass(frozen=True)
class ReadBack:
    meeting: int


@dataclass(frozen=True)
class Delete:
    meeting: int


@dataclass(frozen=True)
class Doom:
    """Mark for removal."""

    meeting: int


@dataclass(frozen=True)
class Bury:
    """Mark as gone without a call: it never was there, nothing can reach it, or its time has passed anyway."""

    meeting: int


@dataclass(frozen=True)
class Rest:
    """Nothing to do now. ``shown`` is the meeting whose link people get; ``again_at`` when to look next, if ever."""

    shown: int | None = None
    again_at: datetime | None = None


Call = Create | Find | Update | ReadBack | Delete
Step = Intend | Call | Doom | Bury | Rest


def plan(wanted: Wanted, meetings: Sequence[Meeting], now: datetime) -> Step:
    """The next step. ``meetings`` are all rows of the conference, oldest first; ``now`` is the database's time."""
    present = [meeting for meeting in meetings if meeting.state != Is.GONE]
    kept = _kept(wanted, present)
    for meeting in present:
        if meeting is not kept and meeting.state != Is.DOOMED:
            return Doom(meeting.key)
    if kept is None and _should_be_made(wanted):
        assert wanted.profile is not None  # noqa: S101 - says so to the type checker
        return Intend(wanted.profile)
    work = ([kept] if kept else []) + [meeting for meeting in present if meeting.state == Is.DOOMED]
    for meeting in work:
        step = _step_for(meeting, wanted)
        if step is not None and _not_before(meeting, step, now) is None:
            return step
    return _rest(work, wanted, now)


def _kept(wanted: Wanted, present: Sequence[Meeting]) -> Meeting | None:
    """The one meeting that stays: of the wanted profile, and rather one that is there than one to be made."""
    if wanted.removed:
        return None
    ours = [meeting for meeting in present if meeting.state != Is.DOOMED and _fits(meeting, wanted)]
    return next((meeting for meeting in ours if meeting.state == Is.LIVE), ours[0] if ours else None)


def _fits(meeting: Meeting, wanted: Wanted) -> bool:
    """Whether it is of the wanted profile. Once the event is over, what was there stays, whoever owns it by then."""
    return meeting.profile == wanted.profile or (wanted.over and meeting.state == Is.LIVE)


def _should_be_made(wanted: Wanted) -> bool:
    return wanted.profile is not None and not (wanted.removed or wanted.over or wanted.given_up)


def _step_for(meeting: Meeting, wanted: Wanted) -> Step | None:
    """What this meeting needs, whether or not it is time for it."""
    if meeting.state == Is.DOOMED:
        return _removal_of(meeting)
    if meeting.state == Is.LIVE:
        return _upkeep_of(meeting, wanted)
    if wanted.over:
        # It was never made in time; what may be there of it is removed.
        return Doom(meeting.key)
    if meeting.state == Is.PLANNED or meeting.create_is_idempotent or not meeting.can_find:
        return Create(meeting.key)
    return Find(meeting.key)


def _removal_of(meeting: Meeting) -> Step:
    never_sent = not meeting.may_exist and not meeting.found
    if never_sent or meeting.over or not meeting.manageable:
        return Bury(meeting.key)
    if meeting.found:
        return Delete(meeting.key)
    return Find(meeting.key) if meeting.can_find else Bury(meeting.key)


def _upkeep_of(meeting: Meeting, wanted: Wanted) -> Step | None:
    if wanted.over or not meeting.manageable:
        return None
    if meeting.missing_since is not None:
        return ReadBack(meeting.key)
    if meeting.second_look and meeting.can_find:
        return Find(meeting.key)
    if meeting.applied_digest != wanted.digest:
        return Update(meeting.key)
    return ReadBack(meeting.key) if meeting.read_back else None


def _not_before(meeting: Meeting, step: Step, now: datetime) -> datetime | None:
    """Until when this step must wait (NEVER: until a person has acted); None when it may be taken."""
    if not isinstance(step, Call):
        return None
    if meeting.blocked:
        return NEVER
    times = [meeting.retry_at] if meeting.retry_at is not None else []
    if isinstance(step, Create | Update) and meeting.changes_from is not None:
        times.append(meeting.changes_from)
    if isinstance(step, Find) and meeting.sent_at is not None:
        # A search any earlier may miss what is there, and a second create would double it.
        times.append(meeting.sent_at + meeting.find_lag)
    if isinstance(step, ReadBack) and meeting.missing_since is not None:
        times.append(meeting.missing_since + CONFIRM_AFTER)
    latest = max(times, default=now)
    return latest if latest > now else None


def _rest(work: Sequence[Meeting], wanted: Wanted, now: datetime) -> Rest:
    waits = []
    for meeting in work:
        step = _step_for(meeting, wanted)
        at = _not_before(meeting, step, now) if step is not None else None
        if at is not None and at != NEVER:
            waits.append(at)
    shown = next((meeting.key for meeting in work if meeting.state == Is.LIVE), None)
    return Rest(shown=shown, again_at=min(waits, default=None))
