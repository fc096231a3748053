"""What a call's outcome changes in our rows. Runs in the transaction that holds the conference's row."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from conferencing_app import causes
from conferencing_app.engine import retry
from conferencing_app.exceptions import (
    AccessTokenExpired,
    Gone,
    KeyUnavailable,
    ProviderError,
    Relink,
    Unavailable,
)
from conferencing_app.fields import Sealed
from conferencing_app.models import ConferencingProfile, Grant, Meeting
from conferencing_app.providers.types import MeetingDetails
from conferencing_app.provisioning import plan
from conferencing_app.provisioning.calls import LeaseOver, Order
from conferencing_app.provisioning.scene import Scene
from conferencing_app.services import grants, waking

logger = logging.getLogger(__name__)

Is = Meeting.State

# A provider that asks for more than this is taken to be mistaken.
LONGEST_PAUSE = timedelta(days=7)


def record(scene: Scene, order: Order, outcome: Any) -> None:
    """Take over what the call for this order brought: an answer or an exception."""
    meeting = next((meeting for meeting in scene.meetings if meeting.pk == order.step.meeting), None)
    if meeting is None:
        return  # Buried meanwhile, with the account that it was in.
    if isinstance(outcome, LeaseOver):
        return  # Nothing was sent; a create counts as sent all the same, and is looked for.
    if isinstance(outcome, Gone):
        meeting.cause_code, meeting.retry_at = "", None
        _missing(scene, meeting, order)
    elif isinstance(outcome, Exception):
        record_failure(scene, meeting, outcome, order)
    else:
        meeting.cause_code, meeting.retry_at = "", None
        _ANSWERS[type(order.step)](scene, meeting, order, outcome)
    scene.changed.add(meeting.pk)


def record_failure(scene: Scene, meeting: Meeting, error: Exception, order: Order | None = None) -> None:
    """It did not work: keep why with the meeting, and when to try again. ``order`` None: its refresh did not work."""
    if order is not None and isinstance(order.step, plan.Create):
        _after_failed_create(meeting, error)
    if isinstance(error, Relink) and _is_history(scene, meeting):
        return  # The person has linked again meanwhile: the next round goes on with what is stored now.
    if isinstance(error, AccessTokenExpired) and not scene.job.notes.get("token_renewed"):
        # The token has been marked; the next round refreshes it. A second time in a row counts as an outage.
        scene.job.notes["token_renewed"] = True
        return
    scene.failed = True
    if isinstance(error, Relink):
        _lost_grant(scene, meeting, error)
    cause = cause_of(error)
    _pause(scene, meeting, error, cause)
    meeting.cause_code = cause
    meeting.retry_at = retry.next_try(
        causes.get(cause).retry,
        scene.conference.attempts + 1,
        scene.now,
        not_before=asked_pause(error, scene.now),
        start=scene.conference.start,
    )
    scene.changed.add(meeting.pk)


def cause_of(error: Exception) -> str:
    """The cause's code for what a call raised.

    Of what the contract does not allow, the place where it happened is logged, without the values that it was about.
    """
    cause = causes.of(error)
    if cause == "internal":
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[-4:])
        logger.error("A provider raised %s:\n%s", type(error).__name__, "".join(frames))
    return cause


def _after_failed_create(meeting: Meeting, error: Exception) -> None:
    unknown = error.outcome_unknown if isinstance(error, ProviderError) else not isinstance(error, KeyUnavailable)
    if not unknown and meeting.state == Is.SENT:
        meeting.state = Is.PLANNED
        if not meeting.second_look:
            meeting.sent_at = None


def _is_history(scene: Scene, meeting: Meeting) -> bool:
    """Whether a verdict is about a grant, or a token of it, that has been replaced since the call was begun."""
    grant, notes = scene.grant(meeting.profile_id), scene.job.notes
    if grant is None:
        return False
    if notes.get("ticket") is not None:
        return bool(grant.refresh_token != notes["ticket"].stored)
    return "stored" in notes and bool(grant.access_token != notes["stored"])


def _lost_grant(scene: Scene, meeting: Meeting, error: Relink) -> None:
    """The provider's own verdict that the grant is no longer good, or not good enough."""
    profile = scene.profiles[meeting.profile_id]
    if profile.state == ConferencingProfile.State.LEAVING:
        # Nobody will link it again: what can't be reached any more is let go of.
        Grant.objects.filter(profile=profile).delete()
        profile._state.fields_cache["grant"] = None
        waking.wake_bound(profile)
    else:
        grants.disconnect(profile.pk, error.cause)
        profile.state = ConferencingProfile.State.DISCONNECTED


def _pause(scene: Scene, meeting: Meeting, error: Exception, cause: str) -> None:
    until = asked_pause(error, scene.now)
    if cause == "daily_cap" and scene.budget.exhaust(meeting.profile_id, until):
        return
    if until is not None:
        profile = scene.profiles[meeting.profile_id]
        profile.paused_until, profile.pause_cause = until, cause
        profile.save(update_fields=["paused_until", "pause_cause"])


def asked_pause(error: Any, now: datetime) -> datetime | None:
    """Until when the provider asks not to be called; None where this is no such error."""
    if not isinstance(error, Unavailable):
        return None
    at = error.retry_at
    if at is None and error.retry_after is not None:
        at = now + timedelta(seconds=error.retry_after)
    return min(at, now + LONGEST_PAUSE) if at is not None else None


