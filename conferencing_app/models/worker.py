"""Who does the work: so that it shows when nobody does."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conferencing_app.fields import ExactField


class Worker(models.Model):
    """A process that was seen looking for due work. It counts as running until ``expected_until``; pruned after a day.

    ``name`` is the machine's and the process's number; what ends by itself and is called again and again has one row
    a machine. ``program`` is a value of ``services.workers.Program``.
    """

    name = ExactField(max_length=200, unique=True)
    program = models.CharField(max_length=32)
    seen_at = models.DateTimeField()
    expected_until = models.DateTimeField()

    objects: ClassVar[models.Manager] = models.Manager()

    def __str__(self) -> str:
        return self.name
