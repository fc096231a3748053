"""Transactions that the database gave up so that another could go on: they are run again, and nobody hears of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError

Result = TypeVar("Result")

# By SQLSTATE: a transaction that can't be put in order with others, and a deadlock.
STATES = frozenset({"40001", "40P01"})
# What MariaDB and MySQL number otherwise: a deadlock, and a lock that was waited for too long.
NUMBERS = frozenset({1213, 1205})
TRIES = 5
# Before the n-th repetition, n times this long at most, in seconds.
PAUSE_SECONDS = 0.05


def again(work: Callable[[], Result]) -> Result:
    """What ``work`` returns; it is one transaction, or can be repeated as if it were. Raises what it raises, in the
    end also a conflict."""
    for number in range(1, TRIES):
        try:
            return work()
        except DatabaseError as error:
            if not lost(error):
                raise
        time.sleep(random.uniform(0, number * PAUSE_SECONDS))  # noqa: S311 - lets the other go first, guards nothing
    return work()


def lost(error: DatabaseError) -> bool:
    """Whether it was rolled back in favour of another transaction, and may well succeed now."""
    cause = error.__cause__  # the driver's own; psycopg 2 calls it pgcode
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return state in STATES or any(number in NUMBERS for number in error.args[:1])