def _created(scene: Scene, meeting: Meeting, order: Order, details: MeetingDetails) -> None:
    _take_over(scene, meeting, details)
    meeting.applied_digest = order.digest
    _apply_time(scene, meeting, order)
    meeting.live_at = scene.now
    if meeting.state == Is.SENT:  # and not doomed meanwhile
        meeting.state = Is.LIVE


def _apply_time(scene: Scene, meeting: Meeting, order: Order) -> None:
    """The provider has made it, or changed it, for this time."""
    scene.budget.spend(meeting.profile_id)
    if order.spec is not None:
        meeting.starts_at, meeting.ends_at = order.spec.start, order.spec.end


def _found(scene: Scene, meeting: Meeting, order: Order, matches: tuple[MeetingDetails, ...]) -> None:
    matches = _unclaimed(scene, meeting, matches)
    # The one that the row stands for; with none yet, the oldest.
    ours = next((match for match in matches if meeting.meeting_id in ("", match.meeting_id)), None)
    for extra in matches:
        if extra is not ours:
            _adopt_to_remove(scene, meeting, extra.meeting_id)
            scene.budget.spend(meeting.profile_id)
    meeting.second_look = False
    if meeting.meeting_id:
        return
    if ours is not None:
        # Which state of the event it was made for is not known: an empty digest has it brought up to date.
        _take_over(scene, meeting, ours)
        scene.budget.spend(meeting.profile_id)
        meeting.live_at = scene.now
        if meeting.state == Is.SENT:
            meeting.state = Is.LIVE
    elif meeting.state == Is.DOOMED:
        _gone(scene, meeting)
    else:
        # It never arrived. Should it do so late, a second look after the next create finds both.
        meeting.state, meeting.second_look = Is.PLANNED, True


def _unclaimed(scene: Scene, meeting: Meeting, matches: tuple[MeetingDetails, ...]) -> tuple[MeetingDetails, ...]:
    """Those that no other row stands for: such a one is being removed, or is gone and the list does not know yet."""
    if not matches:
        return ()
    others = Meeting.objects.filter(conference=scene.conference).exclude(pk=meeting.pk)
    claimed = set(others.values_list("meeting_id", flat=True))
    return tuple(match for match in matches if match.meeting_id not in claimed)


def _updated(scene: Scene, meeting: Meeting, order: Order, _: None) -> None:
    # Another digest than before the call: a late update of somebody else came in between, so neither is sure.
    meeting.applied_digest = order.digest if meeting.applied_digest == order.applied_digest else ""
    _apply_time(scene, meeting, order)
    meeting.read_back = True


def _read_back(scene: Scene, meeting: Meeting, order: Order, details: MeetingDetails) -> None:
    _take_over(scene, meeting, details)
    if order.version == scene.conference.version:
        # Else it may have been read before that happened which was heard of meanwhile.
        meeting.read_back, meeting.missing_since = False, None


def _missing(scene: Scene, meeting: Meeting, order: Order) -> None:
    """The provider says that it is gone. Where people have its link, only the second time counts."""
    if meeting.state == Is.LIVE:
        if meeting.missing_since is None:
            meeting.missing_since = scene.now
        if scene.now < meeting.missing_since + plan.CONFIRM_AFTER:
            return
        scene.conference.host_deletions += 1
    _deleted(scene, meeting, order, None)


def _deleted(scene: Scene, meeting: Meeting, order: Order, _: None) -> None:
    if meeting.second_look:
        # Its create was repeated: another row stands for the other that there may be, and looks for it.
        meeting.second_look = False
        _adopt_to_remove(scene, meeting, "")
    _gone(scene, meeting)


def _gone(scene: Scene, meeting: Meeting) -> None:
    meeting.state, meeting.gone_at = Is.GONE, scene.now
    meeting.cause_code, meeting.retry_at, meeting.missing_since = "", None, None
    meeting.host_url = Sealed("")


def _adopt_to_remove(scene: Scene, meeting: Meeting, meeting_id: str) -> None:
    """A second meeting with our marker, from a create that was repeated: ours as well, and to be removed.

    ``meeting_id`` is empty where it has yet to be found out whether it is there.
    """
    scene.meetings.append(
        Meeting.objects.create(
            conference=scene.conference,
            profile_id=meeting.profile_id,
            state=Is.DOOMED,
            marker=meeting.marker,
            meeting_id=meeting_id,
            sent_at=meeting.sent_at,
            created_at=scene.now,
        )
    )


def _take_over(scene: Scene, meeting: Meeting, details: MeetingDetails) -> None:
    meeting.meeting_id = details.meeting_id
    meeting.join_url = details.join_url
    meeting.passcode = details.passcode
    meeting.dial_in = [asdict(number) for number in details.dial_in]
    if details.host_url and scene.grant(meeting.profile_id) is not None:  # else nothing of the account is kept
        meeting.host_url = Sealed.seal(details.host_url, meeting.place("host_url"))


_ANSWERS: dict[type[plan.Call], Callable[[Scene, Meeting, Order, Any], None]] = {
    plan.Create: _created,
    plan.Find: _found,
    plan.Update: _updated,
    plan.ReadBack: _read_back,
    plan.Delete: _deleted,
}
