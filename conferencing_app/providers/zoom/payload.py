"""Between our terms and Zoom's JSON: pure functions (Zoom API reference, Meetings)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from conferencing_app.providers.text import cleaned, one_line, shortened
from conferencing_app.providers.types import DialIn, MeetingDetails, MeetingSpec
from conferencing_app.providers.zoom.timezones import zoom_zone

TOPIC_LIMIT = 200
AGENDA_LIMIT = 2000
LONGEST_MINUTES = 1440
SCHEDULED = 2
DEFAULT_TOPIC = "Zoom Meeting"  # as Zoom itself calls one without a topic


def for_create(spec: MeetingSpec, marker: str) -> dict[str, Any]:
    """A scheduled meeting of its own.

    ``use_pmi`` must be said, or the host's personal room may be used for every event. Passcode, waiting room and
    joining before the host are the host's own policy: Zoom is only asked for a passcode by that policy.
    """
    return {
        **for_update(spec, marker),
        "type": SCHEDULED,
        "default_password": True,
        "settings": {"use_pmi": False},
    }


def for_update(spec: MeetingSpec, marker: str) -> dict[str, Any]:
    """What follows the event. Zoom ignores a start in the past without a word."""
    return {
        "topic": topic(spec.title),
        "agenda": agenda(spec.description, marker),
        "start_time": f"{spec.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "duration": minutes(spec.start, spec.end),
        "timezone": zoom_zone(spec.tzid),
    }


def topic(title: str) -> str:
    """One line of at most 200 characters, never empty."""
    return shortened(one_line(title), TOPIC_LIMIT) or DEFAULT_TOPIC


def agenda(description: str, marker: str) -> str:
    """The marker's line first, since lists carry the first 250 characters only; at most 2,000 in all."""
    return shortened(f"Ref. {marker}\n\n{cleaned(description).strip()}".rstrip(), AGENDA_LIMIT)


def carries(marker: str, item: dict[str, Any]) -> bool:
    """Whether a meeting's agenda, which may be cut and edited by hand, holds this very marker."""
    text = item.get("agenda")
    pattern = rf"(?<![\w-]){re.escape(marker)}(?![\w-])"
    return isinstance(text, str) and re.search(pattern, text) is not None


def minutes(start: datetime, end: datetime) -> int:
    """The duration in whole minutes, rounded up, as far as Zoom goes: 1 to 1,440."""
    seconds = (end - start).total_seconds()
    return max(1, min(LONGEST_MINUTES, int(-(-seconds // 60))))


def to_details(meeting: dict[str, Any]) -> MeetingDetails | None:
    """A meeting as Zoom reports it; None where number or link is missing. What came back counts, not what was asked."""
    meeting_id, join_url = str(meeting.get("id") or ""), _text(meeting, "join_url")
    if not is_number(meeting_id) or not join_url:
        return None
    settings = meeting.get("settings")
    numbers = settings.get("global_dial_in_numbers") if isinstance(settings, dict) else None
    return MeetingDetails(
        meeting_id=meeting_id,
        join_url=join_url,
        passcode=_text(meeting, "password"),
        dial_in=tuple(_dial_in(each) for each in numbers if _has_number(each)) if isinstance(numbers, list) else (),
        host_url=_text(meeting, "start_url"),
        start=moment(meeting.get("start_time")),
    )


def is_number(text: str) -> bool:
    """Whether this can be a meeting's number: it may not name another resource by accident."""
    return text.isascii() and text.isdigit()


def moment(value: Any) -> datetime | None:
    """One of Zoom's times, in UTC; None where there is none."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _has_number(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(_text(entry, "number"))


def _dial_in(entry: dict[str, Any]) -> DialIn:
    place = [_text(entry, "city"), _text(entry, "country_name")]
    return DialIn(
        number=_text(entry, "number"),
        country=_text(entry, "country"),
        label=", ".join(filter(None, place)),
        toll_free=entry.get("type") == "tollfree",
    )


def _text(data: dict[str, Any], key: str) -> str:
    """Without what no database takes in a text."""
    value = data.get(key)
    return cleaned(value) if isinstance(value, str) else ""
