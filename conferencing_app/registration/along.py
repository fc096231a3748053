"""A new event's own INSERT can take its conference along: one statement is atomic by itself and needs no transaction.

BEGIN, a statement of ours and COMMIT are three more messages to the database and back, which together cost a save more
than all the rest that this app does in it. Only PostgreSQL can put two INSERTs into one statement.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, models

from conferencing_app.conf import settings
from conferencing_app.registration import subscriptions
from conferencing_app.registration.arguments import concrete_field

# Where an event says, while it is saved, that its INSERT is to take its conference along, and then that it did.
STATE = "conferencing (along)"
ASKED, TAKEN = "asked", "taken"

# Models whose table can't be written to in this way: one with rules (CREATE RULE), for example.
refused: set[type[models.Model]] = set()


def is_possible(field: Any, event: Any, using: str, how: dict[str, Any]) -> bool:
    """Whether this save is an INSERT of which all is known but the key. ``how``: the arguments of ``save_base``."""
    return (
        event.pk is None
        and event._state.adding
        and not how["force_update"]
        and not how["update_fields"]
        and field.attach is not None
        and field.pending(event) is None
        and subscriptions.pending(field, event) is None
        and connections[using].vendor == "postgresql"
        and using == settings.DATABASE == field.alias
        and event._meta.concrete_model is field.declared_on
        and field.is_plain
        and type(event) not in refused
    )


def is_plain(field: Any) -> bool:
    """Whether the field's events live in one table, which numbers them, and no argument can see that number."""
    meta = field.declared_on._meta
    return (
        not meta.parents
        and isinstance(meta.pk, models.AutoField)
        and all(source is None or _starts_with_column(field.declared_on, source) for source in field.sources.values())
    )


def _starts_with_column(model: Any, source: Any) -> bool:
    column = None if callable(source) else concrete_field(model, source.split(".")[0])
    return column is not None and not column.primary_key


def ask(event: Any) -> None:
    """From here on the event's INSERT is to take its conference along."""
    event._state.fields_cache[STATE] = ASKED


def is_asked(event: Any) -> bool:
    return event._state.fields_cache.get(STATE) == ASKED


def tell(event: Any) -> None:
    """It did."""
    event._state.fields_cache[STATE] = TAKEN


def is_taken(event: Any) -> bool:
    return event._state.fields_cache.get(STATE) == TAKEN


def end(event: Any) -> None:
    """The save is over, however it went."""
    event._state.fields_cache.pop(STATE, None)
