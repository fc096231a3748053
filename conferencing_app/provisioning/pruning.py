"""Letting go of rows that nobody needs any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from conferencing_app import clock, limits
from conferencing_app.conf import settings
from conferencing_app.models import Attempt, Conference, Endpoint, InboundMessage, Mail, Meeting, Notification
from conferencing_app.services import inbound, linking, workers

BATCH = 500


def prune() -> dict[str, int]:
    """Delete a batch of what is older than its table's retention; how many rows of each table."""
    deleted = {name: _delete_batch(old(clock.now(-timedelta(days=days_kept(name))))) for name, old in OLD.items()}
    deleted["inbound_messages"] = _delete_batch(_inbound_messages())
    return deleted | {"link_attempts": linking.prune(), "tallies": limits.prune(), "workers": workers.prune()}


def is_more(deleted: Mapping[str, int]) -> bool:
    """Whether after this batch there may be more to delete."""
    return max(deleted.values()) >= BATCH


def days_kept(name: str) -> int:
    """For how many days a table's rows are kept: its own number of RETENTION, else RETENTION_DAYS."""
    days: int = settings.RETENTION.get(name, settings.RETENTION_DAYS)
    return days


def _attempts(before: Any) -> QuerySet:
    return Attempt.objects.filter(started_at__lt=before)


def _notifications(before: Any) -> QuerySet:
    """They go in the order in which they came, so the oldest are known without an index that each would pay for."""
    first = Notification.objects.using(settings.DATABASE).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return Notification.objects.filter(pk__lte=max(first, default=0), created_at__lt=before)


def _mails(before: Any) -> QuerySet:
    return Mail.objects.filter(due_at=None, created_at__lt=before)


def _meetings(before: Any) -> QuerySet:
    return Meeting.objects.filter(state=Meeting.State.GONE, gone_at__lt=before)


def _conferences(before: Any) -> QuerySet:
    """Those of deleted events that have no meeting left."""
    left = Meeting.objects.filter(conference=OuterRef("pk"))
    return Conference.objects.filter(~Exists(left), event_deleted=True, due_at=None, created_at__lt=before)


def _endpoints(before: Any) -> QuerySet:
    """The subscriptions of events that have no conference any more."""
    of_event = Conference.objects.filter(event_model=OuterRef("event_model"), event_key=OuterRef("event_key"))
    return Endpoint.objects.filter(~Exists(of_event), created_at__lt=before).exclude(event_model="")


def _inbound_messages() -> QuerySet:
    """What guards against replay is needed for as long as a replay would be taken, and no longer."""
    return InboundMessage.objects.filter(received_at__lt=clock.now(-inbound.KEEP_MESSAGES))


# The tables whose retention a site may choose, in the order in which rows are deleted: meetings before conferences.
OLD: dict[str, Callable[[Any], QuerySet]] = {
    "attempts": _attempts,
    "notifications": _notifications,
    "mails": _mails,
    "meetings": _meetings,
    "conferences": _conferences,
    "endpoints": _endpoints,
}


def _delete_batch(rows: QuerySet) -> int:
    """How many of these were deleted; what goes with them is not counted."""
    keys = list(rows.using(settings.DATABASE).values_list("pk", flat=True)[:BATCH])
    if not keys:
        return 0
    _, by_model = rows.model._default_manager.using(settings.DATABASE).filter(pk__in=keys).delete()
    return by_model.get(rows.model._meta.label, 0)
