from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class ZoomAccount(models.Model):
    """``token`` is what the token endpoint answered, as requests-oauthlib hands it over."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="zoom_account")
    token = models.JSONField()

    objects: ClassVar[models.Manager] = models.Manager()

    def __str__(self) -> str:
        return f"Zoom account of {self.user}"


class Booking(models.Model):
    """The columns of the site's own booking, and the two that this integration fills."""

    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=120)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    notes = models.TextField(blank=True)
    cancelled = models.BooleanField(default=False)
    meeting_id = models.CharField(max_length=64, blank=True)
    join_url = models.URLField(max_length=500, blank=True)

    objects: ClassVar[models.Manager] = models.Manager()

    def __str__(self) -> str:
        return self.title
