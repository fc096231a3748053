"""What can be told of a call afterwards: when, how long, the answer's status and headers. No body, no address."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from types import TracebackType

REQUEST_ID = re.compile(r"[A-Za-z0-9._:;=,/+-]{1,200}")


class Trace:
    """``with trace:`` around an operation, which may be several calls; those of this thread are seen.

    ``status`` is that of the last answer, None where none came. ``error`` is what the operation raised.
    """

    def __init__(self) -> None:
        self.begun_at: float | None = None  # by this process's own clock, ``time.monotonic``
        self.seconds = 0.0
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.error: BaseException | None = None

    def __enter__(self) -> Trace:
        self.begun_at = time.monotonic()
        _current.trace = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.trace = None
        self.seconds = time.monotonic() - (self.begun_at or 0.0)
        self.error = error


class _Current(threading.local):
    trace: Trace | None = None


_current = _Current()


def note_call() -> None:
    """A call begins: nothing has come back of it."""
    if _current.trace is not None:
        _current.trace.status, _current.trace.headers = None, {}


def note_answer(status: int, headers: Mapping[str, str]) -> None:
    """The head of an answer has come."""
    if _current.trace is not None:
        _current.trace.status, _current.trace.headers = status, headers


def request_id(headers: Mapping[str, str], name: str) -> str:
    """The service's own reference for a call, from the header of this name; empty where it is none."""
    value = headers.get(name, "") if name else ""
    return value if REQUEST_ID.fullmatch(value) else ""
