"""A new event's INSERT that takes its conference along: what `registration.along` asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.db import ProgrammingError, connections

from conferencing_app.registration import along, field_for
from conferencing_app.services import function, wanted


def take_along(original: Callable[..., Any]) -> Callable[..., Any]:
    """Around a model's ``_do_insert``."""

    @wraps(original)
    def _do_insert(self: Any, manager: Any, using: str, *args: Any, **kwargs: Any) -> Any:
        if not along.is_asked(self):
            return original(self, manager, using, *args, **kwargs)
        with connections[using].execute_wrapper(partial(_execute, self)):
            [[*returned, is_new]] = original(self, manager, using, *args, **kwargs)
        if is_new:
            along.tell(self)
        # Else a former event had its key: once saved, the event is recorded as any other.
        return [returned]

    return _do_insert


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
