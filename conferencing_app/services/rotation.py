"""Sealing anew, with the newest key, all that older keys have sealed: while the site and its workers run.

Each batch is a transaction of its own, so that it may be stopped and repeated at any time. A row that a worker holds
is left alone, since the worker may write back what it has read; so is one that has changed since it was looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Count
from django.db.models.functions import Substr

from conferencing_app import crypto
from conferencing_app.conf import settings
from conferencing_app.exceptions import KeyUnavailable
from conferencing_app.fields import Sealed
from conferencing_app.models import Conference, Endpoint, Grant, LinkAttempt, Mail, Meeting

# An envelope begins with its version and the id of its key.
PREFIX_LENGTH = len(f"{crypto.VERSION}.") + crypto.KEY_ID_LENGTH


@dataclass(frozen=True)
class Column:
    """A sealed column. ``guard`` is the row that a worker holds while it works on it: its model, and the key to it."""

    model: type[models.Model]
    name: str
    guard: type[models.Model]
    guard_key: str = "pk"

    def __str__(self) -> str:
        return f"{self.model._meta.object_name}.{self.name}"


COLUMNS = (
    Column(Grant, "access_token", Grant),
    Column(Grant, "refresh_token", Grant),
    Column(LinkAttempt, "code_verifier", LinkAttempt),
    Column(Endpoint, "secret", Endpoint),
    Column(Endpoint, "former_secret", Endpoint),
    Column(Mail, "secrets", Mail),
    Column(Meeting, "host_url", Conference, "conference_id"),
)


@dataclass
class Resealed:
    """How many values of a column were sealed anew, were in use, or can't be opened as their key is missing."""

    done: int = 0
    busy: int = 0
    locked: int = 0

    def __add__(self, other: Resealed) -> Resealed:
        return Resealed(self.done + other.done, self.busy + other.busy, self.locked + other.locked)


def count_by_key() -> dict[str, int]:
    """How many stored values each key has sealed, by the key's id: those that are configured and any other."""
    counts: Counter[str] = Counter(dict.fromkeys(crypto.key_ids(), 0))
    for column in COLUMNS:
        sealed = (
            _rows(column).order_by().annotate(by=Substr(column.name, 1, PREFIX_LENGTH, output_field=models.CharField()))
        )
        for prefix, count in sealed.values_list("by").annotate(count=Count("pk")):
            counts[prefix.rpartition(".")[2]] += count
    return dict(counts)


def missing_keys() -> dict[str, int]:
    """How many stored values need a key that is not configured, by the key's id. Raises KeyUnavailable."""
    known = set(crypto.key_ids())
    return {key: count for key, count in count_by_key().items() if key not in known}


def reseal(column: Column, batch_size: int) -> Generator[Resealed, None, None]:
    """Seal the column's values anew, by primary key; gives what came of each batch. Raises KeyUnavailable."""
    newest = f"{crypto.VERSION}.{crypto.key_ids()[0]}."
    older = _rows(column).exclude(**{f"{column.name}__startswith": newest}).order_by("pk")
    last: Any = None
    while rows := list(older.filter(pk__gt=last)[:batch_size] if last is not None else older[:batch_size]):
        last = rows[-1].pk
        yield _reseal_batch(column, rows)


def _reseal_batch(column: Column, rows: list[Any]) -> Resealed:
    result = Resealed()
    with transaction.atomic(using=settings.DATABASE):
        at_rest = _held_still(column, rows)
        for row in rows:
            if getattr(row, column.guard_key) in at_rest:
                result += _reseal_one(column, row)
            else:
                result.busy += 1
    return result


def _held_still(column: Column, rows: list[Any]) -> set[Any]:
    """The keys of the guards that no worker holds, and none gets until this transaction ends."""
    keys = {getattr(row, column.guard_key) for row in rows}
    guards: Any = column.guard._base_manager.using(settings.DATABASE)
    if hasattr(column.guard, "lease_until"):
        guards = column.guard.objects.using(settings.DATABASE).free()  # type: ignore[attr-defined]  # of Leased
    return set(guards.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk", flat=True))


def _reseal_one(column: Column, row: Any) -> Resealed:
    before: Sealed = getattr(row, column.name)
    place = row.place(column.name)
    try:
        after = Sealed.seal(before.open(place), place)
    except KeyUnavailable:
        return Resealed(locked=1)
    unchanged = _rows(column).filter(pk=row.pk, **{column.name: before})
    done = unchanged.update(**{column.name: after})
    return Resealed(done=done, busy=1 - done)


def _rows(column: Column) -> Any:
    rows = column.model._base_manager.using(settings.DATABASE).exclude(**{column.name: Sealed("")})
    return rows.select_related("profile") if column.model is Grant else rows
