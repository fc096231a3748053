"""Listens to saves and deletes of registered models, and of no others: a global listener would slow their deletes.

And to what makes or finds the database's function that makes saves quicker. What is then to be done is loaded with the
first of each, as a site that starts has nothing to save yet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, cast

from django.apps import apps
from django.db import models
from django.db.backends.signals import connection_created
from django.db.models.signals import post_delete, post_migrate, post_save

from conferencing_app import services
from conferencing_app.registration import ConferencingField, along, field_for, registered_models
from conferencing_app.registration.wrapping import wrap_method
from conferencing_app.signals import model_registered


def connect() -> None:
    """Listen to every model registered so far, and to those still to come."""
    for model in registered_models():
        listen(model)
    model_registered.connect(listen_later, dispatch_uid="conferencing_app.receivers")
    connection_created.connect(look_for_function, dispatch_uid="conferencing_app.function")
    post_migrate.connect(
        make_function, sender=apps.get_app_config("conferencing_app"), dispatch_uid="conferencing_app.function"
    )


def listen_later(sender: Any, field: ConferencingField, **_: Any) -> None:
    listen(sender, field)


def listen(model: type[models.Model], field: ConferencingField | None = None) -> None:
    """Saves by every class; deletes by the declaring one and its proxies, as a deleted child deletes its parent too."""
    field = field or cast(ConferencingField, field_for(model))
    wrap_method(model, "_do_insert", take_along)
    post_save.connect(event_saved, sender=model, dispatch_uid="conferencing_app.event_saved")
    declared_on = cast(type[models.Model], field.declared_on)
    if model._meta.concrete_model is declared_on._meta.concrete_model or model is declared_on:
        post_delete.connect(event_deleted, sender=model, dispatch_uid="conferencing_app.event_deleted")


def take_along(original: Callable[..., Any]) -> Callable[..., Any]:
    """Around a model's ``_do_insert``."""

    @wraps(original)
    def _do_insert(self: Any, manager: Any, using: str, *args: Any, **kwargs: Any) -> Any:
        insert = partial(original, self, manager, using, *args, **kwargs)
        return services.inserting.take_along(insert, self, using) if along.is_asked(self) else insert()

    return _do_insert


def event_saved(sender: Any, instance: Any, created: bool, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if raw:  # loaddata: the fixture may hold the event before what it refers to
        return
    field = cast(ConferencingField, field_for(sender))
    services.attaching.want(instance, field, created=created, update_fields=update_fields, using=using)
    instance._state.fields_cache.pop(field.cache_name, None)


def event_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    field = cast(ConferencingField, field_for(sender))
    services.attaching.forget(instance, field, using)
    instance._state.fields_cache.pop(field.cache_name, None)


def look_for_function(**told: Any) -> None:
    services.function.look(**told)


def make_function(**told: Any) -> None:
    services.function.make(**told)
