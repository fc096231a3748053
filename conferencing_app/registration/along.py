"""A new event's own INSERT can take its conference along: one statement is atomic by itself and needs no transaction.

BEGIN, a statement of ours and COMMIT are three more messages to the database and back, which together cost a save more
than all the rest that this app does in it. Only PostgreSQL has functions that write, called in what an INSERT returns.
"""

from __future__ import annotations

from inspect import unwrap
from typing import Any, cast

from django.db import connections, models
from django.db.models.signals import pre_save

from conferencing_app import clock
from conferencing_app.conf import settings
from conferencing_app.registration import subscriptions
from conferencing_app.registration.arguments import concrete_field

# Where an event says, while it is saved, that its INSERT is to take its conference along, and then how that went. A
# copy that a receiver makes of the event meanwhile has it as well, and is not meant: hence the event's id() beside it.
STATE = "conferencing (along)"
ASKED, TAKEN = "asked", "taken"

# The databases, by alias and name, that are known to have the function of `services.function`.
ready: set[tuple[str, str]] = set()


def is_possible(field: Any, event: Any, using: str, how: dict[str, Any]) -> bool:
    """Whether this save is an INSERT of which all is known but the key. ``how``: the arguments of ``save_base``.

    A receiver may still ask for something, or give a key; and what a wrapper of the host's makes of a statement, such
    as several, may fit into no other. A host that commits by itself (``set_autocommit(False)``) needs a block for what
    is to happen after the commit.
    """
    connection = connections[using]
    return (
        event.pk is None
        and event._state.adding
        and not how["force_update"]
        and not how["update_fields"]
        and field.attach is not None
        and field.pending(event) is None
        and subscriptions.pending(field, event) is None
        and connection.vendor == "postgresql"
        and using == settings.DATABASE == field.alias
        and event._meta.concrete_model is field.declared_on
        and field.is_plain
        and database(connection) in ready
        and not clock.offset
        and not connection.execute_wrappers
        and (connection.in_atomic_block or connection.get_autocommit())
        and not pre_save.has_listeners(type(event))
    )


def database(connection: Any) -> tuple[str, str]:
    """Which one it is: tests have one of another name under the same alias."""
    return connection.alias, str(connection.settings_dict["NAME"])


def is_plain(field: Any) -> bool:
    """Whether the field's events live in one table, which numbers them, and no argument can see that number.

    The database must know them by the number that the host does, which a key of another class may show as something
    else.
    """
    model, inserts = field.declared_on, cast(Any, models.Model)._do_insert
    return (
        not model._meta.parents
        and type(model._meta.pk) in (models.AutoField, models.BigAutoField, models.SmallAutoField)
        and unwrap(model._do_insert) is inserts
        and all(source is None or _starts_with_column(model, source) for source in field.sources.values())
    )


def _starts_with_column(model: Any, source: Any) -> bool:
    column = None if callable(source) else concrete_field(model, source.split(".")[0])
    return column is not None and not column.primary_key


def ask(event: Any) -> None:
    """From here on the event's INSERT is to take its conference along."""
    _set(event, ASKED)


def is_asked(event: Any) -> bool:
    return _is(event, ASKED)


def tell(event: Any) -> None:
    """It did."""
    _set(event, TAKEN)


def is_taken(event: Any) -> bool:
    return _is(event, TAKEN)


def end(event: Any) -> None:
    """The save is over, however it went."""
    event._state.fields_cache.pop(STATE, None)


def _set(event: Any, state: str) -> None:
    event._state.fields_cache[STATE] = state, id(event)


def _is(event: Any, state: str) -> bool:
    return bool(event._state.fields_cache.get(STATE) == (state, id(event)))
