"""Who is to hear of an event, in the JSON of the wire: ``[{"type": "webhook", "uri": …, "interactions": […]}]``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, cast

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conferencing_app import addresses
from conferencing_app.conf import settings

WEBHOOK = "webhook"
INTERACTIONS = ("conferencing_assigned", "conferencing_failing")
KEYS = ("type", "uri", "interactions")
URL_LENGTH = 2000
MOST = 10


class Subscription(NamedTuple):
    """A subscription that was checked; ``types`` in the order of the alphabet."""

    uri: str
    types: tuple[str, ...]


def attribute(field: Any) -> property:
    """The attribute for a field's model. A property, so that Model(...) and create(...) take it by name."""
    return property(partial(_stored, field), partial(_assign, field))


def pending(field: Any, event: Any) -> tuple[Subscription, ...] | None:
    """The subscriptions that wait for a save; None where none were assigned."""
    return cast(Any, event._state.fields_cache.get(field.subscriptions_name))


def saved(field: Any, event: Any, using: str) -> None:
    """A save has stored them. They are settled by the commit: the host may repeat a transaction that failed."""
    written = pending(field, event)

    def settle() -> None:
        if pending(field, event) is written:
            event._state.fields_cache.pop(field.subscriptions_name, None)

    transaction.on_commit(settle, using=using)


def _assign(field: Any, event: Any, value: Any) -> None:
    event._state.fields_cache[field.subscriptions_name] = parse(value, field.subscriptions_name)


def _stored(field: Any, event: Any) -> list[dict[str, Any]]:
    # By name, as this floor lies below the models.
    endpoints = apps.get_model("conferencing_app", "Endpoint").objects.using(settings.DATABASE)
    stored = endpoints.filter(event_model=field.model_label, event_key=field.key_of(event)).order_by("pk")
    return [on_the_wire(endpoint.url, endpoint.types) for endpoint in stored]


def parse(value: Any, name: str) -> tuple[Subscription, ...]:
    """The subscriptions in ``value``; an empty list ends those that there are.

    ``name`` is the name of the attribute on the host's model. Raises ValidationError by dotted key
    (``conferencing_subscriptions.0.uri``), its codes required, invalid and not_recognized; ImproperlyConfigured where
    there is no secret to sign with.
    """
    if not isinstance(value, (list, tuple)) or len(value) > MOST:
        raise _error(name, _("Assign a list of at most %(most)d subscriptions."), "invalid", most=MOST)
    if value and not settings.WEBHOOK_SECRETS:
        raise ImproperlyConfigured(
            "Subscriptions are signed with CONFERENCING_WEBHOOK_SECRETS, which is empty. "
            "`manage.py conferencing_doctor --init` prints a line to paste."
        )
    return tuple(_one(each, f"{name}.{index}") for index, each in enumerate(value))


def on_the_wire(uri: str, types: Iterable[str]) -> dict[str, Any]:
    """A stored subscription as it reads on the wire."""
    return {"type": WEBHOOK, "uri": uri, "interactions": [{"type": each} for each in types]}


def check_endpoint_url(url: Any, key: str) -> None:
    """Raises ValidationError under this key for a URL that can't be posted to."""
    if not isinstance(url, str) or len(url) > URL_LENGTH:
        raise _error(key, _("The address must be a text of at most %(most)d characters."), "invalid", most=URL_LENGTH)
    objection = addresses.objection(url, allow_http=bool(settings.WEBHOOK_NETWORKS))
    if objection:
        raise _error(key, _("The address can't be used: %(objection)s."), "invalid", objection=objection)


def _one(value: Any, name: str) -> Subscription:
    if not isinstance(value, Mapping):
        raise _error(name, _("A subscription is a mapping with type, uri and interactions."), "invalid")
    for key in value:
        if key not in KEYS:
            message = _('"%(key)s" is not taken; possible: %(allowed)s.')
            raise _error(f"{name}.{key}", message, "not_recognized", key=key, allowed=", ".join(KEYS))
    for key in KEYS:
        if not value.get(key):
            raise _error(f"{name}.{key}", _("%(key)s must be specified."), "required", key=key)
    if value["type"] != WEBHOOK:
        raise _error(f"{name}.type", _('The only type is "webhook".'), "not_recognized")
    check_endpoint_url(value["uri"], f"{name}.uri")
    return Subscription(value["uri"], _interactions(value["interactions"], f"{name}.interactions"))


def _interactions(value: Any, key: str) -> tuple[str, ...]:
    types = {each.get("type") if isinstance(each, Mapping) else None for each in value} if _is_list(value) else {None}
    if not types <= set(INTERACTIONS):
        message = _("Interactions are a list of mappings with a type: %(allowed)s.")
        raise _error(key, message, "not_recognized", allowed=", ".join(INTERACTIONS))
    return tuple(one for one in INTERACTIONS if one in types)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _error(key: str, message: Any, code: str, /, **params: Any) -> ValidationError:
    return ValidationError({key: [ValidationError(message, code=code, params=params or None)]})
