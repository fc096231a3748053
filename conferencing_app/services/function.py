"""A new event's conference recorded by a function in the database, on PostgreSQL.

PostgreSQL reads and plans a function's statement once for each connection, but one that comes along with a save each
time, which takes it about as long as executing it. ``migrate`` makes the function. Where there is none, as the role
that migrates may make none, saves get on without it.
"""

from __future__ import annotations

import hashlib
import logging
from functools import cache, partial
from typing import Any, NamedTuple

from django.db import DatabaseError, connections, transaction

from conferencing_app import clock
from conferencing_app.conf import settings
from conferencing_app.models import Conference
from conferencing_app.registration import Snapshot, along
from conferencing_app.services import upsert, wanted

logger = logging.getLogger(__name__)

# What it is told besides the event's key, by attname: these always, in order, and by name what differs from a new row's
# default. All else is a new row's default, or a time. Each value costs, as it has to be written and read.
ALWAYS = ("public_id", "event_model", "owner_id", "summary", "start", "end", "tzid", "digest")
AT_TIMES = tuple(sorted({*Snapshot._fields, "stale", "state", "cause_code"} - {*ALWAYS}))
PREFIX = "conferencing_want_"
TABLE = Conference._meta.db_table


class Function(NamedTuple):
    """Its name, which tells it from those of other versions, the places of what it is always told, and the statement
    that makes it."""

    name: str
    always: str
    made_by: str


@cache
def function(using: str) -> Function:
    """This version's, for the database of this alias."""
    connection: Any = connections[using]
    now = clock.sql_now("postgresql", -clock.offset)
    statement = upsert.Statement(connection.vendor, connection.ops.quote_name)
    key, *places = (f"${number}" for number in range(1, len(ALWAYS) + len(AT_TIMES) + 2))
    told = dict(zip((*ALWAYS, *AT_TIMES), places, strict=True))
    if_shown = f"CASE WHEN {told['cause_code']} <> '' THEN {now} END"
    times = {"due_at": now, "created_at": now, "asked_at": if_shown, "cause_since": if_shown}
    insert = statement.insert_new({"event_key": key, **told, **times})
    # A former event had its key: this one is to be read afresh, even if the process that saves it ends now.
    former = f"event_model = {told['event_model']} AND event_key = {key}"
    stale = f"UPDATE {statement.table} SET stale = TRUE, due_at = {now} WHERE {former}"  # noqa: S608  # with places
    body = f"BEGIN {insert}; IF FOUND THEN RETURN TRUE; END IF; {stale}; RETURN FALSE; END"
    types = {name: str(Conference._meta.get_field(name).db_type(connection)) for name in (*ALWAYS, *AT_TIMES)}
    defaults = {name: upsert.literal(upsert.DEFAULTS[name]) for name in AT_TIMES}
    at_times = [f"{name} {types[name]} DEFAULT {literal}" for name, literal in defaults.items()]
    signature = f"(text, {', '.join([*(types[name] for name in ALWAYS), *at_times])})"
    made = f"{signature} RETURNS boolean LANGUAGE plpgsql AS $${body}$$"
    name = f"{PREFIX}{hashlib.sha256(made.encode()).hexdigest()[:8]}"
    # A column takes a person's key in whatever type it comes, such as a small number as an integer; no function does.
    owner = f"CAST(%s AS {types['owner_id']})"
    always = ", ".join(owner if name == "owner_id" else "%s" for name in ALWAYS)
    return Function(name, always, f"CREATE FUNCTION {name} {made}")


def call(key: str, want: wanted.Want, connection: Any) -> tuple[str, list[Any]]:
    """The call, and its parameters. ``key``: the event's, in SQL."""
    values = {**upsert.DEFAULTS, **wanted.new_values(want)}
    at_times = [name for name in AT_TIMES if values[name] != upsert.DEFAULTS[name]]
    named = "".join(f", {name} => %s" for name in at_times)
    params = [wanted.adapted(name, values[name], connection) for name in (*ALWAYS, *at_times)]
    name, always, _ = function(connection.alias)
    return f"{name}({key}::text, {always}{named})", params


def make(using: str, **_: Any) -> None:
    """Make it where there is none: after each ``migrate``, and after a test has emptied the database. Where the tables
    are gone, so are the functions.

    Whichever alias it is that migrates: a site's own may be that of a role with fewer rights, or of a pooler.
    """
    connection: Any = connections[using]
    if connection.vendor != "postgresql":
        return
    database = along.database(connection)
    along.ready.discard(database)
    try:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [connection.ops.quote_name(TABLE)])
            if not cursor.fetchone()[0]:
                _drop_all(cursor)
            elif _is_there(cursor, using):
                along.ready.add(database)
            else:
                cursor.execute(function(using).made_by)
                # The caller may have a transaction of its own, which may come to nothing.
                transaction.on_commit(partial(along.ready.add, database), using=using)
    except DatabaseError as error:
        logger.warning("The function that makes saves quicker could not be made; they get on without it: %s", error)


def _is_there(cursor: Any, using: str) -> bool:
    """Whether it is there, and may be called."""
    cursor.execute("SELECT has_function_privilege(to_regproc(%s), 'EXECUTE')", [function(using).name])
    return bool(cursor.fetchone()[0])


def _drop_all(cursor: Any) -> None:
    """Those of former versions too: processes of such a version may use theirs as long as there are tables."""
    visible = "SELECT proname FROM pg_proc WHERE starts_with(proname, %s) AND pg_function_is_visible(oid)"
    cursor.execute(visible, [PREFIX])
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP FUNCTION {name}")


def look(connection: Any, **_: Any) -> None:
    """With the first connection of a process: whether there is one.

    Later it would count among the queries of the host's first save. Past Django's cursor, as its wrappers are for what
    the host does.
    """
    database = along.database(connection)
    may_have_it = connection.alias == settings.DATABASE and connection.vendor == "postgresql"
    if database in _looked or not may_have_it or not connection.get_autocommit():
        return
    _looked.add(database)
    with connection.connection.cursor() as cursor:
        if _is_there(cursor, connection.alias):
            along.ready.add(database)


_looked: set[tuple[str, str]] = set()
