"""One call to a provider as support needs it: when, for what, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Attempt(models.Model):
    """Written with the change that the call brought, never changed, pruned by retention.

    It holds no address, no body and no secret. No constraint ties it to what it is about, so that writing it locks no
    other row, and a meeting's row may go before it.
    """

    class Operation(models.TextChoices):
        CREATE = "create", _("make the meeting")
        FIND = "find", _("look for the meeting")
        UPDATE = "update", _("change the meeting")
        READ = "read", _("read the meeting")
        DELETE = "delete", _("remove the meeting")
        REFRESH = "refresh", _("renew the access")
        IDENTIFY = "identify", _("test the account")
        REVOKE = "revoke", _("give the access back")

    conference = models.ForeignKey(
        "Conference", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    meeting = models.ForeignKey(
        "Meeting",
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    profile = models.ForeignKey(
        "ConferencingProfile", null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    provider = models.CharField(max_length=64)
    operation = models.CharField(max_length=16, choices=Operation)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    # Of the last answer; NULL when none came.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    # Why it did not work; empty when it did.
    cause_code = models.CharField(max_length=64, blank=True)
    # The provider's own code for that, and its own reference for the call.
    provider_code = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager] = models.Manager()

    class Meta:
        # All that the chart and the pruning read.
        indexes = [models.Index(fields=["started_at", "provider", "cause_code"], name="conferencing_attempt_started")]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} ({self.provider})"
