"""The sandbox's own time: the machine's, plus an offset that only the control interface moves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """UTC time that can be moved forward, never back."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def timestamp(self) -> float:
        """Seconds since the epoch, as the sandbox sees it."""
        return time.time() + self.offset_seconds

    def now(self) -> datetime:
        """The sandbox's time in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the time forward by `seconds`; raises ValueError when negative."""
        if seconds < 0:
            raise ValueError("advance_seconds must not be negative: the sandbox's clock only goes forward.")
        self.offset_seconds += seconds

    def advance_to_next_utc_midnight(self) -> None:
        """Move to the first second of the next UTC day, when daily limits start afresh."""
        now = self.now()
        self.advance((next_utc_midnight(now) - now).total_seconds())


def next_utc_midnight(moment: datetime) -> datetime:
    """The start of the UTC day after `moment`."""
    return (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def iso(moment: datetime) -> str:
    """`2030-01-31T09:00:00Z`: the form in which Zoom writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_precise(timestamp: float) -> str:
    """The same with microseconds, for the sandbox's own records."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
