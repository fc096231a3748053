"""How often something may be done in a while: counts in the database, exact whoever counts at the same time.

Each change is one conditional statement, so that of many at once no more get through than may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from conferencing_app import clock, crypto
from conferencing_app.conf import settings
from conferencing_app.exceptions import ConferencingError
from conferencing_app.models import Tally


@dataclass(frozen=True)
class Limit:
    """At most ``times`` within ``seconds``, counted from the first time on."""

    name: str
    times: int
    seconds: float


class LimitReached(ConferencingError):
    """It has been done as often as it may; ``until`` is when it may be done again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until:%Y-%m-%d %H:%M} UTC")
        self.until = until


def take(limit: Limit, subject: str) -> None:
    """Count one more for this subject (a person, an address), of which a digest is kept. Raises LimitReached."""
    ends_at = clock.now(timedelta(seconds=limit.seconds))
    rows = Tally.objects.using(settings.DATABASE).filter(key=key(limit.name, subject))
    if _count(rows, limit) or rows.filter(ends_at__lte=clock.now()).update(count=1, ends_at=ends_at):
        return
    try:
        with transaction.atomic(using=settings.DATABASE):
            rows.create(key=key(limit.name, subject), count=1, ends_at=ends_at)
    except IntegrityError:  # It is there: used up, or begun at this very moment.
        if not _count(rows, limit):
            raise LimitReached(rows.get().ends_at) from None


def is_used_up(limit: Limit, subject: str) -> bool:
    """Whether it has been done as often as it may. Only a look: who counts on it takes."""
    rows = Tally.objects.using(settings.DATABASE).filter(key=key(limit.name, subject))
    return rows.filter(ends_at__gt=clock.now(), count__gte=limit.times).exists()


def key(name: str, subject: str) -> str:
    """The tally's key for what is counted, and for whom."""
    return f"{name}:{crypto.digest(subject)[:32]}"


def prune() -> int:
    """Delete counts that start anew the next time anyway; how many."""
    deleted, _ = Tally.objects.using(settings.DATABASE).filter(ends_at__lte=clock.now()).delete()
    return deleted


def _count(rows: QuerySet[Tally], limit: Limit) -> bool:
    under_way = rows.filter(ends_at__gt=clock.now(), count__lt=limit.times)
    return bool(under_way.update(count=F("count") + 1))
