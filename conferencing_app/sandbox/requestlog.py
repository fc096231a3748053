"""What was asked of the sandbox: an entry at arrival, completed when the answer is sent (or cut off)."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from .clock import iso_precise

MAXIMUM_ENTRIES = 500_000


@dataclass(slots=True)
class LogEntry:
    """One request. `status` stays None while it is under way, and when the connection was cut unanswered."""

    sequence: int
    started: float
    provider: str
    operation: str
    method: str
    path: str
    request_id: str
    account: str | None = None
    meeting_id: int | None = None
    token: str | None = None
    fault: str | None = None
    status: int | None = None
    finished: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON; times are the sandbox's, in UTC."""
        return {
            "sequence": self.sequence,
            "at": iso_precise(self.started),
            "finished_at": iso_precise(self.finished) if self.finished else None,
            "provider": self.provider,
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "account": self.account,
            "meeting_id": self.meeting_id,
            "request_id": self.request_id,
            "token": self.token,
            "fault": self.fault,
        }


class RequestLog:
    """Entries in order of arrival (the newest half million), and how many were under way at once."""

    def __init__(self) -> None:
        self.entries: deque[LogEntry] = deque(maxlen=MAXIMUM_ENTRIES)
        self.sequence = 0
        self.in_flight = 0
        self.peak_in_flight = 0
        self.account_in_flight: Counter[str] = Counter()
        self.account_peak: Counter[str] = Counter()

    def open(self, entry: LogEntry) -> None:
        """Record an arrival, in the order in which the sandbox serves it."""
        self.entries.append(entry)
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        if entry.account:
            under_way = self.account_in_flight[entry.account] + 1
            self.account_in_flight[entry.account] = under_way
            self.account_peak[entry.account] = max(self.account_peak[entry.account], under_way)

    def close(self, entry: LogEntry, status: int | None, finished: float) -> None:
        """Complete an entry; `status` is None when the connection was cut."""
        entry.status = status
        entry.finished = finished
        self.in_flight -= 1
        if entry.account:
            self.account_in_flight[entry.account] -= 1

    def next_sequence(self) -> int:
        """The number of the next request, from 1."""
        self.sequence += 1
        return self.sequence


def fingerprint(secret: str) -> str:
    """Twelve hex digits that tell two tokens apart and reveal neither."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]
