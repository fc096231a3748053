"""A new event's INSERT that takes its conference along: what `registration.along` asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import ProgrammingError, connections

from conferencing_app.registration import along, field_for
from conferencing_app.services import function, wanted


def take_along(insert: Callable[[], list[Any]], event: Any, using: str) -> list[Any]:
    """Make a model's ``insert`` of the event so; the rows that it returns."""
    with connections[using].execute_wrapper(partial(_execute, event)):
        [[*returned, is_new]] = insert()
    if is_new:
        along.tell(event)
    # Else a former event had its key: once saved, the event is recorded as any other.
    return [returned]


def _execute(event: Any, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Execute the event's INSERT, which returns last what the function says; what its columns' own ``pre_save`` changed
    is in the event by now."""
    connection = context["connection"]
    table = connection.ops.quote_name(event._meta.db_table)
    if not sql.startswith(f"INSERT INTO {table} "):
        return execute(sql, params, many, context)  # what such a ``pre_save`` looks up
    field: Any = field_for(type(event))
    want = wanted.Want(field.model_label, "", None, field.snapshot_in_memory(event), field.attach, is_new=True)
    key = f"{table}.{connection.ops.quote_name(event._meta.pk.column)}"
    call, more = function.call(key, want, connection)
    try:
        return execute(f"{sql}, {call}", (*params, *more), many, context)
    except ProgrammingError:  # the function may be gone: from the next save on this process gets on without it
        along.ready.discard(along.database(connection))
        raise
