"""What a save knows of its event, and the row that it makes or changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import F

from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.registration import Request, Snapshot
from conferencing_app.services.upsert import DEFAULTS, Shape, sql

NEXT_VERSION = F("version") + 1


class Want(NamedTuple):
    """What one save knows. ``request`` None: as it was. ``snapshot`` None: the event is to be read afresh.

    ``attach`` is the request of a new event that asks for nothing; None means that it gets no row. ``is_new``: the
    event was just made, so that it has none yet, unless another had its key before.
    """

    event_model: str
    event_key: str
    request: Request | None
    snapshot: Snapshot | None
    attach: str | None
    is_new: bool = False

    @property
    def may_create(self) -> bool:
        return self.attach is not None or self.request is not None


def write(want: Want, using: str) -> bool:
    """Record it in one statement, a short one for a new event. Whether anything changed: an event saved as it was
    wakes nobody."""
    connection = connections[using]
    if want.is_new and want.may_create:
        if _execute(want, connection):
            return True
        want = want._replace(is_new=False)
    return _execute(want, connection)


def _execute(want: Want, connection: Any) -> bool:
    statement, params = prepare(want, connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        # A row that stays as it was counts as one on MySQL, as a new one does; but only a new one brings a new id.
        unchanged = connection.vendor == "mysql" and cursor.rowcount == 1 and not cursor.lastrowid
        return cursor.rowcount != 0 and not unchanged


def prepare(want: Want, connection: Any) -> tuple[str, list[Any]]:
    """The statement and its parameters."""
    # What a new row has by itself is not sent: of most events that is half of all columns.
    given = {name: value for name, value in new_values(want).items() if value != DEFAULTS[name]}
    timed = frozenset(name for name, value in given.items() if isinstance(value, clock.Now))
    params = [adapted(name, value, connection) for name, value in given.items() if name not in timed]
    if not want.may_create:
        params += [want.event_model, want.event_key]
    shape = Shape(
        want.request is not None,
        want.snapshot is not None,
        want.may_create,
        tuple(given),
        timed,
        want.is_new and want.may_create,
    )
    return sql(connection, shape), params


def adapted(name: str, value: Any, connection: Any) -> Any:
    """The value as this column's statement takes it."""
    # Asking the column costs as much as sending the value, and of most there is nothing to ask. But a person's key may
    # be stored in another form than the one that it is known by.
    if name != "owner_id" and type(value) in (str, int, bool):
        return value
    if type(value) is datetime:
        return connection.ops.adapt_datetimefield_value(value)
    column: Any = Conference._meta.get_field(name)
    return column.get_db_prep_save(value, connection)


def shown_columns(profile_request: str, explicit_join_url: str, cancelled: bool) -> dict[str, Any]:
    """The shown side of a conference that starts anew, by column."""
    state, cause, join_url = Conference.State.PENDING, "", ""
    if cancelled:
        state, cause = Conference.State.NOT_MADE, "cancelled"
    elif profile_request == Conference.Request.NONE:
        state, cause = Conference.State.NOT_MADE, "removed"
    elif profile_request == Conference.Request.EXPLICIT:
        state, join_url = Conference.State.ASSIGNED, explicit_join_url
    return {
        "state": state,
        "cause_code": cause,
        "cause_since": clock.now() if cause else None,
        "join_url": join_url,
        "provider": "",
        "passcode": "",
        "dial_in": [],
        "host_deletions": 0,
        "assigned_at": clock.now() if state == Conference.State.ASSIGNED else None,
        "asked_at": clock.now(),
    }


def new_values(want: Want) -> dict[str, Any]:
    """Values by column (attname) for an event without a conference; some are the expression of the database's time. The
    columns that are not named take their defaults."""
    request = want.request or Request(want.attach or Conference.Request.NONE)
    values = {"public_id": Conference._meta.get_field("public_id").get_default()}
    values |= {"event_model": want.event_model, "event_key": want.event_key, **request.columns()}
    cancelled = want.snapshot is not None and want.snapshot.cancelled
    if want.snapshot is not None:
        values |= {**want.snapshot.columns(), "digest": want.snapshot.digest()}
    if cancelled or request.profile_id in (Conference.Request.NONE, Conference.Request.EXPLICIT):
        values |= shown_columns(request.profile_id, request.join_url, cancelled)
    now = clock.now()
    return values | {"stale": want.snapshot is None, "due_at": now, "created_at": now}
