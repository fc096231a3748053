"""What a host's model does around its own methods once it has a ConferencingField."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, router, transaction

from conferencing_app.failpoints import failpoint
from conferencing_app.registration import along

MARK = "_conferencing_wrapped"


def wrap(model: type[models.Model]) -> None:
    wrap_method(model, "save_base", _atomic_save)
    wrap_method(model, "clean_fields", _clean_event)


def wrap_method(model: type[models.Model], name: str, wrapper: Callable[..., Any]) -> None:
    """Wrap one of the model's methods, unless a parent's that it inherits is wrapped already."""
    if not any(hasattr(vars(base).get(name), MARK) for base in model.__mro__):
        wrapped = wrapper(getattr(model, name))
        setattr(wrapped, MARK, True)
        setattr(model, name, wrapped)


def _field_of(instance: Any) -> Any:
    # Any private field that can answer; a child class that declared another one is asked by its own.
    return next(field for field in instance._meta.private_fields if hasattr(field, "validate_request"))


def _atomic_save(original: Callable[..., None]) -> Callable[..., None]:
    """One transaction around the event and its wanted conference, as Django has none around a plain save; none where
    the event's own statement takes the conference along."""

    @wraps(original)
    def save_base(
        self: Any,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> None:
        arguments = {"force_insert": force_insert, "force_update": force_update, "update_fields": update_fields}
        using = using or router.db_for_write(type(self), instance=self)
        if raw:
            original(self, raw=True, using=using, **arguments)
            return
        field = _field_of(self)
        # Before the transaction, so that a refusal does not spoil the one that the host may have opened.
        field.validate_request(self)
        if along.is_possible(field, self, using, arguments):
            along.ask(self)
            try:
                original(self, using=using, **arguments)
            finally:
                along.end(self)
        else:
            with transaction.atomic(using=using, savepoint=False):
                original(self, using=using, **arguments)
                failpoint("save.before_commit")
        failpoint("save.after_commit")

    return save_base


def _clean_event(original: Callable[..., None]) -> Callable[..., None]:
    """full_clean() also says what is wrong with the event's times."""

    @wraps(original)
    def clean_fields(self: Any, exclude: Any = None) -> None:
        errors: dict[str, Any] = {}
        try:
            original(self, exclude=exclude)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if not errors:  # the times can be compared only where each is good by itself
            errors = _field_of(self).clean_event(self, exclude)
        if errors:
            raise ValidationError(errors)

    return clean_fields
