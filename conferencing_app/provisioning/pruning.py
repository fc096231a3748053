"""Letting go of rows that nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet

from conferencing_app import clock, limits
from conferencing_app.conf import settings
from conferencing_app.models import Attempt, Conference, Endpoint, InboundMessage, Mail, Meeting, Notification
from conferencing_app.services import inbound, linking

BATCH = 500


def prune() -> int:
    """Delete a batch of what is older than RETENTION_DAYS; how many rows, and where BATCH or more, there is more.

    That is: attempts, notifications with their deliveries, mails, meetings that are gone, conferences of deleted events
    that have no meeting left, and the subscriptions of events that have no conference any more.
    """
    before = clock.now(-timedelta(days=settings.RETENTION_DAYS))
    linking.prune()
    limits.prune()
    left = Meeting.objects.filter(conference=OuterRef("pk"))
    settled = Conference.objects.filter(~Exists(left), event_deleted=True, due_at=None)
    of_event = Conference.objects.filter(event_model=OuterRef("event_model"), event_key=OuterRef("event_key"))
    # They go in the order in which they came, so the oldest are known without an index that each would pay for.
    oldest = list(Notification.objects.using(settings.DATABASE).order_by("pk").values_list("pk", flat=True)[:BATCH])
    old = (
        InboundMessage.objects.filter(received_at__lt=clock.now(-inbound.KEEP_MESSAGES)),
        Attempt.objects.filter(started_at__lt=before),
        Notification.objects.filter(pk__in=oldest, created_at__lt=before),
        Mail.objects.filter(due_at=None, created_at__lt=before),
        Meeting.objects.filter(state=Meeting.State.GONE, gone_at__lt=before),
        settled.filter(created_at__lt=before),
        Endpoint.objects.filter(~Exists(of_event), created_at__lt=before).exclude(event_model=""),
    )
    return sum(map(_delete_batch, old))


def _delete_batch(rows: QuerySet) -> int:
    """How many of these were deleted; what goes with them is not counted."""
    keys = list(rows.using(settings.DATABASE).values_list("pk", flat=True)[:BATCH])
    _, by_model = rows.model._default_manager.using(settings.DATABASE).filter(pk__in=keys).delete()
    return by_model.get(rows.model._meta.label, 0)
