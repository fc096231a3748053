"""Named crash points. Inert unless the environment variable ``CONFERENCING_FAILPOINTS`` arms them.

``CONFERENCING_FAILPOINTS="meeting.after_sent=kill;create.after_call=sleep:2"``; actions: ``kill`` (SIGKILL to the own
process), ``stop`` (SIGSTOP), ``raise``, ``sleep:SECONDS``, ``wait:PATH`` (the thread, until that file exists);
``kill:3``, ``stop:3`` and ``raise:3`` act at the third time. ``CONFERENCING_FAILPOINT_LOG`` names a file that gets a
line for each point that was hit while armed, so that a test can assert that it was.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}

NAMES = frozenset(
    {
        "save.before_wanted",  # the event is written, its wanted row is not
        "save.before_commit",
        "save.after_commit",
        "claim.after_commit",
        "meeting.after_planned",
        "meeting.after_sent",
        "create.before_call",
        "create.after_call",  # the provider has answered, nothing is recorded
        "update.before_call",
        "update.after_call",
        "read.before_call",
        "read.after_call",
        "delete.before_call",
        "delete.after_call",
        "find.before_call",
        "find.after_call",
        "reply.before_commit",
        "reply.after_commit",
        "refresh.before_call",
        "refresh.after_call",  # the new pair of tokens is known, not committed
        "refresh.after_commit",
        "revoke.after_call",
        "fanout.before_commit",
        "fanout.after_commit",
        "signal.before_send",
        "signal.after_send",  # the receiver has done its part, nothing is recorded
        "signal.after_commit",
        "webhook.before_send",
        "webhook.after_send",  # the endpoint has answered, nothing is recorded
        "mail.before_send",
        "mail.after_send",  # the mail is on its way, nothing is recorded
    }
)


class FailpointHit(BaseException):
    """Raised by the action ``raise``; no handler of ordinary errors may swallow it."""


def _parse(text: str) -> dict[str, str]:
    armed = dict(part.strip().partition("=")[::2] for part in text.split(";") if part.strip())
    unknown = set(armed) - NAMES
    if unknown:
        raise ValueError(f"CONFERENCING_FAILPOINTS names unknown points: {', '.join(sorted(unknown))}")
    return armed


_armed = _parse(os.environ.get("CONFERENCING_FAILPOINTS", ""))
_times: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Do what is armed for this point; nothing otherwise."""
    if _armed and name in _armed:
        _act(name, _armed[name])


def _act(name: str, action: str) -> None:
    log = os.environ.get("CONFERENCING_FAILPOINT_LOG")
    if log:
        with open(log, "a") as file:
            file.write(f"{name}\n")
            file.flush()
            os.fsync(file.fileno())
    verb, _, argument = action.partition(":")
    _times[name] += 1
    if verb in _SIGNALS:
        if _times[name] == int(argument or 1):
            os.kill(os.getpid(), _SIGNALS[verb])
    elif verb == "raise":
        if _times[name] >= int(argument or 1):
            raise FailpointHit(name)
    elif verb == "sleep":
        time.sleep(float(argument))
    elif verb == "wait":
        while not os.path.exists(argument):
            time.sleep(0.01)
    else:
        raise ValueError(f"CONFERENCING_FAILPOINTS: unknown action {action!r} for {name}")
