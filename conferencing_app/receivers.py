"""Listens to saves and deletes of registered models, and of no others: a global listener would slow their deletes.

And to what makes or finds the database's function that makes saves quicker.
"""

from __future__ import annotations

from typing import Any, cast

from django.apps import apps
from django.db import models
from django.db.backends.signals import connection_created
from django.db.models.signals import post_delete, post_migrate, post_save

from conferencing_app.registration import ConferencingField, field_for, registered_models
from conferencing_app.registration.wrapping import wrap_method
from conferencing_app.services import attaching, function, inserting
from conferencing_app.signals import model_registered


def connect() -> None:
    """Listen to every model registered so far, and to those still to come."""
    for model in registered_models():
        listen(model)
    model_registered.connect(listen_later, dispatch_uid="conferencing_app.receivers")
    connection_created.connect(function.look, dispatch_uid="conferencing_app.function")
    post_migrate.connect(
        function.make, sender=apps.get_app_config("conferencing_app"), dispatch_uid="conferencing_app.function"
    )


def listen_later(sender: Any, field: ConferencingField, **_: Any) -> None:
    listen(sender, field)


def listen(model: type[models.Model], field: ConferencingField | None = None) -> None:
    """Saves by every class; deletes by the declaring one and its proxies, as a deleted child deletes its parent too."""
    field = field or cast(ConferencingField, field_for(model))
    wrap_method(model, "_do_insert", inserting.take_along)
    post_save.connect(event_saved, sender=model, dispatch_uid="conferencing_app.event_saved")
    declared_on = cast(type[models.Model], field.declared_on)
    if model._meta.concrete_model is declared_on._meta.concrete_model or model is declared_on:
        post_delete.connect(event_deleted, sender=model, dispatch_uid="conferencing_app.event_deleted")


def event_saved(sender: Any, instance: Any, created: bool, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if raw:  # loaddata: the fixture may hold the event before what it refers to
        return
    field = cast(ConferencingField, field_for(sender))
    attaching.want(instance, field, created=created, update_fields=update_fields, using=using)
    instance._state.fields_cache.pop(field.cache_name, None)


def event_deleted(sender: Any, instance: Any, using: str, **_: Any) -> None:
    field = cast(ConferencingField, field_for(sender))
    attaching.forget(instance, field, using)
    instance._state.fields_cache.pop(field.cache_name, None)
