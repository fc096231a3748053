"""The upsert in each vendor's words. What it does is tested on the real databases; here is what no other test reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.registration import Request, Snapshot
from conferencing_app.services import upsert, wanted
from tests.hosts.models import Lesson
from tests.hosts.wanted import lesson


def statement(vendor: str) -> upsert.Statement:
    quote = {"mysql": "`%s`"}.get(vendor, '"%s"')
    return upsert.Statement(vendor, lambda name: quote % name)


def shape(**values: Any) -> upsert.Shape:
    given = ("event_model", "event_key", "due_at", "created_at")
    usual = {"request": False, "snapshot": True, "may_create": True, "given": given, "timed": frozenset(given[2:])}
    return upsert.Shape(**{**usual, **values})


@pytest.mark.parametrize("request_", [None, Request("none"), Request("explicit", "https://meet.example", "Ours")])
@pytest.mark.parametrize("attach", [None, "default"])
@pytest.mark.parametrize("snapshot", [True, False])
def test_parameters_fit_their_places(request_: Request | None, attach: str | None, snapshot: bool) -> None:
    taken = Lesson.conferencing.snapshot(lesson(None, cancelled=True)) if snapshot else None
    for is_new in (False, True):
        sql, params = wanted.prepare(wanted.Want("hosts.lesson", "1", request_, taken, attach, is_new), connection)
        assert sql.replace("%%", "").count("%s") == len(params)
        assert ("WHERE EXISTS" in sql) == (attach is None and request_ is None)


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite", "mysql"])
def test_a_row_that_may_not_be_made_comes_from_a_select(vendor: str) -> None:
    sql = statement(vendor).build(shape(may_create=False))
    assert " VALUES (" not in sql
    assert ("FROM DUAL WHERE EXISTS" in sql) == (vendor == "mysql")


def test_the_words_follow_the_clock() -> None:
    now = upsert.sql(connection, shape())
    with clock.travel(timedelta(days=1)):
        later = upsert.sql(connection, shape())
    assert now != later
    assert upsert.sql(connection, shape()) is now


@pytest.mark.parametrize("given", [{"request": True}, {}, {"snapshot": False}, {"request": True, "snapshot": False}])
def test_mysql_assigns_last_what_other_assignments_look_at(given: dict[str, Any]) -> None:
    """It works from left to right: a column that is assigned already has lost its old value."""
    made = statement("mysql")
    asked = shape(**given)
    sets = list(made._sets(asked, made._changed(asked)).items())
    for position, (name, _) in enumerate(sets):
        assert [later for later, sql in sets[position + 1 :] if made.old(name) in sql] == []


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_nothing_is_written_where_nothing_changed(vendor: str) -> None:
    sql = statement(vendor).build(shape())
    assert sql.index("ON CONFLICT") < sql.rindex(" WHERE (")
    assert '"digest" <> excluded."digest"' in sql.rpartition(" WHERE (")[2]


def test_its_columns_are_those_of_a_request() -> None:
    assert tuple(Request("none").columns()) == upsert.REQUEST


def test_every_column_that_can_not_be_null_is_given() -> None:
    sql = upsert.sql(connection, shape())
    columns = sql[sql.index("(") + 1 : sql.index(")")].split(", ")
    expected = [
        connection.ops.quote_name(str(field.column))
        for field in Conference._meta.concrete_fields
        if not field.primary_key and not field.null
    ]
    assert set(shape().given) >= {"due_at", "created_at"}
    expected += [connection.ops.quote_name("due_at")]
    assert sorted(columns) == sorted(expected)


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite", "mysql"])
def test_the_statement_for_a_new_event_is_a_short_one_that_changes_nothing(vendor: str) -> None:
    """Most saves that bring work are of new events, and a database reads each statement anew."""
    made = statement(vendor)
    short, whole = made.build(shape(is_new=True)), made.build(shape())
    assert len(short) < len(whole) / 2
    assert short.endswith(" DO NOTHING" if vendor != "mysql" else f" UPDATE `event_key` = {made.old('event_key')}")


@pytest.mark.parametrize("request_", [False, True])
def test_psycopg_keeps_what_it_has_worked_out_of_the_statement_for_a_new_event(request_: bool) -> None:
    """It does so only for those of up to 4,096 bytes, and else takes each apart once more for each save."""
    columns = ("public_id", "event_model", "event_key", *upsert.REQUEST, *Snapshot._fields, "digest", "stale")
    asked = shape(given=(*columns, "due_at", "created_at"), request=request_, is_new=True)
    assert len(statement("postgresql").build(asked)) < 4096
