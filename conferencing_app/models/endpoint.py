"""Where notifications are posted to: the webhooks of the site, of a person, and of single events."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conferencing_app import clock
from conferencing_app.fields import ExactField, SealedField, new_public_id
from conferencing_app.models.work import Leased, LeasedQuerySet


class EndpointQuerySet(LeasedQuerySet):
    def open(self) -> Self:
        """Those that may be called now: not switched off, and not asking for a pause."""
        return self.filter(Q(paused_until=None) | Q(paused_until__lte=clock.now()), enabled=True)


class Endpoint(Leased):
    """One address. With an event it hears of that event alone; else with a user of what is theirs; else of everything.

    Its lease is a lane: it is called once at a time, over all processes. The secret, and the former one while both are
    in force, are those of its signatures; without one it is signed with the site's ``CONFERENCING_WEBHOOK_SECRETS``.
    """

    class Scheme(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"
        CRONOFY = "cronofy", "Cronofy-HMAC-SHA256"

    public_id = ExactField(max_length=40, unique=True, default=partial(new_public_id, "whk"), editable=False)
    url = models.CharField(max_length=2000)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    event_model = ExactField(max_length=200, blank=True)
    event_key = ExactField(max_length=200, blank=True)
    # The types of notifications that it hears of; an empty list means all.
    types = models.JSONField(default=list, blank=True)
    scheme = models.CharField(max_length=16, choices=Scheme, default=Scheme.STANDARD)
    secret = SealedField()
    former_secret = SealedField()
    former_until = models.DateTimeField(null=True, blank=True)

    enabled = models.BooleanField(default=True)
    # Why it was switched off: gone (it said so), dead (it failed for days), or empty.
    disabled_cause = models.CharField(max_length=16, blank=True)
    # Since when nothing has arrived there; NULL while things do.
    failing_since = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager] = EndpointQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["event_model", "event_key"], name="conferencing_endpoint_event")]
        permissions = [("recover_endpoint", _("Can have posted what endpoints missed"))]

    def __str__(self) -> str:
        return self.public_id

    def place(self, column: str) -> str:
        """What a sealed column of this row is bound to."""
        return f"endpoint|{column}|{self.public_id}"
