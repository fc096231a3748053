"""Reading one argument of the field from an event: by attribute path, or by calling the host's function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist, ValidationError
from django.db import connections, models
from django.utils import timezone

# An attribute path ("room.owner"), a function of the event, or nothing.
Source = str | Callable[[Any], Any] | None


class NotInMemory(Exception):
    """The event is not all in memory: reading it would need a query, or the database alone knows a value."""


_loaded_only: ContextVar[bool] = ContextVar("conferencing_loaded_only", default=False)


@contextmanager
def in_memory_only() -> Iterator[None]:
    """Inside the block a query raises NotInMemory, and so does the block itself if somebody swallowed that.

    A save must not query the host's tables behind its back; whatever needs that is left to the worker.
    """
    refused = False

    def refuse(*_: Any) -> Any:
        nonlocal refused
        refused = True
        raise NotInMemory

    token = _loaded_only.set(True)
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(refuse))
        try:
            yield
        except Exception:
            if not refused:
                raise
        finally:
            _loaded_only.reset(token)
    if refused:
        raise NotInMemory


def value_of(event: Any, source: Source) -> Any:
    """What this argument is for the event; None where a relation on the way is None.

    Raises NotInMemory for an expression (``F()``) that only the database can evaluate.
    """
    if source is None:
        return None
    if callable(source):
        return source(event)
    value = event
    for name in source.split("."):
        if value is None:
            return None
        value = _step(value, name)
    return value


def owner_key(event: Any, source: Source) -> Any:
    """The primary key of the event's owner, or None; from the foreign key alone where the path ends in one.

    Raises TypeError when the owner is not a user, and NotInMemory as :func:`value_of` does.
    """
    if isinstance(source, str):
        path, _, last = source.rpartition(".")
        holder = value_of(event, path) if path else event
        if holder is None:
            return None
        field = concrete_field(type(holder), last)
        if field is not None and points_to_user(field):
            return field.target_field.to_python(_stored(holder, field))
    owner = value_of(event, source)
    if owner is None:
        return None
    user_model = get_user_model()
    if not isinstance(owner, user_model):
        raise TypeError(
            f"The owner of a {type(event).__name__} must be a {user_model.__name__} or None, "
            f"not {type(owner).__name__}: see owner={source!r} of its ConferencingField."
        )
    return owner.pk


def points_to_user(field: Any) -> bool:
    """Whether this is a foreign key whose stored value is a user's primary key."""
    if not field.is_relation or not (field.many_to_one or field.one_to_one):
        return False
    model: Any = field.related_model
    is_user = isinstance(model, type) and issubclass(get_user_model(), cast(Any, model)._meta.concrete_model)
    return is_user and field.target_field.primary_key


def concrete_field(model: Any, name: str) -> Any:
    """The model's field with a column by this name (or ``name_id``); None where it has none."""
    if not (isinstance(model, type) and issubclass(model, models.Model)):
        return None
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if getattr(field, "concrete", False) and not field.many_to_many else None


def _step(holder: Any, name: str) -> Any:
    field = concrete_field(type(holder), name)
    if field is not None and (not field.is_relation or name == field.attname):
        return _cleaned(field, _stored(holder, field))
    if _loaded_only.get() and field is not None and not field.is_cached(holder):
        return _absent(_stored(holder, field))
    try:
        value = getattr(holder, name)
    except ObjectDoesNotExist:  # a one-to-one relation seen from its other side
        return None
    if hasattr(value, "get_queryset") and hasattr(value, "all"):
        return list(value.all())
    return value() if callable(value) and not isinstance(value, type) else value


def _absent(key: Any) -> None:
    """The value of a relation that is not loaded: known only where there is none."""
    if key is not None:
        raise NotInMemory


def _stored(holder: Any, field: Any) -> Any:
    if _loaded_only.get() and (field.attname not in vars(holder) or field.generated):
        raise NotInMemory  # deferred, or what the database made of the columns as they were before
    value = getattr(holder, field.attname)
    if hasattr(value, "resolve_expression"):
        raise NotInMemory
    return value


def _cleaned(field: Any, value: Any) -> Any:
    """What the column will hold, where the host assigned something that Django converts on its way there."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, datetime):
        try:
            value = field.to_python(value)
        except ValidationError:
            return value
    if isinstance(field, models.DateTimeField) and isinstance(value, datetime) and timezone.is_naive(value):
        # As Django stores it; the event's own zone applies to times that have no column of their own.
        return timezone.make_aware(value, timezone.get_default_timezone())
    return value
