"""Checks of the database that the app's tables are in. They read settings, and ask the database nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router

from conferencing_app.conf import settings
from conferencing_app.doctor import lines
from conferencing_app.models import Conference

READ_COMMITTED = "read committed"


def check_database() -> Iterator[CheckMessage]:
    if settings.DATABASE not in connections:
        yield Error(
            f"CONFERENCING_DATABASE is {settings.DATABASE!r}, which is not in DATABASES.",
            hint='CONFERENCING_DATABASE = "default"',
            id="conferencing.E009",
        )
        return
    yield from _routes()
    connection: Any = connections[settings.DATABASE]
    yield from _time_zone(connection)
    yield from _transactions(connection)


def _routes() -> Iterator[CheckMessage]:
    for whose, model in (("the app's tables are", Conference), ("users are", get_user_model())):
        alias = router.db_for_write(model)
        if alias != settings.DATABASE:
            yield Error(
                f"CONFERENCING_DATABASE is {settings.DATABASE!r}, but {whose} in {alias!r} by DATABASE_ROUTERS.",
                hint=f"CONFERENCING_DATABASE = {router.db_for_write(get_user_model())!r}  # where users are; a router "
                'must send every model with _meta.app_label == "conferencing_app" there',
                id="conferencing.E015",
            )


def _time_zone(connection: Any) -> Iterator[CheckMessage]:
    """Where times are stored without a zone, the database's clock and Django's must mean the same one."""
    if connection.settings_dict.get("TIME_ZONE") not in (None, "UTC") and not connection.features.supports_timezones:
        yield Error(
            f"DATABASES[{settings.DATABASE!r}] has a TIME_ZONE: times would be stored in local time, which comes twice "
            "when clocks go back.",
            hint=f'Take "TIME_ZONE" out of DATABASES[{settings.DATABASE!r}]; the setting TIME_ZONE may be any.',
            id="conferencing.E017",
        )


def _transactions(connection: Any) -> Iterator[CheckMessage]:
    options = connection.settings_dict.get("OPTIONS", {})
    if connection.vendor == "sqlite":
        yield from _sqlite(options)
    elif _isolation(connection.vendor, options) != READ_COMMITTED:
        yield Warning(
            "Transactions are isolated more strictly than READ COMMITTED: a save may fail because a worker is at the "
            "same rows, and CONFERENCING_PROVIDER_CONCURRENCY may be exceeded.",
            hint=f'Take "isolation_level" out of the OPTIONS of DATABASES[{settings.DATABASE!r}], as Django has it.',
            id="conferencing.W006",
        )


def _isolation(vendor: str, options: dict[str, Any]) -> str:
    """The level in words. Absent it is READ COMMITTED; None is the server's own."""
    level = options.get("isolation_level", READ_COMMITTED)
    if level is None:  # MariaDB's and MySQL's own is a stricter one
        return "repeatable read" if vendor == "mysql" else READ_COMMITTED
    return str(getattr(level, "name", level)).replace("_", " ").lower()  # psycopg has an enumeration


def _sqlite(options: dict[str, Any]) -> Iterator[CheckMessage]:
    immediate = str(options.get("transaction_mode", "")).upper() in ("IMMEDIATE", "EXCLUSIVE")
    wal = "JOURNAL_MODE=WAL" in str(options.get("init_command", "")).upper().replace(" ", "")
    if not (immediate and wal):
        yield Warning(
            "SQLite is not set to IMMEDIATE transactions and WAL: with a worker beside the site, saves would fail "
            'with "database is locked".',
            hint=f"In DATABASES[{settings.DATABASE!r}]: {lines.WAL}",
            id="conferencing.W002",
        )
