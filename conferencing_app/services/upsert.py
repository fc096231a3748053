"""The statement that records what an event wants, written by hand for each vendor.

The ORM's own upsert costs half as much again, and can neither say "version + 1" nor "due, but only if it changed".
It is kept short: what is sent with each save is read and planned by the database each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, cast

from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.registration import Snapshot

REQUEST = ("profile_request", "explicit_join_url", "explicit_description")
# What each column of a new row holds where nothing is given, by attname.
DEFAULTS = {field.attname: field.get_default() for field in Conference._meta.concrete_fields if not field.primary_key}
# Those that are NULL without being named.
NULLS = frozenset(name for name, value in DEFAULTS.items() if value is None)
# Which columns are given differs from event to event, but not much.
MOST_WORDED = 500


class Shape(NamedTuple):
    """What decides the wording: whether a request and a snapshot are given, and whether a row may be made.

    ``given`` are the columns (attnames) of a new row, in order, whose values are told; the others take their defaults.
    Of these, ``timed`` take the database's time. ``is_new``: there should be no row yet; one that is there is left
    alone, and it takes the other wording to change it.
    """

    request: bool
    snapshot: bool
    may_create: bool
    given: tuple[str, ...]
    timed: frozenset[str]
    is_new: bool = False


def sql(connection: Any, shape: Shape) -> str:
    """The upsert in this connection's dialect. Its parameters: the values of ``given`` that are not timed, the key,
    unless ``may_create``, once more."""
    # The offset is part of the database's time. Not keyed by the connection, which the cache would keep alive.
    key = (connection.vendor, shape, clock.offset)
    worded = _worded.get(key)
    if worded is None:
        if len(_worded) >= MOST_WORDED:
            _worded.clear()
        worded = _worded[key] = Statement(connection.vendor, connection.ops.quote_name).build(shape)
    return worded


# Wording costs more than the rest of a save's part in Python, and there are few shapes.
_worded: dict[tuple[str, Shape, timedelta], str] = {}


class Statement:
    """Words the upsert for one vendor."""

    def __init__(self, vendor: str, quote: Callable[[str], str]) -> None:
        self.mysql = vendor == "mysql"
        self.quote = quote
        self.now = clock.sql_now(vendor).replace("%", "%%")
        self.table = quote(Conference._meta.db_table)
        # A short name for the row that is there, which MySQL can't give.
        self.row = self.table if self.mysql else "was"

    def old(self, attname: str) -> str:
        return f"{self.row}.{self.quote(_column(attname))}"

    def new(self, attname: str) -> str:
        column = self.quote(_column(attname))
        return f"VALUES({column})" if self.mysql else f"excluded.{column}"

    def build(self, shape: Shape) -> str:
        changed = self._changed(shape)
        if self.mysql:
            kept = {"event_key": self.old("event_key")}  # it has no other word for doing nothing
            sets = kept if shape.is_new else self._sets(shape, changed)
            return f"{self._insert(shape)} ON DUPLICATE KEY UPDATE {self._assignments(sets)}"
        insert = f"{self._insert(shape)} {self._on_conflict()}"
        if shape.is_new:
            return f"{insert} NOTHING"
        return f"{insert} UPDATE SET {self._assignments(self._sets(shape, changed))} WHERE {changed}"

    def insert_new(self, given: dict[str, str]) -> str:
        """An INSERT of these, SQL by attname, and the defaults of all other columns, where there is no such row; not
        for MySQL."""
        return f"{self._insert_row(given)} {self._on_conflict()} NOTHING"

    def _on_conflict(self) -> str:
        return f"ON CONFLICT ({', '.join(self.quote(name) for name in ('event_model', 'event_key'))}) DO"

    def _insert(self, shape: Shape) -> str:
        given = {name: self.now if name in shape.timed else "%s" for name in shape.given}
        return self._insert_row(given, "" if shape.may_create else f"WHERE EXISTS ({self._same_event()})")

    def _insert_row(self, given: dict[str, str], where: str = "") -> str:
        values = {name: literal(value) for name, value in DEFAULTS.items() if name not in (*given, *NULLS)} | given
        names = ", ".join(self.quote(_column(name)) for name in values)
        row = ", ".join(values.values())
        source = f"SELECT {row} {'FROM DUAL ' if self.mysql else ''}{where}" if where else f"VALUES ({row})"
        called = "" if self.mysql else f" AS {self.row}"
        return f"INSERT INTO {self.table}{called} ({names}) {source}"

    def _assignments(self, sets: dict[str, str]) -> str:
        return ", ".join(f"{self.quote(_column(name))} = {value}" for name, value in sets.items())

    def _same_event(self) -> str:
        same = " AND ".join(f"{self.quote(name)} = %s" for name in ("event_model", "event_key"))
        return f"SELECT 1 FROM {self.table} WHERE {same}"  # noqa: S608  # names of our own columns, quoted

    def _changed(self, shape: Shape) -> str:
        if not shape.snapshot:
            return "TRUE"
        names = ["digest", *(REQUEST if shape.request else ())]
        differs = [f"{self._exact(self.old(name))} <> {self._exact(self.new(name))}" for name in names]
        return f"({' OR '.join([self.old('event_deleted'), self.old('stale'), *differs])})"

    def _exact(self, value: str) -> str:
        # MySQL's usual collations take "A" for "a".
        return f"CAST({value} AS BINARY)" if self.mysql else value

    def _sets(self, shape: Shape, changed: str) -> dict[str, str]:
        """SQL by column. MySQL assigns from left to right, so what others look at comes last."""
        shown = self._shown(shape)
        woken = {"version": f"{self.old('version')} + 1", "due_at": self.now, "attempts": "0"}
        woken["asked_at"] = shown.pop("asked_at")
        if self.mysql:  # which knows no WHERE here; the other columns keep their values by themselves
            woken = {name: f"IF({changed}, {value}, {self.old(name)})" for name, value in woken.items()}
        given = ["event_deleted", "stale"]
        given += Snapshot._fields if shape.snapshot else ()
        given += REQUEST if shape.request else ()
        given += ["digest"] if shape.snapshot else ()
        return {**woken, **shown, **{name: self.new(name) for name in given}}

    def _shown(self, shape: Shape) -> dict[str, str]:
        """The shown side: set by a cancellation or a request, made anew when one is taken back, else as it was."""
        request: Callable[[str], str] = self.new if shape.request else self.old
        reset = [self.old("event_deleted")]
        reset += [self.old("cancelled")] if shape.snapshot else []
        reset += [f"{self.old('profile_request')} <> {self.new('profile_request')}"] if shape.request else []

        is_cancelled = self.new("cancelled") if shape.snapshot else self.old("cancelled")
        emptied = " OR ".join([is_cancelled, f"{request('profile_request')} IN ('none', 'explicit')", *reset])

        def case(cancelled: str, none: str, explicit: str, anew: str, kept: str) -> str:
            return (
                f"CASE WHEN {is_cancelled} THEN {cancelled}"
                f" WHEN {request('profile_request')} = 'none' THEN {none}"
                f" WHEN {request('profile_request')} = 'explicit' THEN {explicit}"
                f" WHEN {' OR '.join(reset)} THEN {anew} ELSE {kept} END"
            )

        cause = case("'cancelled'", "'removed'", "''", "''", self.old("cause_code"))
        same_cause = f"WHEN {self.old('cause_code')} THEN {self.old('cause_since')}"
        kept_since = f"CASE WHEN {self.old('profile_request')} = 'explicit' THEN {self.old('assigned_at')} END"
        assigned_at = f"COALESCE({kept_since}, {self.now})"
        sets = {
            "asked_at": case(self.now, self.now, self.now, self.now, self.old("asked_at")),
            "assigned_at": case("NULL", "NULL", assigned_at, "NULL", self.old("assigned_at")),
            "cause_since": f"CASE {cause} {same_cause} WHEN '' THEN NULL ELSE {self.now} END",
            "join_url": case("''", "''", request("explicit_join_url"), "''", self.old("join_url")),
        }
        for name in ("provider", "passcode", "dial_in", "host_deletions"):
            # What no branch sets otherwise: as a new row has it.
            sets[name] = f"CASE WHEN {emptied} THEN {literal(DEFAULTS[name])} ELSE {self.old(name)} END"
        sets["state"] = case("'not_made'", "'not_made'", "'assigned'", "'pending'", self.old("state"))
        return {**sets, "cause_code": cause}


def _column(attname: str) -> str:
    return str(cast(Any, Conference._meta.get_field(attname)).column)


def literal(default: Any) -> str:
    """The default of one of our own columns in SQL: nothing, a flag, a number, a text, or an empty list as JSON."""
    if isinstance(default, str):
        return f"'{default}'"
    written = json.dumps(default)
    return f"'{written}'" if isinstance(default, list) else written
