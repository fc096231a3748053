"""Lanes: rows that stand for something that takes one call at a time, and gates that cap how many run side by side.

A lane is any leased model with a column that names its gate. How many lanes of a gate are held at any moment is how
many calls are under way there, over all processes and machines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db import connections
from django.db.models import Count

from conferencing_app import clock
from conferencing_app.engine import claim
from conferencing_app.models.work import Gate, Leased


def take(
    model: type[Leased], ids: Collection[int], *, gate: str, cap: int, seconds: float, using: str
) -> dict[int, int]:
    """Hold those of these lanes that are free and for which their gate has room: {primary key: fence}.

    Call in a transaction. The gates' rows stay locked until it ends, so that two claims never share one free place.
    """
    if not ids:
        return {}
    these = model._default_manager.using(using).free().filter(pk__in=ids).only("fence", gate)
    free = claim.lock(these.order_by("pk"), len(ids))
    by_gate = defaultdict(list)
    for lane in free:
        by_gate[getattr(lane, gate)].append(lane)
    _lock_gates(sorted(by_gate), using)
    held = _held(model, gate, using)
    chosen = [lane for name, lanes in by_gate.items() for lane in lanes[: max(0, cap - held.get(name, 0))]]
    return {lane.pk: lane.fence for lane in claim.lease(chosen, seconds, using)}


def full(model: type[Leased], *, gate: str, cap: int, using: str) -> list[str]:
    """The gates that have no room at the moment. What waits behind them should not be claimed, nor stand in the way."""
    return [name for name, count in _held(model, gate, using).items() if count >= cap]


def release(model: type[Leased], held: dict[int, int], using: str) -> None:
    """Let go of these lanes: {primary key: fence}."""
    claim.release(model, held.items(), using)


def _held(model: type[Leased], gate: str, using: str) -> dict[str, int]:
    rows = model._default_manager.using(using).filter(lease_until__gt=clock.now())
    return dict(rows.order_by().values_list(gate).annotate(Count("pk")))


def _lock_gates(names: list[str], using: str) -> None:
    # Where rows can't be locked, the transaction itself is the only writer.
    if not names or not connections[using].features.has_select_for_update:
        return
    gates = Gate.objects.using(using)
    these = gates.filter(name__in=names).order_by("name").select_for_update()
    if len(these) < len(names):
        gates.bulk_create([Gate(name=name) for name in names], ignore_conflicts=True)
        list(these.all())
