"""The host's event: a booking. The field at its end is all that gives it a conference."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conferencing_app import ConferencingField

SHARE_SALT = "bookings.share"


class BookingQuerySet(models.QuerySet["Booking"]):
    def of(self, user: models.Model) -> Self:
        """The bookings that this person hosts, soonest first."""
        return self.filter(host=user).order_by("starts_at", "pk")

    def upcoming(self) -> Self:
        """Those that are neither cancelled nor over."""
        return self.filter(cancelled=False, ends_at__gt=timezone.now())

    def past(self) -> Self:
        """Those that took place, the latest first."""
        return self.filter(cancelled=False, ends_at__lte=timezone.now()).order_by("-starts_at", "-pk")

    def called_off(self) -> Self:
        """Those that were cancelled, the latest first."""
        return self.filter(cancelled=True).order_by("-starts_at", "-pk")


class Booking(models.Model):
    """An appointment that a host offers; guests see it by its share link."""

    host = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bookings", verbose_name=_("host")
    )
    title = models.CharField(_("title"), max_length=120)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    notes = models.TextField(_("notes"), blank=True, max_length=1000)
    cancelled = models.BooleanField(_("cancelled"), default=False)

    objects: ClassVar[models.Manager] = BookingQuerySet.as_manager()

    conferencing = ConferencingField(
        owner="host",
        summary="title",
        start="starts_at",
        end="ends_at",
        description="notes",
        cancelled="cancelled",
        attach="default",
    )

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["starts_at", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("bookings:detail", args=[self.pk])

    def get_share_url(self) -> str:
        """The address for guests: it can't be guessed, and needs no account."""
        return reverse("bookings:share", args=[signing.dumps(self.pk, salt=SHARE_SALT)])

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()
