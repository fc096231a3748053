"""A person's linked account, and the grant that lets the app act for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Self

from django.conf import settings as django_settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from conferencing_app.conf import settings
from conferencing_app.fields import ExactField, SealedField, new_public_id
from conferencing_app.models.notification import Subject
from conferencing_app.models.work import DueWork, DueWorkQuerySet, Leased

# Earlier than any clock: due since ever. A constant, since a deletion's collector wants plain values.
DUE_AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


def leave_profile(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
    """The person is deleted, their profile only starts to leave.

    The profile and its grant outlive the person until their meetings are removed and the grant is given back.
    """
    rows = list(sub_objs)
    values = {"user": None, "state": ConferencingProfile.State.LEAVING, "due_at": DUE_AT_ONCE, "is_default": False}
    for name, value in values.items():
        collector.add_field_update(field.model._meta.get_field(name), value, rows)


class ConferencingProfileQuerySet(DueWorkQuerySet):
    def linked(self) -> Self:
        """Those that a person still has, healthy or not."""
        return self.filter(state__in=[ConferencingProfile.State.CONNECTED, ConferencingProfile.State.DISCONNECTED])

    def of(self, user: Any) -> Self:
        """The linked profiles of this person: the default first, then the newest."""
        return self.linked().filter(user=user).order_by("-is_default", "-linked_at", "-pk")


class ConferencingProfile(Subject, DueWork):
    """A person's account at a provider. Its lease is the lane: one call at a time is made for a profile.

    As due work its grant is looked after while a person has it: kept alive, or found to have come back. When it leaves,
    its meetings are removed, the grant is revoked, the row is wiped.
    """

    class State(models.TextChoices):
        CONNECTED = "connected"
        DISCONNECTED = "disconnected"  # the grant is dead; the person must link again
        # Unlinked by the person, still cleaning up at the provider; or never linked yet: it leaves unless they say yes.
        LEAVING = "leaving"
        UNLINKED = "unlinked"  # wiped

    public_id = ExactField(max_length=40, unique=True, default=partial(new_public_id, "pro"), editable=False)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, on_delete=leave_profile, related_name="conferencing_profiles"
    )
    provider = models.CharField(max_length=64)
    # "<alias>:<account id>" while somebody has the account linked, else NULL: an account has one profile.
    account_key = ExactField(max_length=255, null=True, unique=True, editable=False)  # NULLs differ
    account_label = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=100, blank=True)
    is_default = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State, default=State.CONNECTED)
    cause = models.CharField(max_length=64, blank=True)
    # The provider asked for a pause until then, and why (rate_limited, daily_cap, outage).
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_cause = models.CharField(max_length=64, blank=True)
    linked_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    # Since when the person must link it again (the last time that it was so), and when they are reminded next.
    disconnected_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)

    objects: ClassVar[models.Manager] = ConferencingProfileQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="conferencing_profile_due"),
            models.Index(fields=["provider", "lease_until"], name="conferencing_profile_lane"),
        ]
        permissions = [
            ("test_conferencingprofile", _("Can test conferencing profiles")),
            ("disconnect_conferencingprofile", _("Can disconnect conferencing profiles")),
            ("send_relink_mail_conferencingprofile", _("Can have people asked to link their account again")),
        ]

    def __str__(self) -> str:
        return self.name or self.account_label or self.public_id

    @property
    def connected(self) -> bool:
        return self.state == self.State.CONNECTED

    @property
    def relink_url(self) -> str:
        """Where the person links it again, while they must: a complete address without a secret; else empty."""
        if self.state != self.State.DISCONNECTED:
            return ""
        return settings.BASE_URL.rstrip("/") + reverse("conferencing:relink", args=[self.public_id])

    @property
    def is_linked(self) -> bool:
        """Whether the person still has it, healthy or not."""
        return self.state in (self.State.CONNECTED, self.State.DISCONNECTED)


class Grant(Leased):
    """What a provider gave us to act for a profile. Its lease is held by whoever refreshes it.

    Deleting the row is how a profile's secrets are wiped.
    """

    profile = models.OneToOneField(ConferencingProfile, on_delete=models.CASCADE, related_name="grant")
    access_token = SealedField()
    refresh_token = SealedField()
    expires_at = models.DateTimeField()
    scopes = models.TextField(blank=True)
    api_url = models.CharField(max_length=255, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"grant of {self.profile_id}"

    def place(self, column: str) -> str:
        """What a sealed column of this row is bound to."""
        return f"grant|{column}|{self.profile.public_id}"
