"""The only time in queries: the database's own, plus an offset that only tests set.

Workers on several machines agree on the database's clock, and on no other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import DateTimeField, Func
from django.utils import timezone

offset = timedelta(0)

# The current time in UTC as each vendor says it, and how a number of seconds is added to it.
# PostgreSQL: the statement's time, as a condition on CLOCK_TIMESTAMP, which changes from row to row, can use no index.
# MariaDB and MySQL: UTC_TIMESTAMP, since CURRENT_TIMESTAMP follows the session's zone, which Django leaves alone.
_NOW = {
    "postgresql": "(STATEMENT_TIMESTAMP() + INTERVAL '{seconds} s')",
    "sqlite": "STRFTIME('%Y-%m-%d %H:%M:%f000', 'NOW', '{seconds} seconds')",
    "mysql": "(UTC_TIMESTAMP(6) + INTERVAL {seconds} SECOND)",
}


def sql_now(vendor: str, plus: timedelta = timedelta(0)) -> str:
    """SQL for the time in ``plus`` from now, for statements written by hand; has no parameters."""
    return _NOW[vendor].format(seconds=f"{(offset + plus).total_seconds():+.6f}")


class Now(Func):
    """The database's clock as an expression, optionally some time ahead (or back)."""

    output_field = DateTimeField()

    def __init__(self, plus: timedelta = timedelta(0)) -> None:
        super().__init__()
        self.plus = plus

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        # % must be doubled, as Django passes statements with parameters through the driver's own formatting.
        return sql_now(connection.vendor, self.plus).replace("%", "%%"), []


def now(plus: timedelta = timedelta(0)) -> Now:
    """The database's time, for use in queries."""
    return Now(plus)


def read(using: str) -> datetime:
    """The database's time, as an aware datetime in UTC; one query."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql_now(connection.vendor)}")
        (value,) = cursor.fetchone()
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Reading(NamedTuple):
    """The database's time, and this process's own clock (``time.monotonic``, in seconds) just before it was asked for.

    Made before the database is asked, and not when the reading is used: work in between would tell in each time.
    """

    now: datetime
    monotonic: float

    def at(self, monotonic: float) -> datetime:
        """The database's time when this process's own clock was at ``monotonic``."""
        return self.now - timedelta(seconds=self.monotonic - monotonic)


def reading(using: str) -> Reading:
    """The database's time beside this process's own; one query."""
    monotonic = time.monotonic()
    return Reading(read(using), monotonic)


def about_now() -> datetime:
    """This machine's own time: enough for what is only shown, where asking the database would cost a query."""
    return timezone.now() + offset


@contextmanager
def travel(delta: timedelta) -> Iterator[None]:
    """Tests only: let the app live ``delta`` ahead (of where it already is) inside the block."""
    global offset
    before = offset
    offset = before + delta
    try:
        yield
    finally:
        offset = before
