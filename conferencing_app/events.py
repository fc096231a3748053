"""The host's tools for events that did not pass through ``save()``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import models

from conferencing_app.conf import settings
from conferencing_app.models import Conference
from conferencing_app.registration import ConferencingField, field_for
from conferencing_app.services import attaching

BATCH = 200


@dataclass(frozen=True)
class Synced:
    """How many events were looked at, got a conference, or had theirs brought up to date."""

    seen: int = 0
    created: int = 0
    updated: int = 0

    def __add__(self, other: Synced) -> Synced:
        return Synced(self.seen + other.seen, self.created + other.created, self.updated + other.updated)


def sync(queryset: models.QuerySet) -> Synced:
    """Do for these events what saving each would: after ``bulk_create()``, ``update()``, or for old rows.

    Events of a field with ``attach=None`` get no conference, but one that is there is brought up to date. Only what is
    not up to date costs a write; nothing of the host's is written, nor locked. Raises TypeError for a model without a
    ConferencingField.
    """
    field = registered_field(queryset.model)
    key = primary_key(field)
    keys = list(queryset.values_list(key, flat=True))
    total = Synced()
    for position in range(0, len(keys), BATCH):
        total += sync_batch(field, keys[position : position + BATCH], queryset.db)
    return total


def sync_batch(field: ConferencingField, keys: Sequence[Any], using: str) -> Synced:
    """The events with these primary keys, in one transaction."""
    model = cast(Any, field.declared_on)
    related = list(relations_on_the_way(field))

    def load() -> Iterator[Any]:
        events = model._base_manager.using(using).filter(pk__in=keys)
        return iter(events.select_related(*related) if related else events)

    created, updated = attaching.write_batch(field, [field.text_of(key) for key in keys], load)
    return Synced(len(keys), created, updated)


def failing(queryset: models.QuerySet) -> models.QuerySet:
    """Those of these events whose conference is failing: it is tried again, or waits for a person to act.

    Raises TypeError for a model without a ConferencingField.
    """
    field = registered_field(queryset.model)
    conferences = Conference.objects.using(settings.DATABASE).filter(
        event_model=field.model_label, event_deleted=False, state=Conference.State.FAILING
    )
    # As values, not as a subquery: the keys are text there, and may be in another database.
    keys = [field.value_of_text(text) for text in conferences.values_list("event_key", flat=True)]
    return queryset.filter(**{f"{primary_key(field)}__in": keys})


def registered_field(model: type[models.Model]) -> ConferencingField:
    """The model's field. Raises TypeError where it has none."""
    field = field_for(model)
    if field is None:
        raise TypeError(f"{model._meta.label} has no ConferencingField.")
    return field


def primary_key(field: ConferencingField) -> str:
    """The name of the declaring model's primary key; its proxies and children have it too."""
    return cast(Any, field.declared_on)._meta.pk.name


def relations_on_the_way(field: ConferencingField) -> Iterator[str]:
    """The foreign keys that the field's paths pass, for select_related()."""
    for source in field.sources.values():
        if not isinstance(source, str):
            continue
        model: Any = field.declared_on
        passed: list[str] = []
        for name in source.split(".")[:-1]:
            found = next((f for f in model._meta.concrete_fields if f.name == name and f.is_relation), None)
            if found is None:
                break
            passed.append(name)
            model = found.related_model
        if passed:
            yield "__".join(passed)
