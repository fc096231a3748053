"""When to try again: a schedule as data, jitter, and no end.

Delays live in ``due_at``; a broker's own delays lose or double work.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from conferencing_app.causes import Retry


@dataclass(frozen=True)
class Schedule:
    """Waits grow from ``first`` by ``factor`` up to ``cap``, all in seconds, each give or take ``JITTER``."""

    first: float
    factor: float
    cap: float


SCHEDULES: dict[Retry, Schedule | None] = {
    Retry.TRANSIENT: Schedule(first=4.0, factor=2.0, cap=3600.0),
    # A person must act, and wakes the row when they do; the probe only finds what was cured elsewhere.
    Retry.PERSON: Schedule(first=900.0, factor=2.0, cap=6 * 3600.0),
    Retry.EVENT: None,
}

# A fifth up or down keeps a shower of failures apart. Drawing from zero upwards would halve the mean wait, and so
# double the calls of a long outage.
JITTER = 0.2

# Within this time of an event's start, before and after, waits are no longer than NEAR_CAP; both in seconds.
NEAR = 3600.0
NEAR_CAP = 300.0


def next_try(
    retry: Retry,
    attempts: int,
    now: datetime,
    *,
    not_before: datetime | None = None,
    start: datetime | None = None,
    draw: float | None = None,
) -> datetime | None:
    """When to try again after ``attempts`` failures in a row (1 or more); None: not before something changes.

    ``not_before`` is what the provider asked for, and is always kept. ``start`` is when the event begins. ``draw``
    is a number in [0, 1) in place of a random one.
    """
    schedule = SCHEDULES[retry]
    if schedule is None:
        return None
    # The exponent is bounded so that a row that has failed for years does not overflow a float.
    wait = min(schedule.cap, schedule.first * schedule.factor ** min(attempts - 1, 60))
    at = jittered(now, wait, draw)
    if start is not None and now <= start + timedelta(seconds=NEAR):
        # Nor does a long wait reach over the time in which they are short.
        near_from = start - timedelta(seconds=NEAR)
        at = min(at, max(near_from, jittered(now, min(wait, NEAR_CAP), draw)))
    return max(at, not_before) if not_before is not None else at


def jittered(now: datetime, wait: float, draw: float | None = None) -> datetime:
    """``wait`` seconds from now, give or take ``JITTER``. ``draw`` is a number in [0, 1) in place of a random one."""
    return now + spread(wait, draw)


def spread(wait: float, draw: float | None = None) -> timedelta:
    """``wait`` seconds, give or take ``JITTER``."""
    jitter = random.random() if draw is None else draw  # noqa: S311 - spreads load, guards nothing
    return timedelta(seconds=wait * (1.0 - JITTER + 2 * JITTER * jitter))
