"""Zoom meetings of the person whose token it is (Zoom API reference, Meetings). Zoom has no idempotency device."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from conferencing_app.exceptions import Gone, Refused, Unavailable
from conferencing_app.providers.types import AccessToken, MeetingDetails, MeetingSpec
from conferencing_app.providers.zoom import payload
from conferencing_app.providers.zoom.api import ZoomApi

MEETINGS = "/v2/users/me/meetings"  # user-managed apps must say "me", even for their own user
PAGE_SIZE = 300
MOST_PAGES = 200
START_OF_TIME = datetime.min.replace(tzinfo=UTC)


class ZoomMeetings:
    """Safe to use from many threads at once."""

    def __init__(self, api: ZoomApi) -> None:
        self.api = api

    def create(self, token: AccessToken, spec: MeetingSpec, marker: str) -> MeetingDetails:
        """Make a meeting, and return it as the host's policy made it. Counts to Zoom's 100 changes a day."""
        meeting = self.api.call(token, "POST", MEETINGS, json=payload.for_create(spec, marker))
        return _details(meeting, outcome_unknown=True)

    def find(self, token: AccessToken, marker: str, spec: MeetingSpec | None) -> tuple[MeetingDetails, ...]:
        """Every meeting with the marker, oldest first, each read by its id: lists lack passcode and numbers.

        Zoom's list leaves out meetings that are over for long, and may be some seconds late with new ones.
        """
        found = [item for item in self._listed(token) if payload.carries(marker, item)]
        found.sort(key=lambda item: (payload.moment(item.get("created_at")) or START_OF_TIME, str(item.get("id"))))
        details = (self._read_or_none(token, item) for item in found)
        return tuple(each for each in details if each is not None)

    def update(self, token: AccessToken, meeting_id: str, spec: MeetingSpec, marker: str) -> None:
        """Bring topic, agenda and time to the spec; the link stays. Counts to Zoom's 100 changes a day. Raises Gone."""
        self.api.call(token, "PATCH", _path(meeting_id), json=payload.for_update(spec, marker))

    def read(self, token: AccessToken, meeting_id: str) -> MeetingDetails:
        """The meeting as it is, with a fresh host link. Raises Gone."""
        return _details(self.api.call(token, "GET", _path(meeting_id)), outcome_unknown=False)

    def delete(self, token: AccessToken, meeting_id: str) -> None:
        """Remove it without mailing anyone; one that does not exist (404 code 3001) is success."""
        try:
            self.api.call(token, "DELETE", _path(meeting_id))
        except Gone:
            return

    def _listed(self, token: AccessToken) -> list[dict[str, Any]]:
        params = {"type": "scheduled", "page_size": str(PAGE_SIZE)}
        items: list[dict[str, Any]] = []
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = self.api.call(token, "GET", MEETINGS, params=params)
            meetings = page.get("meetings")
            if not isinstance(meetings, list):
                raise Unavailable("Zoom's list of meetings can't be read.")
            items += [item for item in meetings if isinstance(item, dict)]
            next_page = page.get("next_page_token")
            if not isinstance(next_page, str) or not next_page:
                return items
            if next_page in seen:
                break
            seen.add(next_page)
            params = {**params, "next_page_token": next_page}
        # A list that was not read to its end must not pass for one without the marker.
        raise Unavailable("Zoom's list of meetings does not end.")

    def _read_or_none(self, token: AccessToken, item: dict[str, Any]) -> MeetingDetails | None:
        try:
            return self.read(token, str(item.get("id")))
        except Gone:
            return None


def _path(meeting_id: str) -> str:
    """Raises Refused for what can't be one of Zoom's numbers."""
    if not payload.is_number(meeting_id):
        raise Refused("That is no number of a Zoom meeting.", code="bad_meeting_id")
    return f"/v2/meetings/{meeting_id}"


def _details(meeting: dict[str, Any], *, outcome_unknown: bool) -> MeetingDetails:
    details = payload.to_details(meeting)
    if details is None:
        raise Unavailable("Zoom's answer holds no meeting.", outcome_unknown=outcome_unknown)
    return details
