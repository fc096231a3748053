"""What a booking is without the field: the same columns, nothing else."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class PlainBooking(models.Model):
    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=120)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    notes = models.TextField(blank=True)
    cancelled = models.BooleanField(default=False)

    class Meta:
        app_label = "benchmarks_site"

    def __str__(self) -> str:
        return self.title
