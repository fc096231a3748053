"""Who is told: the deliveries of a notification, made by a worker soon after it was written.

Not by whoever writes it: which receivers there are is known where they are called, and the change costs one row less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from conferencing_app.engine import claim
from conferencing_app.failpoints import failpoint
from conferencing_app.models import Conference, ConferencingProfile, Endpoint, Notification, NotificationDelivery
from conferencing_app.notifications import bodies, catalogue, telling

BATCH = 100


def receivers_of(notification: Notification) -> dict[str, list[Callable[..., Any]]]:
    """The receivers in this process that it is for, by name; none for a type of a later version."""
    signal = catalogue.SIGNALS.get(notification.type)
    return signal.receivers_by_name(telling.sender_of(notification)) if signal is not None else {}


def fan_out(using: str) -> int:
    """Make the deliveries of a batch of notifications; how many notifications."""
    with transaction.atomic(using=using):
        notifications = claim.lock(Notification.objects.using(using).due(), BATCH)
        endpoints = endpoints_of(notifications, using)
        bodies.freeze([one for one in notifications if endpoints[one.pk]], using)
        deliveries = [
            delivery
            for notification in notifications
            for delivery in (*to_receivers(notification), *to_endpoints(notification, endpoints[notification.pk]))
        ]
        # Where rows can't be locked another process may just have made the same.
        NotificationDelivery.objects.using(using).bulk_create(deliveries, ignore_conflicts=True)
        done = Notification.objects.using(using).filter(pk__in=[notification.pk for notification in notifications])
        done.update(due_at=None)
        failpoint("fanout.before_commit")
    failpoint("fanout.after_commit")
    return len(notifications)


def to_receivers(notification: Notification) -> list[NotificationDelivery]:
    """Its deliveries to the receivers of its signal."""
    return [_delivery(notification, receiver=name) for name in receivers_of(notification)]


def to_endpoints(notification: Notification, endpoints: Sequence[Endpoint]) -> list[NotificationDelivery]:
    """Its deliveries to these endpoints."""
    return [_delivery(notification, receiver=each.public_id, endpoint=each) for each in endpoints]


def endpoints_of(notifications: Sequence[Notification], using: str) -> dict[int, list[Endpoint]]:
    """The endpoints that hear of each of these, by the notification's primary key; a few queries for all."""
    found: dict[int, list[Endpoint]] = defaultdict(list)
    if not notifications or not Endpoint.objects.using(using).exists():
        return found
    people = _people_of(notifications, using)
    keys_by_model: dict[str, set[str]] = defaultdict(set)
    for model, key in filter(None, map(_event_of, notifications)):
        keys_by_model[model].add(key)
    concerned = Q(user=None, event_model="") | Q(user__in=set(people.values()))
    for model, keys in keys_by_model.items():
        concerned |= Q(event_model=model, event_key__in=keys)
    for endpoint in Endpoint.objects.using(using).filter(concerned, enabled=True):
        for notification in notifications:
            if _hears(endpoint, notification, people):
                found[notification.pk].append(endpoint)
    return found


def _people_of(notifications: Sequence[Notification], using: str) -> dict[str, Any]:
    """Whose event or account each is about, by its subject; a subject of nobody is left out."""
    subjects = {notification.subject for notification in notifications}
    conferences = Conference.objects.using(using).filter(public_id__in=subjects, owner__isnull=False)
    profiles = ConferencingProfile.objects.using(using).filter(public_id__in=subjects, user__isnull=False)
    return dict([*conferences.values_list("public_id", "owner_id"), *profiles.values_list("public_id", "user_id")])


def _hears(endpoint: Endpoint, notification: Notification, people: dict[str, Any]) -> bool:
    if endpoint.types and notification.type not in endpoint.types:
        return False
    if endpoint.event_model:
        return (endpoint.event_model, endpoint.event_key) == _event_of(notification)
    return endpoint.user_id is None or endpoint.user_id == people.get(notification.subject)


def _event_of(notification: Notification) -> tuple[str, str] | None:
    event = notification.data.get("event")
    return (event["model"], event["key"]) if event else None


def _delivery(notification: Notification, **to: Any) -> NotificationDelivery:
    return NotificationDelivery(
        notification=notification, subject=notification.subject, due_at=notification.created_at, **to
    )
