"""What people are shown, once there is nothing more to do for now or a meeting is about to be removed."""

from __future__ import annotations

from typing import Any

from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.provisioning.scene import Scene

State = Conference.State

NO_LINK: dict[str, Any] = {"provider": "", "join_url": "", "passcode": "", "dial_in": []}


def shown(scene: Scene, meeting: int | None) -> dict[str, Any]:
    """The shown columns of the conference. ``meeting``: the one whose link people get, if any."""
    conference, resolved = scene.conference, scene.resolved
    if conference.profile_request == Conference.Request.EXPLICIT and not resolved.cause:
        link = {**NO_LINK, "join_url": conference.explicit_join_url}
        return {**link, "state": State.ASSIGNED, "cause_code": ""}
    if resolved.wanted.removed:
        return {**NO_LINK, "state": State.NOT_MADE, "cause_code": resolved.cause}
    if meeting is not None:
        return _assigned(scene, scene.meeting(meeting))
    if resolved.wanted.over:
        return {**NO_LINK, "state": State.NOT_MADE, "cause_code": "past"}
    cause = resolved.cause or _cause_of_making(scene)
    return {**NO_LINK, "state": State.FAILING if cause else State.PENDING, "cause_code": cause}


def _assigned(scene: Scene, meeting: Meeting) -> dict[str, Any]:
    return {
        "state": State.ASSIGNED,
        "provider": scene.profiles[meeting.profile_id].provider,
        "join_url": meeting.join_url,
        "passcode": meeting.passcode,
        "dial_in": meeting.dial_in,
        "cause_code": _cause_of_standstill(scene, meeting),
        "assigned_at": scene.conference.assigned_at or scene.now,
    }


def _cause_of_standstill(scene: Scene, meeting: Meeting) -> str:
    """Why a meeting that is there can't follow its event, or be looked at once more; empty when nothing is left."""
    resolved = scene.resolved
    if resolved.wanted.over:
        return ""
    if resolved.cause:
        return resolved.cause
    up_to_date = scene.is_up_to_date(meeting)
    if not scene.is_manageable(meeting.profile_id):
        return "" if up_to_date else "profile_missing"
    if up_to_date and not (meeting.second_look or meeting.read_back):
        return ""
    return _cause_of_waiting(scene, meeting)


def _cause_of_making(scene: Scene) -> str:
    """Why the wanted meeting is not there yet; empty while it is simply being made."""
    waiting = [meeting for meeting in scene.meetings if meeting.state in (Meeting.State.PLANNED, Meeting.State.SENT)]
    return next((_cause_of_waiting(scene, meeting) for meeting in waiting), "")


def _cause_of_waiting(scene: Scene, meeting: Meeting) -> str:
    """What its next call waits for."""
    profile = scene.profiles[meeting.profile_id]
    if profile.state == ConferencingProfile.State.DISCONNECTED:
        return meeting.cause_code or profile.cause or "credentials_expired"
    if scene.changes_from(meeting) is not None:
        return "daily_cap"
    return meeting.cause_code or _cause_of_pause(scene, profile)


def _cause_of_pause(scene: Scene, profile: ConferencingProfile) -> str:
    paused = profile.paused_until is not None and profile.paused_until > scene.now
    return profile.pause_cause if paused else ""
