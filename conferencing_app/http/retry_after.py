"""When a service says to come back: seconds, an HTTP date, or the ISO 8601 time that Zoom sends on daily limits."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

LONGEST_SECONDS = 7 * 86400.0


class ComeBack(NamedTuple):
    """After so many seconds, or at this time (aware, in UTC); both None when nothing usable was said."""

    seconds: float | None = None
    at: datetime | None = None


def parse(value: str) -> ComeBack:
    """Read a ``Retry-After`` header (RFC 9110 10.2.3, and ISO 8601)."""
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return ComeBack(seconds=min(float(text), LONGEST_SECONDS))
    return ComeBack(at=_moment(text))


def _moment(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
