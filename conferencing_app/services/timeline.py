"""How it went: events that got their conference, waited for it, or had a call fail, over time and by provider.

Everything is counted from rows that are there anyway, in a fixed number of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from conferencing_app.models import Attempt, Conference

State = Conference.State
WAITING = (State.PENDING, State.FAILING)
# By provider (empty: none yet), one number for each stretch of time.
Series = dict[str, list[int]]


@dataclass(frozen=True)
class Timeline:
    """``edges`` are the moments between which is counted, one more than there are numbers in a series.

    ``made``: events that got their first link. ``waiting``: events without one, at each stretch's end.
    ``failing``: events for which a call failed.
    """

    edges: Sequence[datetime]
    made: Series
    waiting: Series
    failing: Series


@dataclass(frozen=True)
class Waiting:
    """How many events wait at this moment for the same reason (empty: they are being made) at the same provider."""

    state: str
    cause_code: str
    provider: str
    count: int


def timeline(edges: Sequence[datetime]) -> Timeline:
    """What happened between the first of these moments and the last; they rise."""
    made = _made(edges)
    return Timeline(edges, _inside(made), _waiting(edges, made), _inside(_failing(edges)))


def waiting_now() -> list[Waiting]:
    """Everything that waits, the most frequent first."""
    rows = _named(Conference.objects.filter(state__in=WAITING)).values_list("state", "cause_code", "of")
    return [Waiting(*row) for row in rows.annotate(count=Count("pk")).order_by("-count", "cause_code", "of")]


def _made(edges: Sequence[datetime]) -> Series:
    rows = _named(Conference.objects.filter(assigned_at__gte=edges[0]))
    return _series(_counted(rows, "assigned_at", edges, "of"), edges)


def _waiting(edges: Sequence[datetime], made: Series) -> Series:
    """Who was there at the beginning, and then who came less who went; what was settled at once never waited.

    An event goes when it gets its link, or when it is over or cancelled before that.
    """
    never_made = Q(state=State.NOT_MADE, assigned_at=None, cause_since__gte=edges[0])
    given_up = _named(Conference.objects.filter(never_made))
    asked_for = _named(Conference.objects.filter(Q(state__in=WAITING) | Q(assigned_at__gte=edges[0]) | never_made))
    came = _series(_counted(asked_for, "created_at", edges, "of"), edges)
    gone = _series(_counted(given_up, "cause_since", edges, "of"), edges)
    return {name: _running(counts, made.get(name, []), gone.get(name, [])) for name, counts in came.items()}


def _failing(edges: Sequence[datetime]) -> Series:
    failed = Attempt.objects.filter(started_at__gte=edges[0]).exclude(cause_code="")
    return _series(_counted(failed, "started_at", edges, "provider", "conference"), edges)


def _named(conferences: QuerySet) -> QuerySet:
    """With the provider that each has or waits for, as ``of``."""
    return conferences.annotate(of=Coalesce(NullIf("provider", Value("")), "lane__provider", Value("")))


def _counted(rows: QuerySet, column: str, edges: Sequence[datetime], provider: str, what: str = "pk") -> Any:
    """Tuples of the stretch, the provider and the number of different ``what``."""
    grouped = rows.annotate(stretch=_stretch(column, edges), by=F(provider)).values_list("stretch", "by")
    return grouped.annotate(count=Count(what, distinct=what != "pk")).order_by()


def _stretch(column: str, edges: Sequence[datetime], passed: int = 0) -> Case | Value:
    """How many edges a row has passed; by halving, as it is asked of each row."""
    if not edges:
        return Value(passed)
    middle = len(edges) // 2
    earlier = When(**{f"{column}__lt": edges[middle]}, then=_stretch(column, edges[:middle], passed))
    later = _stretch(column, edges[middle + 1 :], passed + middle + 1)
    return Case(earlier, default=later, output_field=IntegerField())


def _series(counted: Any, edges: Sequence[datetime]) -> Series:
    """The counts in rows. The first is of what was before the first edge; what comes after the last is left out."""
    series: Series = defaultdict(lambda: [0] * len(edges))
    for stretch, provider, count in counted:
        if stretch < len(edges):
            series[provider][stretch] += count
    return dict(series)


def _inside(series: Series) -> Series:
    """Without what was before the first edge."""
    return {provider: counts[1:] for provider, counts in series.items()}


def _running(came: Sequence[int], *went: Sequence[int]) -> list[int]:
    waiting, total = [], 0
    for number, count in enumerate(came):
        total += count - sum(counts[number] for counts in went if counts)
        waiting.append(total)
    return waiting[1:]
