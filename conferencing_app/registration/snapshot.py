"""What an event says, put into the words of a conference."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings
from django.utils.dateparse import parse_datetime

from conferencing_app.registration.arguments import Source, owner_key, value_of

# How long an event without an end lasts.
DEFAULT_DURATION = timedelta(minutes=60)
# Which argument is at fault for each cause that lies in the event itself.
ARGUMENT_OF_CAUSE = {"no_time": "start", "end_before_start": "end", "unknown_time_zone": "tzid"}
# What the columns hold, in characters.
TZID_LENGTH, CALENDAR_LENGTH, LOCALE_LENGTH = 64, 64, 16


class Snapshot(NamedTuple):
    """The columns of a conference that come from its event. Times are in UTC, to the second."""

    owner_id: Any
    summary: str
    description: str
    location: str
    start: datetime | None
    end: datetime | None
    tzid: str
    locale: str
    calendar: str
    attendees: list[dict[str, str]]
    cancelled: bool
    event_cause: str

    def columns(self) -> dict[str, Any]:
        """Values by column (attname) of the conference."""
        return self._asdict()

    def digest(self) -> str:
        """SHA-256 over everything in here, in hexadecimal: the same event gives the same digest."""
        canonical = json.dumps(self.columns(), sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


def take(event: Any, sources: Mapping[str, Source]) -> Snapshot:
    """The snapshot of an event. Raises NotInMemory, TypeError, and what the host's own functions raise."""
    read = {name: value_of(event, source) for name, source in sources.items() if name != "owner"}
    tzid, zone = _zone(read["tzid"])
    start, end, cause = _times(read["start"], read["end"], zone or _zone(None)[1])
    return Snapshot(
        owner_id=owner_key(event, sources["owner"]),
        summary=_text(read["summary"]),
        description=_text(read["description"]),
        location=_text(read["location"]),
        start=start,
        end=end,
        tzid=tzid,
        locale=_text(read["locale"])[:LOCALE_LENGTH],
        calendar=_text(read["calendar"])[:CALENDAR_LENGTH],
        attendees=[_attendee(person) for person in _people(read["attendees"])],
        cancelled=bool(read["cancelled"]),
        event_cause=cause if zone is not None else "unknown_time_zone",
    )


def _text(value: Any) -> str:
    # PostgreSQL takes no NUL in a text.
    return "" if value is None else str(value).replace("\x00", "")


def _zone(value: Any) -> tuple[str, tzinfo | None]:
    """The zone's name and the zone, None when no such zone is known. An event without one has the site's."""
    tzid = _text(getattr(value, "key", value)) or django_settings.TIME_ZONE
    return tzid[:TZID_LENGTH], _known_zone(tzid)


@lru_cache(maxsize=1024)
def _known_zone(tzid: str) -> tzinfo | None:
    try:
        return ZoneInfo(tzid)
    except (KeyError, ValueError, OSError):  # no such zone; no name of a zone; a folder of zones
        return None


def _times(start: Any, end: Any, zone: tzinfo | None) -> tuple[datetime | None, datetime | None, str]:
    """Start and end in UTC, and the cause where they are no use."""
    starts_at = _moment(start, zone)
    if starts_at is None:
        return None, None, "no_time"
    ends_at = _moment(end, zone)
    if ends_at is not None and ends_at < starts_at:
        return starts_at, ends_at, "end_before_start"
    if ends_at is None or ends_at == starts_at:
        ends_at = _or_none(lambda: starts_at + DEFAULT_DURATION)
    return starts_at, ends_at, ""


def _moment(value: Any, zone: tzinfo | None) -> datetime | None:
    """The time in UTC; None for a date only, and for what is no time at all."""
    if isinstance(value, str):
        value = _or_none(lambda: parse_datetime(value))
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return _or_none(lambda: value.astimezone(UTC).replace(microsecond=0))


def _or_none(compute: Any) -> Any:
    try:
        return compute()
    except (ValueError, OverflowError):  # beyond the calendar
        return None


def _people(value: Any) -> Iterable[Any]:
    if not value:
        return []
    return [value] if isinstance(value, str | Mapping) or not isinstance(value, Iterable) else value


def _attendee(person: Any) -> dict[str, str]:
    """One attendee as the wire has it. Raises TypeError for what has no e-mail address."""
    if isinstance(person, str):
        return {"email": _text(person)}
    if isinstance(person, Mapping):
        email, name = person.get("email"), person.get("display_name")
    else:
        email, name = getattr(person, "email", None), getattr(person, "get_full_name", str)()
    if not isinstance(email, str):
        raise TypeError(
            f"An attendee must be an e-mail address, a mapping with 'email', or an object with .email, "
            f"not {type(person).__name__}."
        )
    told = {"email": _text(email)}
    return {**told, "display_name": _text(name)} if name else told
