"""How often something was done lately."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """A count that starts anew at ``ends_at``. The key names what is counted, and for whom as a digest."""

    key = models.CharField(max_length=100, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return self.key
