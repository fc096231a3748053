"""Writing many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import Field, Model


def rewrite(rows: Sequence[Model], columns: Sequence[str], using: str) -> None:
    """Write these columns of rows that exist and that the transaction has locked, in one statement.

    ``bulk_update`` builds a CASE of every value, which costs many times as much.
    """
    if not rows:
        return
    if connections[using].vendor == "postgresql":
        _update_from_arrays(rows, columns, using)
    else:
        _upsert(rows, columns, using)


def _upsert(rows: Sequence[Model], columns: Sequence[str], using: str) -> None:
    """One that never inserts. Sends every column, but is worded by Django for each database."""
    unique = ["pk"] if connections[using].features.supports_update_conflicts_with_target else None
    type(rows[0])._default_manager.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=unique, update_fields=columns
    )


def _update_from_arrays(rows: Sequence[Model], columns: Sequence[str], using: str) -> None:
    """An array for each column: a parameter for each value costs client and server the most of all."""
    connection, meta = connections[using], rows[0]._meta
    key: Any = meta.pk
    fields: list[Any] = [key, *(meta.get_field(name) for name in columns)]
    name = connection.ops.quote_name
    arrays = ", ".join(f"%s::{_array_type(field, connection)}" for field in fields)
    sets = ", ".join(f"{name(field.column)} = new.{name(field.column)}" for field in fields[1:])
    names = ", ".join(name(field.column) for field in fields)
    table = name(meta.db_table)
    statement = (
        f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS new ({names})"  # noqa: S608  # our own names, quoted
        f" WHERE {table}.{name(key.column)} = new.{name(key.column)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(rows, field, connection) for field in fields])


def _array_type(field: Any, connection: Any) -> str:
    """Without a length: a cast to one cuts what is too long and says nothing."""
    own = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return f"{own.partition('(')[0]}[]"


def _values(rows: Sequence[Model], field: Field, connection: Any) -> list[Any]:
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
