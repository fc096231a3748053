"""ConferencingField: a private model field, as GenericForeignKey is. No column, no migration in the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.apps import apps
from django.core import checks
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router, transaction
from django.db.models.fields import Field
from django.db.models.fields.mixins import FieldCacheMixin
from django.utils.functional import cached_property

from conferencing_app import causes
from conferencing_app.conf import settings
from conferencing_app.registration import along, subscriptions, wrapping
from conferencing_app.registration import snapshot as snapshots
from conferencing_app.registration.arguments import (
    NotInMemory,
    Source,
    concrete_field,
    in_memory_only,
    owner_key,
)
from conferencing_app.registration.paths import check_paths
from conferencing_app.registration.request import DEFAULT, Request, not_yours, parse
from conferencing_app.signals import model_registered


class ConferencingField(FieldCacheMixin, Field):
    """Gives each event of the model a conference.

    Every argument but ``attach`` is an attribute path ("room.owner"; a method at its end is called) or a function of
    the event:

    - ``owner``: the user whose linked account makes the meeting, or None;
    - ``summary``, ``description``, ``location``, ``locale``, ``calendar``: texts;
    - ``start``, ``end``: datetimes. Naive ones are in the event's ``tzid``. Without an end it lasts 60 minutes;
    - ``tzid``: an IANA name or a ZoneInfo; the site's TIME_ZONE where it is empty;
    - ``attendees``: e-mail addresses, mappings with ``email`` and ``display_name``, or users;
    - ``cancelled``: true removes the meeting, turned back makes one again.

    ``attach="default"`` gives every saved event a conference; ``attach=None`` only those that ask. An event asks by
    ``event.conferencing = {"profile_id": "default"}`` before ``save()``; reading gives the stored ``Conference`` or
    None. Assigning None to an event that was never saved asks for nothing; to a saved one it is an error.

    ``event.conferencing_subscriptions = [...]`` before ``save()`` says who hears of this event by webhook: a list
    replaces those that there were. Reading gives those that are stored.
    """

    many_to_many = False
    many_to_one = True
    one_to_many = False
    one_to_one = False

    def __init__(
        self,
        *,
        owner: Source,
        summary: Source,
        start: Source,
        end: Source = None,
        description: Source = None,
        location: Source = None,
        tzid: Source = None,
        attendees: Source = None,
        calendar: Source = None,
        locale: Source = None,
        cancelled: Source = None,
        attach: str | None = DEFAULT,
    ) -> None:
        super().__init__(editable=False)
        if attach not in (DEFAULT, None):
            raise ValueError(f'attach must be "default" or None, not {attach!r}.')
        self.is_relation = True
        self.attach = attach
        self.sources: dict[str, Source] = {
            "owner": owner,
            "summary": summary,
            "start": start,
            "end": end,
            "description": description,
            "location": location,
            "tzid": tzid,
            "attendees": attendees,
            "calendar": calendar,
            "locale": locale,
            "cancelled": cancelled,
        }
        # The concrete model that declares the field: its label and key name an event, whatever class saves it.
        self.declared_on: type[models.Model] | None = None

    # Becoming part of a class ----------------------------------------------------------------------------------------

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = True) -> None:
        super().contribute_to_class(cls, name, private_only=True)
        setattr(cls, name, self)
        setattr(cls, self.subscriptions_name, subscriptions.attribute(self))
        if cls._meta.abstract:
            return
        if not getattr(self, "mti_inherited", False):
            self.declared_on = cls
        wrapping.wrap(cls)
        model_registered.send(sender=cls, field=self)
        for child in cls.__subclasses__():  # there are some already when the field comes late, by add_to_class
            if field_for(child) is None:
                inherited = cast(Any, type(self)).__copy__(self)
                inherited.mti_inherited = True
                cast(Any, child).add_to_class(name, inherited)

    def get_attname_column(self) -> tuple[str, None]:
        return self.get_attname(), None

    @property
    def cache_name(self) -> str:
        return self.name

    @property
    def pending_name(self) -> str:
        """Where the request that is not saved yet waits, beside the cached conference."""
        return f"{self.name} (request)"

    @property
    def subscriptions_name(self) -> str:
        """The attribute beside the field that holds who hears of the event; also where an assignment waits."""
        return f"{self.name}_subscriptions"

    @property
    def model_label(self) -> str:
        """How conferences name the model of their event."""
        return cast(type[models.Model], self.declared_on)._meta.label_lower

    @cached_property
    def is_plain(self) -> bool:
        return along.is_plain(self)

    @property
    def alias(self) -> str:
        """The database in which workers look for the events."""
        alias: str = router.db_for_write(cast(Any, self.declared_on))
        return alias

    def key_of(self, event: Any) -> str:
        """The event's primary key as text; empty for an event that has none yet."""
        return self.text_of(getattr(event, self._primary_key.attname))

    def text_of(self, value: Any) -> str:
        """A primary key's value as conferences hold it."""
        return "" if value is None else str(self._primary_key.to_python(value))

    def value_of_text(self, text: str) -> Any:
        """And back."""
        return self._primary_key.to_python(text)

    @property
    def _primary_key(self) -> Any:
        return cast(type[models.Model], self.declared_on)._meta.pk

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*cast(Any, self)._check_field_name(), *check_paths(self)]

    # Reading ---------------------------------------------------------------------------------------------------------

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        key = self.key_of(instance)
        fields_cache = instance._state.fields_cache
        cached = fields_cache.get(self.cache_name)
        if self.cache_name in fields_cache and (cached is None or cached.event_key == key):
            return cached
        conference = self._stored([key]).first() if key else None
        self.set_cached_value(instance, conference)
        return conference

    def _stored(self, keys: list[str]) -> models.QuerySet:
        # By name, as this floor lies below the models.
        conferences = apps.get_model("conferencing_app", "Conference").objects.using(settings.DATABASE)
        return conferences.filter(event_model=self.model_label, event_key__in=keys)

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """For prefetch_related(): one query for the conferences of all these events."""
        found = self._stored([self.key_of(instance) for instance in instances])
        if querysets:
            if len(querysets) != 1:
                raise ValueError("querysets argument of get_prefetch_querysets() should have a length of 1.")
            found = querysets[0].using(settings.DATABASE).filter(pk__in=found.values("pk"))
        return found, lambda conference: conference.event_key, self.key_of, True, self.cache_name, False

    # Asking ----------------------------------------------------------------------------------------------------------

    def __set__(self, instance: Any, value: Any) -> None:
        if value is None and instance._state.adding:
            instance._state.fields_cache.pop(self.pending_name, None)  # nothing is asked, nothing there to remove
            return
        instance._state.fields_cache[self.pending_name] = parse(value, self.name)

    def pending(self, event: Any) -> Request | None:
        """The request that waits for a save."""
        return cast(Request | None, event._state.fields_cache.get(self.pending_name))

    def saved(self, event: Any, request: Request, using: str) -> None:
        """A save has stored the request. It is settled by the commit: the host may repeat a transaction that failed."""
        written = request._replace(written=True)
        event._state.fields_cache[self.pending_name] = written

        def settle() -> None:
            if self.pending(event) is written:
                del event._state.fields_cache[self.pending_name]

        transaction.on_commit(settle, using=using)

    @property
    def _cached_names(self) -> tuple[str, ...]:
        return self.cache_name, self.pending_name, self.subscriptions_name

    def is_cached(self, instance: Any) -> bool:
        return any(name in instance._state.fields_cache for name in self._cached_names)

    def delete_cached_value(self, instance: Any) -> None:
        """Forget what was read, and what was asked and not saved: refresh_from_db() starts afresh."""
        for name in self._cached_names:
            instance._state.fields_cache.pop(name, None)

    # The event -------------------------------------------------------------------------------------------------------

    def snapshot(self, event: Any) -> snapshots.Snapshot:
        """What the event says now; may query. Raises NotInMemory for an unsaved ``F()``."""
        return snapshots.take(event, self.sources)

    def snapshot_in_memory(self, event: Any) -> snapshots.Snapshot | None:
        """The same without any query; None where that can't be."""
        try:
            with in_memory_only():
                return self.snapshot(event)
        except NotInMemory:
            return None

    def touches(self, update_fields: frozenset[str]) -> bool:
        """Whether a save of only these fields may change the snapshot."""
        for source in self.sources.values():
            if source is None:
                continue
            field = None if callable(source) else concrete_field(self.model, source.split(".")[0])
            if field is None or not update_fields.isdisjoint({field.name, field.attname}):
                return True
        return False

    def validate_request(self, event: Any) -> None:
        """Before a save that carries an assignment. Raises ValidationError naming what is wrong."""
        request = self.pending(event)
        if request is None or request.written:
            return
        for key, error in self.event_errors(event):
            raise ValidationError({key: [error]})
        if request.profile_user and str(owner_key(event, self.sources["owner"])) != request.profile_user:
            raise not_yours(self.name)

    def event_errors(self, event: Any) -> Iterator[tuple[str, ValidationError]]:
        """What is wrong with the event's own data, by the name of the host's field (or ``conferencing.<argument>``).

        An event without a time is no error: it may get one later.
        """
        taken = self.snapshot_in_memory(event)
        if taken is None or taken.event_cause in ("", "no_time"):
            return
        argument = snapshots.ARGUMENT_OF_CAUSE[taken.event_cause]
        source = self.sources[argument]
        field = concrete_field(self.model, source) if isinstance(source, str) else None
        key = field.name if field is not None else f"{self.name}.{argument}"
        yield key, ValidationError(str(causes.get(taken.event_cause).sentence), code=taken.event_cause)

    def clean_event(self, event: Any, exclude: Any = None) -> dict[str, list[ValidationError]]:
        """For full_clean(): errors by field, as far as the caller validates those fields at all."""
        found: dict[str, list[ValidationError]] = {}
        for key, error in self.event_errors(event):
            if "." not in key and key not in (exclude or ()):
                found.setdefault(key, []).append(error)
            elif "." in key and (not exclude or event._state.adding):
                found.setdefault(NON_FIELD_ERRORS, []).append(error)
        return found


def field_for(model: type[models.Model]) -> ConferencingField | None:
    """The model's ConferencingField, or None."""
    for field in model._meta.private_fields:
        if isinstance(field, ConferencingField):
            return field
    return None


def registered_models() -> list[type[models.Model]]:
    """Every installed model with a ConferencingField: proxies and children of multi-table inheritance too."""
    return [model for model in apps.get_models() if field_for(model) is not None]
