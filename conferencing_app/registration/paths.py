"""Whether the arguments of a field can be followed, as system checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from conferencing_app.registration.arguments import concrete_field, points_to_user


def check_paths(field: Any) -> Iterator[checks.CheckMessage]:
    """Errors for what can't work with this model, and for paths that name nothing."""
    yield from _check_model(field)
    for argument, source in field.sources.items():
        if isinstance(source, str):
            yield from _check_path(field, argument, source)
        elif source is not None and not callable(source):
            yield _error(field, "E012", f"{argument}={source!r} is neither a path nor a function.", argument)
    if isinstance(field.sources["owner"], str):
        yield from _check_owner(field, field.sources["owner"])


def _check_model(field: Any) -> Iterator[checks.CheckMessage]:
    model = field.declared_on
    if isinstance(model._meta.pk, getattr(models, "CompositePrimaryKey", ())):
        yield checks.Error(
            "A model with a composite primary key can't have a ConferencingField.",
            hint="Give the model a primary key of one column, such as: id = models.BigAutoField(primary_key=True)",
            obj=field,
            id="conferencing.E011",
        )
    if model._meta.proxy:
        yield checks.Error(
            "A proxy model can't declare a ConferencingField: saves and deletes by other classes would pass it by.",
            hint=f"Declare it on {model._meta.concrete_model._meta.label}; proxies inherit it.",
            obj=field,
            id="conferencing.E014",
        )

    names = [other.name for other in field.model._meta.private_fields if isinstance(other, type(field))]
    if len(names) > 1:
        yield checks.Error(
            f"{field.model.__name__} has several ConferencingFields ({', '.join(names)}): an event has one conference.",
            hint="Keep one; a child of a model that has one inherits it.",
            obj=field,
            id="conferencing.E016",
        )


def _check_path(field: Any, argument: str, path: str) -> Iterator[checks.CheckMessage]:
    model: Any = field.model
    for name in path.split("."):
        found = _field(model, name)
        if found is None and not hasattr(model, name):
            message = f"{argument}={path!r}: {model.__name__} has no {name!r}."
            yield _error(field, "E010", message, argument, model)
            return
        model = getattr(found, "related_model", None)
        if not isinstance(model, type):
            return  # a plain value or a property: what follows can only be known from an event


def _check_owner(field: Any, path: str) -> Iterator[checks.CheckMessage]:
    model: Any = field.model
    for name in path.split("."):
        found = concrete_field(model, name)
        if found is None:
            return
        if not found.is_relation:
            break
        model = found.related_model
    if not points_to_user(found) and not issubclass(get_user_model(), getattr(model, "__mro__", (object,))[0]):
        yield _error(field, "E013", f"owner={path!r} does not lead to a {get_user_model().__name__}.", "owner")


def _field(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _error(field: Any, number: str, message: str, argument: str, model: Any = None) -> checks.CheckMessage:
    """``model``: the one on the way that lacks a name, where it is not the event's."""
    model = model or field.model
    fields = f"{model.__name__}: " + ", ".join(sorted(f.name for f in model._meta.fields))
    return checks.Error(
        message,
        hint=f'{argument}="..." names a field, a property or a method ({fields}), '
        f"maybe several joined by dots; or give a function: {argument}=lambda event: ...",
        obj=field,
        id=f"conferencing.{number}",
    )
