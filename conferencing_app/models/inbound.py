"""What a provider has sent us, so that the same message counts once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class InboundMessage(models.Model):
    """A verified message that was taken note of. Nothing of its content is kept; pruned after a day.

    ``digest`` is the SHA-256 of alias and raw body: a message that is repeated, or replayed, has the same.
    """

    provider = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager] = models.Manager()

    def __str__(self) -> str:
        return f"{self.provider} {self.received_at:%Y-%m-%d %H:%M:%S}"
