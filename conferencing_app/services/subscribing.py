"""Who hears of a single event by webhook: what the host assigned, written down with the event."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Value
from django.db.models.functions import Concat

from conferencing_app import clock
from conferencing_app.models import Endpoint
from conferencing_app.registration import Subscription


def subscribe(event_model: str, event_key: str, subscriptions: Sequence[Subscription], using: str) -> None:
    """Who hears of this event from now on: these, and nobody who did before. Call it in the event's transaction.

    One that stays keeps what is on its way to it.
    """
    known = Endpoint.objects.using(using).filter(event_model=event_model, event_key=event_key)
    wanted = {(subscription.uri, subscription.types) for subscription in subscriptions}
    present = {(endpoint.url, tuple(endpoint.types)): endpoint for endpoint in known}
    known.filter(pk__in=[endpoint.pk for at, endpoint in present.items() if at not in wanted]).delete()
    for url, types in sorted(wanted - set(present)):
        endpoint = Endpoint(url=url, types=list(types), event_model=event_model, event_key=event_key)
        endpoint.created_at = clock.now()
        endpoint.save(using=using, force_insert=True)


def unsubscribe(event_model: str, event_key: str, using: str) -> None:
    """The event is deleted: another that comes to have its key is nobody's news here. What is on its way still goes."""
    known = Endpoint.objects.using(using).filter(event_model=event_model, event_key=event_key)
    known.update(event_key=Concat(Value("deleted:"), F("public_id")))
