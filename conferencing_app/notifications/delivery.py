"""Telling: signals are sent here, one receiver at a time, outside of any transaction, in the thread that drains.

Not in the threads that call providers, which hold no database, as a receiver does; nor between two of their answers,
as a receiver may take its time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.db import transaction

from conferencing_app import clock
from conferencing_app.causes import Retry
from conferencing_app.conf import settings
from conferencing_app.engine import claim, retry
from conferencing_app.engine.stopping import Stop
from conferencing_app.failpoints import failpoint
from conferencing_app.models import Notification, NotificationDelivery
from conferencing_app.notifications import catalogue, fanout, telling

logger = logging.getLogger(__name__)

State = NotificationDelivery.State

# How many deliveries are held at a time. All must be made within one lease.
BATCH = 20
# How long a receiver that is not connected is waited for: another process, or the next deployment, may know it.
ABSENT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """A delivery that this process has leased, until ``lease_ends`` by its own clock."""

    delivery: NotificationDelivery
    lease_ends: float


def is_due(using: str) -> bool:
    """Whether somebody is to be told something now."""
    deliveries = NotificationDelivery.objects.using(using).next_in_order()
    return Notification.objects.using(using).due().exists() or deliveries.exists()


def deliver(seconds: float, stop: Stop, using: str) -> int:
    """Tell what is due, for so long at most or until a stop is asked for; how many receivers were told."""
    until, told = time.monotonic() + seconds, 0
    while is_due(using) and not stop.is_set() and time.monotonic() < until:
        fanned_out = fanout.fan_out(using)
        held = _claim(using)
        if not (fanned_out or held):
            break  # what is due is in another worker's hands
        for index, each in enumerate(held):
            if stop.is_set() or time.monotonic() >= min(until, each.lease_ends):
                _release(held[index:], using)
                break
            told += _tell(each.delivery, using)
    return told


def _claim(using: str) -> list[Held]:
    lease_ends = time.monotonic() + settings.LEASE_SECONDS
    with transaction.atomic(using=using):
        rows = claim.lock(NotificationDelivery.objects.using(using).next_in_order(), BATCH)
        leased = claim.lease(rows, settings.LEASE_SECONDS, using)
        notifications = Notification.objects.using(using).in_bulk([row.notification_id for row in leased])
    for row in leased:
        row.notification = notifications[row.notification_id]
    return [Held(row, lease_ends) for row in leased]


def _release(held: list[Held], using: str) -> None:
    claim.release(NotificationDelivery, [(each.delivery.pk, each.delivery.fence) for each in held], using)


def _tell(delivery: NotificationDelivery, using: str) -> bool:
    """Send it and write down what came of it. Whether it arrived."""
    receivers = fanout.receivers_of(delivery.notification).get(delivery.receiver)
    if receivers is None:
        _miss(delivery, using)
        return False
    failpoint("signal.before_send")
    try:
        for receiver in receivers:
            _send(delivery.notification, receiver)
    except Exception as error:
        logger.exception("%s raised on %s; it is told again.", delivery.receiver, delivery.notification.public_id)
        _put_off(delivery, f"{type(error).__module__}.{type(error).__qualname__}", using)
        return False
    failpoint("signal.after_send")
    _finish(delivery, using, state=State.DELIVERED, delivered_at=clock.now(), error="")
    failpoint("signal.after_commit")
    return True


def _send(notification: Notification, receiver: Callable[..., Any]) -> None:
    call: Callable[..., Any] = async_to_sync(receiver) if iscoroutinefunction(receiver) else receiver
    signal, sender = catalogue.SIGNALS[notification.type], telling.sender_of(notification)
    call(signal=signal, sender=sender, **telling.arguments_of(notification))


def _miss(delivery: NotificationDelivery, using: str) -> None:
    """The receiver was there when the delivery was made. This process does not have it."""
    if clock.read(using) - delivery.notification.created_at < ABSENT_FOR:
        _put_off(delivery, "not connected", using)
        return
    logger.warning("%s is no longer connected; it is not told %s.", delivery.receiver, delivery.notification.public_id)
    _finish(delivery, using, state=State.DROPPED, error="not connected")


def _put_off(delivery: NotificationDelivery, error: str, using: str) -> None:
    attempts = delivery.attempts + 1
    at = retry.next_try(Retry.TRANSIENT, attempts, clock.read(using))
    _write(delivery, using, due_at=at, attempts=attempts, error=error[-255:])


def _finish(delivery: NotificationDelivery, using: str, **values: Any) -> None:
    _write(delivery, using, due_at=None, **values)


def _write(delivery: NotificationDelivery, using: str, **values: Any) -> None:
    """Give the row back, unless another worker has it by now."""
    NotificationDelivery.objects.using(using).filter(pk=delivery.pk).held(delivery.fence).update(
        **values, lease_until=None
    )
