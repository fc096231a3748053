"""A new event's INSERT that takes its conference along: what `registration.along` asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.db import NotSupportedError, connections

from conferencing_app.registration import along, field_for
from conferencing_app.services import upsert, wanted


def take_along(original: Callable[..., Any]) -> Callable[..., Any]:
    """Around a model's ``_do_insert``."""

    @wraps(original)
    def _do_insert(self: Any, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool) -> Any:
        if not along.is_asked(self):
            return original(self, manager, using, fields, returning_fields, raw)
        returned = [field.column for field in returning_fields]
        with connections[using].execute_wrapper(partial(_execute, self, returned)):
            [[*values, is_new]] = original(self, manager, using, fields, returning_fields, raw)
        if is_new:
            along.tell(self)
        # Else a former event had its key: once saved, the event is recorded as any other.
        return [values]

    return _do_insert


def _execute(event: Any, returned: list[str], execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Execute the event's INSERT, ours with it; what its columns' own ``pre_save`` changed is in the event by now."""
    connection = context["connection"]
    if not sql.startswith(f"INSERT INTO {connection.ops.quote_name(event._meta.db_table)} "):
        return execute(sql, params, many, context)  # what such a ``pre_save`` looks up
    field: Any = field_for(type(event))
    want = wanted.Want(field.model_label, "", None, field.snapshot_in_memory(event), field.attach, is_new=True)
    key = event._meta.pk.column
    ours, more = wanted.prepare(want, connection, along=key)
    try:
        return execute(upsert.joined(sql, ours, connection, key, returned), (*params, *more), many, context)
    except NotSupportedError:
        along.refuse(event)
        raise
