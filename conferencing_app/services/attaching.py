"""The wanted side: what an event says is written down, in the event's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.apps import apps
from django.db import transaction

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.failpoints import failpoint
from conferencing_app.models import Conference, Meeting
from conferencing_app.registration import ConferencingField, Request, Snapshot, along, field_for, subscriptions
from conferencing_app.services import wanted
from conferencing_app.services.subscribing import subscribe, unsubscribe

# What reading an event afresh may change.
READ_FROM_EVENT = (
    *Snapshot._fields,
    *("digest", "stale", "state", "cause_code", "cause_since", "join_url", "provider", "passcode", "dial_in"),
    *("assigned_at", "asked_at"),
)


def want(
    event: Any, field: ConferencingField, *, created: bool, update_fields: frozenset[str] | None, using: str
) -> None:
    """Record what the event wants: one statement, no query of the host's tables.

    On another alias than the app's own it is written when the event's transaction commits. Only where the event is not
    all in memory and was saved elsewhere than the router says, where no worker would look, is it read back at once.
    """
    request = field.pending(event)
    is_taken = created and along.is_taken(event)  # not the host's receiver that saves it once more
    if is_taken and request is None and subscriptions.pending(field, event) is None:
        doorbell.ring(using)
        return
    failpoint("save.before_wanted")
    _subscribe(event, field, using)
    if update_fields is not None and request is None and not field.touches(update_fields):
        return
    snapshot = field.snapshot_in_memory(event) if update_fields is None else None
    told = wanted.Want(field.model_label, field.key_of(event), request, snapshot, field.attach, created)
    unseen = snapshot is None and using != field.alias
    _with_event(partial(_record_as_stored, told, field, using) if unseen else partial(_record, told), using)
    if request is not None:
        field.saved(event, request, using)


def forget(event: Any, field: ConferencingField, using: str) -> None:
    """The event is deleted: its meetings are to be removed, what the removal needs stays until that is done."""
    _with_event(partial(_forget, field.model_label, field.key_of(event), field.attach), using)


def read_afresh(conference: Conference) -> bool:
    """Read the event of a stale row again and write it down, into ``conference`` too; an event gone is forgotten.

    False when the row has moved on meanwhile: a later save knows better. Raises LookupError when the event's model
    is not installed, and what the host's own functions raise.
    """
    model: Any = apps.get_model(conference.event_model)
    field = field_for(model)
    if field is None:
        raise LookupError(f"{conference.event_model} has no ConferencingField any more.")
    event = model._base_manager.using(field.alias).filter(pk=conference.event_key).first()
    if event is None:
        _forget(conference.event_model, conference.event_key, field.attach)
        return False
    if not _write(conference, field.snapshot(event)):
        return False
    # Neither version nor fence: they stay those that the caller holds.
    conference.refresh_from_db(using=settings.DATABASE, fields=READ_FROM_EVENT)
    return True


def write_batch(field: ConferencingField, keys: list[str], load: Callable[[], Iterable[Any]]) -> tuple[int, int]:
    """Bring the conferences of these events up to date, in one transaction: how many were created, and updated.

    The rows are locked before ``load`` reads the events: a save that changes an event meanwhile waits with its own
    statement until this is done, finds what it did, and wins. Also one that would have changed nothing before.
    """
    using = settings.DATABASE
    with transaction.atomic(using=using):
        rows = Conference.objects.using(using).filter(event_model=field.model_label, event_key__in=keys).order_by("pk")
        rows = rows.select_for_update()
        known = {conference.event_key: conference for conference in rows}
        missing: list[Any] = []
        updated = 0
        for event in load():
            conference = known.get(field.key_of(event))
            if conference is None:
                missing.append(event)
            elif field.attach or not conference.event_deleted:
                updated += _update(conference, field.snapshot(event))
        created = _create(missing, field) if field.attach and missing else 0
        if created or updated:
            doorbell.ring(using)
    return created, updated


def _create(events: list[Any], field: ConferencingField) -> int:
    told = (
        wanted.Want(field.model_label, field.key_of(event), None, field.snapshot(event), field.attach)
        for event in events
    )
    rows = [Conference(**wanted.new_values(one)) for one in told]
    # A save that came between has made the row, and knows better.
    return len(Conference.objects.using(settings.DATABASE).bulk_create(rows, ignore_conflicts=True))


def _update(conference: Conference, snapshot: Snapshot) -> bool:
    """Write the snapshot and wake a worker, if it says anything new."""
    if conference.digest == snapshot.digest() and not conference.stale:
        return False
    return _write(conference, snapshot, version=wanted.NEXT_VERSION, due_at=clock.now(), attempts=0)


def _write(conference: Conference, snapshot: Snapshot, **more: Any) -> bool:
    values = {**snapshot.columns(), "digest": snapshot.digest(), "stale": False, "event_deleted": False}
    if snapshot.cancelled != conference.cancelled or conference.event_deleted:
        values |= wanted.shown_columns(conference.profile_request, conference.explicit_join_url, snapshot.cancelled)
    same_version = Conference.objects.using(settings.DATABASE).filter(pk=conference.pk, version=conference.version)
    return bool(same_version.update(**values, **more))


def _subscribe(event: Any, field: ConferencingField, using: str) -> None:
    wanted_ones = subscriptions.pending(field, event)
    if wanted_ones is None:
        return
    _with_event(partial(subscribe, field.model_label, field.key_of(event), wanted_ones, settings.DATABASE), using)
    subscriptions.saved(field, event, using)


def _with_event(write: Any, using: str) -> None:
    if using == settings.DATABASE:
        write()
    else:
        transaction.on_commit(write, using=using)


def _record(told: wanted.Want) -> None:
    if wanted.write(told, settings.DATABASE):
        doorbell.ring(settings.DATABASE)


def _record_as_stored(told: wanted.Want, field: ConferencingField, using: str) -> None:
    model: Any = field.declared_on
    event = model._base_manager.using(using).filter(pk=told.event_key).first()
    if event is not None:  # else its deletion has been recorded, or will be
        _record(told._replace(snapshot=field.snapshot(event)))


def _forget(event_model: str, event_key: str, attach: str | None) -> None:
    """The request goes back to that of a new event, since another event may come to have the same key."""
    using = settings.DATABASE
    values = wanted.shown_columns(Conference.Request.NONE, "", cancelled=False)
    values |= Request(attach or Conference.Request.NONE).columns()
    values |= {"event_deleted": True, "stale": False, "digest": ""}
    values |= {"version": wanted.NEXT_VERSION, "due_at": clock.now(), "attempts": 0}
    with transaction.atomic(using=using, savepoint=False):
        known = Conference.objects.using(using).filter(
            event_model=event_model, event_key=event_key, event_deleted=False
        )
        if known.update(**values):
            meetings = Meeting.objects.using(using).filter(
                conference__event_model=event_model, conference__event_key=event_key
            )
            meetings.doom()
            unsubscribe(event_model, event_key, using)
            doorbell.ring(using)
