"""What is told to the outside: one row for each piece of news, and one for each of those who are told."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from conferencing_app import causes, clock
from conferencing_app.fields import ExactField
from conferencing_app.models.endpoint import Endpoint
from conferencing_app.models.work import DueWork, DueWorkQuerySet
from conferencing_app.signals import LONGEST_NAME


class Subject(models.Model):
    """Something that notifications are about. It remembers what was told last, so that no news is told twice.

    ``announced`` is what was told last, in a word and what distinguishes it; empty when there is nothing to take back.
    ``sequence`` is the number of the last notification.
    """

    announced = models.CharField(max_length=100, blank=True, editable=False)
    sequence = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class NotificationQuerySet(models.QuerySet):
    def due(self) -> Self:
        """Those whose deliveries are still to be made, except where an earlier one about the same is."""
        earlier = self.model._default_manager.filter(
            subject=OuterRef("subject"), sequence__lt=OuterRef("sequence"), due_at__isnull=False
        )
        return self.filter(~Exists(earlier), due_at__lte=clock.now()).order_by("due_at", "pk")


class Notification(models.Model):
    """One piece of news. Written in the transaction of the change that it tells of, frozen, pruned by retention.

    ``subject`` is the public id of the conference or the profile that it is about, and outlives both. ``data`` holds
    what was so at that moment. No secret is in it, and no link that is for the host alone.
    """

    type = models.CharField(max_length=64)
    subject = ExactField(max_length=40)
    sequence = models.PositiveBigIntegerField()
    cause_code = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    # What is posted, byte for byte each time; empty until somebody is to be posted to.
    body = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField()
    # When its deliveries are to be made; NULL once they are, or where nobody listens.
    due_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)

    objects: ClassVar[models.Manager] = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "sequence"], name="conferencing_one_notification_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.sequence} ({self.subject})"

    @property
    def public_id(self) -> str:
        """The same each time it is told. No column: each index more would be paid for by every conference made."""
        return f"ntf_{self.subject}_{self.sequence}"

    @property
    def subtype(self) -> str | None:
        """The kind of failure in the words of the wire; None where those have no word for it."""
        return causes.subtype(self.cause_code)


class NotificationDeliveryQuerySet(DueWorkQuerySet):
    def next_in_order(self) -> Self:
        """Due, and no earlier news of the same subject is still to be told to the same receiver.

        One that was told in vain does not hold up those that follow.
        """
        earlier = self.model._default_manager.filter(
            subject=OuterRef("subject"),
            receiver=OuterRef("receiver"),
            notification__lt=OuterRef("notification"),
            due_at__isnull=False,
            attempts=0,
        )
        return self.due().filter(~Exists(earlier), endpoint=None)

    def to_post(self) -> Self:
        """Due, to an endpoint that may be called now and that nobody is calling."""
        return self.due().filter(endpoint__in=Endpoint.objects.using(self.db).open().free())


class NotificationDelivery(DueWork):
    """A notification on its way to one receiver, which is told at least once. ``subject`` is the notification's.

    The receiver is a signal's, by its name, or an endpoint, by its public id.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        DROPPED = "dropped"  # the receiver is no longer there

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    subject = ExactField(max_length=40)
    receiver = ExactField(max_length=LONGEST_NAME)
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries", editable=False
    )
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    delivered_at = models.DateTimeField(null=True, blank=True)
    # What came of the last try: what was raised, or the status and the beginning of the endpoint's answer.
    error = models.CharField(max_length=255, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[models.Manager] = NotificationDeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "receiver"], name="conferencing_one_delivery_per_receiver"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="conferencing_delivery_due"),
            models.Index(fields=["subject", "receiver"], name="conferencing_delivery_order"),
        ]
        permissions = [("resend_notificationdelivery", _("Can have deliveries posted again"))]
        verbose_name_plural = "notification deliveries"

    def __str__(self) -> str:
        return f"{self.notification_id} to {self.receiver} ({self.state})"
