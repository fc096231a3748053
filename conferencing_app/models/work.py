"""Work that must happen later is a row with a ``due_at``. The engine knows these columns and nothing else of a row."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from conferencing_app import clock


class LeasedQuerySet(models.QuerySet):
    """Rows that one worker at a time may hold."""

    def free(self) -> Self:
        """Those that nobody holds."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=clock.now()))

    def held(self, fence: int) -> Self:
        """Those still held under this fence."""
        return self.filter(fence=fence, lease_until__isnull=False)


class Leased(models.Model):
    """A row that one worker at a time holds, for a while.

    ``fence`` rises with each lease. A worker that was paused past its lease finds another fence and may write nothing.
    """

    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    fence = models.BigIntegerField(default=0, editable=False)

    objects: ClassVar[models.Manager] = LeasedQuerySet.as_manager()

    class Meta:
        abstract = True


class DueWorkQuerySet(LeasedQuerySet):
    def due(self) -> Self:
        """Due and held by nobody, the longest waiting first."""
        return self.free().filter(due_at__lte=clock.now()).order_by("due_at", "pk")

    def wake(self) -> int:
        """Make these due at once, as if never tried.

        One that is being worked on right now is left due by its worker, as the version has risen.
        """
        return self.update(due_at=clock.now(), attempts=0, version=F("version") + 1)


class DueWork(Leased):
    """A row with something to do at ``due_at``; NULL means parked.

    ``attempts`` counts tries in a row without success. ``version`` counts what was asked for: a worker that finishes
    an older version leaves the row due.
    """

    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    version = models.BigIntegerField(default=1, editable=False)

    objects: ClassVar[models.Manager] = DueWorkQuerySet.as_manager()

    class Meta:
        abstract = True


class Gate(models.Model):
    """A name that is locked for an instant while the places behind it are counted, so that a cap holds exactly."""

    name = models.CharField(max_length=64, primary_key=True)

    def __str__(self) -> str:
        return self.name
