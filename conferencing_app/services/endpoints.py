"""Endpoints: adding one, changing its secret, switching it on again, and having what it missed posted."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.exceptions import ProviderError
from conferencing_app.fields import Sealed, new_public_id
from conferencing_app.models import Endpoint, Notification, NotificationDelivery
from conferencing_app.notifications import bodies, catalogue, fanout, signing, webhooks
from conferencing_app.registration import check_endpoint_url

# Both secrets are in force for so long after a change.
OVERLAP = timedelta(days=1)
TEST_TYPE = "conferencing_test"


@sensitive_variables("secret")
def add(
    url: str, *, user: Any = None, types: Collection[str] = (), scheme: str = Endpoint.Scheme.STANDARD, secret: str = ""
) -> tuple[Endpoint, str]:
    """An endpoint that hears of everything, or with ``user`` of what is theirs; and its secret, shown this once.

    ``types`` limits it to these types of notifications. Without a ``secret`` it gets a fresh one; one of Cronofy's
    scheme needs the application's. Raises ValidationError for a URL, a type or a secret that can't be used,
    KeyUnavailable where secrets can't be sealed.
    """
    check_endpoint_url(url, "url")
    unknown = sorted(set(types) - set(catalogue.SIGNALS))
    if unknown:
        message = _("There is no notification of the type %(type)s.")
        raise ValidationError({"types": [ValidationError(message, code="not_recognized", params={"type": unknown[0]})]})
    secret = secret or signing.new_secret()
    endpoint = Endpoint(url=url, user=user, types=sorted(types), scheme=scheme, created_at=clock.now())
    _check_secret(endpoint, secret)
    endpoint.secret = Sealed.seal(secret, endpoint.place("secret"))
    endpoint.save(force_insert=True)
    endpoint.refresh_from_db()
    return endpoint, secret


@sensitive_variables("secret")
def change_secret(endpoint: Endpoint, secret: str = "", *, overlap: timedelta = OVERLAP) -> str:
    """Sign with a new secret from now on, and with the one so far as well until ``overlap`` is over; the new one.

    Raises ValidationError and KeyUnavailable.
    """
    secret = secret or signing.new_secret()
    _check_secret(endpoint, secret)
    before = endpoint.secret.open(endpoint.place("secret"))
    Endpoint.objects.filter(pk=endpoint.pk).update(
        secret=Sealed.seal(secret, endpoint.place("secret")),
        former_secret=Sealed.seal(before, endpoint.place("former_secret")),
        former_until=clock.now(overlap),
    )
    endpoint.refresh_from_db()
    return secret


def test(endpoint: Endpoint) -> bool:
    """Post a test to it, now; whether it arrived. Not for use inside a transaction. Raises KeyUnavailable."""
    now = clock.read(settings.DATABASE)
    body = json.dumps({"type": TEST_TYPE, "timestamp": now.isoformat(), "data": {}})
    post = webhooks.post_of(endpoint, new_public_id("ntf"), body, now)
    try:
        return webhooks.arrived(webhooks.send(post))
    except ProviderError:
        return False


def switch_on(endpoint: Endpoint) -> bool:
    """Post to it again, once a test has arrived there; whether it did. What was waiting is posted now."""
    if not test(endpoint):
        return False
    values = {"enabled": True, "disabled_cause": "", "failing_since": None, "paused_until": None}
    Endpoint.objects.filter(pk=endpoint.pk).update(**values)
    recover(endpoint, since=endpoint.created_at)
    endpoint.refresh_from_db()
    return True


def switch_off(endpoint: Endpoint) -> None:
    """Post nothing there any more."""
    Endpoint.objects.filter(pk=endpoint.pk).update(enabled=False, disabled_cause="")
    endpoint.refresh_from_db()


def resend(delivery: NotificationDelivery) -> None:
    """Post it once more, also one that has arrived: the same id and the same bytes."""
    _post_now(NotificationDelivery.objects.filter(pk=delivery.pk))


def resendable(deliveries: QuerySet[NotificationDelivery]) -> QuerySet[NotificationDelivery]:
    """Those that are posted to an endpoint which is switched on. A signal is not told once more on request."""
    return deliveries.filter(endpoint__enabled=True)


def resend_all(deliveries: QuerySet[NotificationDelivery]) -> QuerySet[NotificationDelivery]:
    """Post these once more as far as they can be; those."""
    keys = list(resendable(deliveries).values_list("pk", flat=True))
    resent = NotificationDelivery.objects.filter(pk__in=keys)
    _post_now(resent)
    return resent


def recover(endpoint: Endpoint, since: datetime) -> int:
    """Have all posted that has not arrived there since then, that of the time when it was off too; how many."""
    using, last = settings.DATABASE, 0
    news = Notification.objects.using(using).filter(created_at__gte=since, due_at=None).order_by("pk")
    while batch := list(news.filter(pk__gt=last)[: fanout.BATCH]):
        last = batch[-1].pk
        _address(batch, endpoint, using)
    waiting = endpoint.deliveries.filter(notification__created_at__gte=since)
    return _post_now(waiting.exclude(state=NotificationDelivery.State.DELIVERED))


def _address(batch: list[Notification], endpoint: Endpoint, using: str) -> None:
    """Make the deliveries to this endpoint that are missing."""
    heard = fanout.endpoints_of(batch, using)
    missed = [notification for notification in batch if endpoint in heard[notification.pk]]
    with transaction.atomic(using=using):
        bodies.freeze(missed, using)
        deliveries = [each for notification in missed for each in fanout.to_endpoints(notification, [endpoint])]
        NotificationDelivery.objects.using(using).bulk_create(deliveries, ignore_conflicts=True)


def _post_now(deliveries: Any) -> int:
    values = {"due_at": clock.now(), "attempts": 0, "state": NotificationDelivery.State.PENDING}
    count: int = deliveries.update(**values)
    doorbell.ring(settings.DATABASE)
    return count


@sensitive_variables("secret")
def _check_secret(endpoint: Endpoint, secret: str) -> None:
    if endpoint.scheme == Endpoint.Scheme.CRONOFY:
        return
    if not signing.is_secret(secret):
        message = _("The secret must be whsec_ and base64 of 24 to 64 bytes.")
        raise ValidationError({"secret": [ValidationError(message, code="invalid")]})
