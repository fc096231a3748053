"""How the work stands at this moment: what waits and for how long, why, and who does it; for monitors.

Always the same number of queries, whatever there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from conferencing_app import causes, clock
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile, Endpoint, Mail, Notification, NotificationDelivery
from conferencing_app.services import workers

State = Conference.State

# Rows with these are looked at again, too, but seldom, or when their event ends: they wait for somebody all the same.
FOR_SOMEBODY = [code for code, cause in causes.CAUSES.items() if cause.retry is not causes.Retry.TRANSIENT]


@dataclass(frozen=True)
class Queue:
    """One kind of work: ``due`` rows that nobody holds, the oldest for ``late_seconds``; ``retried`` have failed."""

    name: str
    due: int
    late_seconds: int
    retried: int


@dataclass(frozen=True)
class Waiting:
    """Conferences without a link: why (empty: being made), how many, and how many of them wait for somebody to act."""

    cause: str
    count: int
    parked: int


@dataclass(frozen=True)
class Running:
    """A worker, and how long ago it was seen."""

    name: str
    program: str
    seen_seconds_ago: int


@dataclass(frozen=True)
class Endpoints:
    """How many take nothing at the moment, and to how many nothing is posted any more."""

    failing: int
    off: int


@dataclass(frozen=True)
class Status:
    """``conferences`` counts by state; ``endpoints`` those that do not answer, and those that were given up."""

    conferences: dict[str, int]
    waiting: list[Waiting]
    queues: list[Queue]
    endpoints: Endpoints
    workers: list[Running]

    @property
    def late_seconds(self) -> int:
        """For how long the oldest piece of work has been due."""
        return max(queue.late_seconds for queue in self.queues)


def status() -> Status:
    """What is so now."""
    now = clock.read(settings.DATABASE)
    conferences = Conference.objects.using(settings.DATABASE)
    counts = conferences.order_by().values_list("state").annotate(Count("pk"))
    return Status(
        conferences=dict.fromkeys(State.values, 0) | dict(counts),
        waiting=_waiting(conferences),
        queues=[_queue(name, rows, now) for name, rows in _queues().items()],
        endpoints=_endpoints(),
        workers=[Running(one.name, one.program, _seconds(now, one.seen_at)) for one in workers.running()],
    )


def _waiting(conferences: QuerySet[Conference]) -> list[Waiting]:
    without_link = conferences.filter(state__in=[State.PENDING, State.FAILING]).values_list("cause_code")
    parked = Q(due_at=None) | Q(cause_code__in=FOR_SOMEBODY)
    counted = without_link.annotate(count=Count("pk"), parked=Count("pk", filter=parked))
    return [Waiting(*row) for row in counted.order_by("-count", "cause_code")]


def _endpoints() -> Endpoints:
    in_trouble = Endpoint.objects.using(settings.DATABASE).exclude(enabled=True, failing_since=None)
    failing = Count("pk", filter=Q(enabled=True))
    return Endpoints(**in_trouble.aggregate(failing=failing, off=Count("pk", filter=Q(enabled=False))))


def _queues() -> dict[str, QuerySet]:
    """All that the workers do. What is for an endpoint waits while that takes nothing: it is the endpoint's delay."""
    deliveries = NotificationDelivery.objects.using(settings.DATABASE)
    answering = Endpoint.objects.using(settings.DATABASE).open().filter(failing_since=None)
    return {
        "conferences": Conference.objects.using(settings.DATABASE).all(),
        "profiles": ConferencingProfile.objects.using(settings.DATABASE).all(),
        "notifications": Notification.objects.using(settings.DATABASE).all(),
        "signals": deliveries.filter(endpoint=None),
        "webhooks": deliveries.filter(endpoint__in=answering),
        "mails": Mail.objects.using(settings.DATABASE).all(),
    }


def _queue(name: str, rows: QuerySet, now: datetime) -> Queue:
    is_due, retried = Q(due_at__lte=clock.now()), Q(pk__in=[])
    if rows.model is not Notification:  # it has neither a lease nor tries: its deliveries do
        is_due &= Q(lease_until=None) | Q(lease_until__lte=clock.now())
        retried = Q(attempts__gt=0)
    to_do = rows.filter(due_at__isnull=False)
    seen = to_do.aggregate(
        due=Count("pk", filter=is_due), oldest=Min("due_at", filter=is_due), retried=Count("pk", filter=retried)
    )
    return Queue(name, seen["due"], _seconds(now, seen["oldest"] or now), seen["retried"])


def _seconds(now: datetime, since: datetime) -> int:
    return max(0, int((now - since).total_seconds()))
