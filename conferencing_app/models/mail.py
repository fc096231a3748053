"""A mail on its way to a person."""

from __future__ import annotations

from functools import partial

from django.conf import settings as django_settings
from django.db import models

from conferencing_app.fields import ExactField, SealedField, new_public_id
from conferencing_app.models.work import DueWork


class Mail(DueWork):
    """A mail to a person's contact address, written in the transaction of what it tells of, sent by the workers.

    Without a ``user`` it goes to the site's administrators. ``kind`` names its templates, ``facts`` is what they show,
    and ``secrets`` the same, sealed, for what nobody but the reader may know: a JSON object each, emptied once the mail
    has gone or never will. ``subject`` is the public id of the conference or the profile that it is about, if any.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        NO_ADDRESS = "no_address"
        LIMITED = "limited"  # the address has got as many of this kind as it may
        EXPIRED = "expired"  # could not be sent while it was of use
        MOOT = "moot"  # what it was to tell of was over before it was sent

    public_id = ExactField(max_length=40, unique=True, default=partial(new_public_id, "mai"), editable=False)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=64)
    subject = ExactField(max_length=40, blank=True, db_index=True)
    facts = models.JSONField(default=dict)
    secrets = SealedField()
    language = models.CharField(max_length=35)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    # SHA-256 of the address it goes to, written down before it is sent.
    address_hash = models.CharField(max_length=64, blank=True)
    # The class of what the last try raised.
    error = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="conferencing_mail_due")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    def place(self, column: str) -> str:
        """What a sealed column of this row is bound to."""
        return f"mail|{column}|{self.public_id}"
