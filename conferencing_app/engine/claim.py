"""Taking rows for oneself: a short transaction that leases them, and none while a provider is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from typing import Any, TypeVar, cast

from django.db import connections
from django.db.models import F, Model, Q, QuerySet

from conferencing_app import clock
from conferencing_app.models.work import Leased

AnyRow = TypeVar("AnyRow", bound=Model)
Row = TypeVar("Row", bound=Leased)


def lock(rows: QuerySet[AnyRow], limit: int) -> list[AnyRow]:
    """Up to ``limit`` of these rows, kept from other claims until the transaction ends where the database can do so."""
    if connections[rows.db].features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return list(rows[:limit])


def lease(rows: Collection[Row], seconds: float, using: str) -> list[Row]:
    """Hold these rows for ``seconds``; call in the transaction of :func:`lock`.

    Returns those that are held now, with their new fence. Where rows can't be locked (SQLite) each is taken by
    compare-and-swap on its fence, so that of two that read the same row only one gets it.
    """
    if not rows:
        return []
    model = type(next(iter(rows)))
    values = {"lease_until": clock.now(timedelta(seconds=seconds)), "fence": F("fence") + 1}
    table = model._default_manager.using(using)
    if connections[using].features.has_select_for_update_skip_locked:
        table.filter(pk__in=[row.pk for row in rows]).update(**values)
        held = list(rows)
    else:
        held = [row for row in rows if table.filter(pk=row.pk, fence=row.fence).update(**values)]
    for row in held:
        row.fence += 1
    return held


def release(model: type[Leased], held: Collection[tuple[int, int]], using: str) -> None:
    """Let go of these (primary key, fence) pairs; one that somebody else holds by now is left alone."""
    if not held:
        return
    if connections[using].vendor == "postgresql":
        _release_pairs(model, held, using)
        return
    by_fence = defaultdict(list)
    for pk, fence in held:
        by_fence[fence].append(pk)
    still_ours = Q()
    for fence, keys in by_fence.items():
        still_ours |= Q(pk__in=keys, fence=fence)
    model._default_manager.using(using).filter(still_ours).update(lease_until=None)


def _release_pairs(model: type[Leased], held: Collection[tuple[int, int]], using: str) -> None:
    """With two parameters for all: each lane has a fence of its own, and a condition for each would cost the most."""
    connection, meta = connections[using], cast(Any, model)._meta
    table, key = (connection.ops.quote_name(name) for name in (meta.db_table, meta.pk.column))
    statement = (
        f"UPDATE {table} SET lease_until = NULL FROM unnest(%s::bigint[], %s::bigint[]) AS held (pk, fence)"  # noqa: S608  # our own names, quoted
        f" WHERE {table}.{key} = held.pk AND {table}.fence = held.fence"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(column) for column in zip(*sorted(held), strict=True)])
