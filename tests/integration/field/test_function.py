"""The function by which PostgreSQL records a new event's conference: made by ``migrate``, done without where it is
missing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, connections, transaction

from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.registration import along
from conferencing_app.services import function
from tests.hosts.wanted import lesson, rolled_back, row
from tests.integration.field.test_along import APART, IN_ONE, statements

pytestmark = pytest.mark.django_db(transaction=True)
ALONG = ["INSERT"] if IN_ONE else APART


@pytest.fixture
def owner(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("alice")


def functions() -> list[str]:
    if not IN_ONE:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE starts_with(proname, 'conferencing_')")
        return [name for (name,) in cursor.fetchall()]


def drop() -> None:
    with connection.cursor() as cursor:
        for name in functions():
            cursor.execute(f"DROP FUNCTION {name}")


def learn_anew() -> None:
    """As a process that has just started."""
    along.ready.clear()
    function._looked.clear()
    connection.close()


@pytest.fixture
def missing() -> Iterator[None]:
    drop()
    learn_anew()
    yield
    call_command("migrate", verbosity=0)


def test_a_process_knows_from_its_first_connection_that_it_is_there(owner: Any) -> None:
    learn_anew()
    connection.ensure_connection()
    assert statements(lesson(owner)) == ALONG


def test_without_it_the_event_is_saved_with_a_statement_of_ours(owner: Any, missing: None) -> None:
    event = lesson(owner)
    assert statements(event) == APART
    assert row(event).summary == "Algebra"


def test_migrate_makes_it_where_it_is_missing(owner: Any, missing: None) -> None:
    call_command("migrate", verbosity=0)
    made = functions()
    assert len(made) == (1 if IN_ONE else 0)
    assert statements(lesson(owner)) == ALONG
    call_command("migrate", verbosity=0)
    assert functions() == made


def test_what_was_made_in_a_transaction_may_come_to_nothing(owner: Any, missing: None) -> None:
    with rolled_back():
        call_command("migrate", verbosity=0)
    assert functions() == []
    assert statements(lesson(owner)) == APART


@pytest.fixture
def direct() -> Iterator[str]:
    """Another alias of the same database, as sites have one that is for migrating."""
    other: Any = type(connections["default"])(connection.settings_dict, "direct")
    other.ensure_connection()  # before the alias is known: tests may only open those they were started with
    connections.settings["direct"] = connections.settings["default"]
    connections["direct"] = other
    yield "direct"
    other.close()
    del connections["direct"]
    del connections.settings["direct"]


@pytest.mark.postgresql
def test_whichever_alias_migrates(owner: Any, missing: None, direct: str) -> None:
    function.make(using=direct)
    learn_anew()
    connection.ensure_connection()
    assert statements(lesson(owner)) == ALONG


@pytest.fixture
def small_keys(monkeypatch: pytest.MonkeyPatch, missing: None) -> Iterator[None]:
    """People's keys are of a type that PostgreSQL makes of no number by itself, except for a column."""
    with monkeypatch.context() as patched:
        patched.setattr(Conference._meta.get_field("owner"), "db_type", lambda connection: "int2")
        function.function.cache_clear()
        yield
    function.function.cache_clear()
    drop()


def test_a_persons_key_may_be_of_any_type(owner: Any, small_keys: None) -> None:
    call_command("migrate", verbosity=0)
    event = lesson(owner)
    assert statements(event) == ALONG
    assert row(event).owner == owner


def test_a_function_that_vanishes_costs_one_save(owner: Any, missing: None) -> None:
    call_command("migrate", verbosity=0)
    drop()
    if IN_ONE:
        with pytest.raises(ProgrammingError), transaction.atomic():
            lesson(owner).save()
    assert statements(lesson(owner)) == APART
    assert Conference.objects.count() == 1


def test_a_role_that_may_make_none_can_migrate(owner: Any, missing: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "conferencing_app")
    with connection.cursor() as cursor:
        if IN_ONE:
            cursor.execute("SET default_transaction_read_only = on")
        call_command("migrate", verbosity=0, stdout=StringIO())
        if IN_ONE:
            cursor.execute("RESET default_transaction_read_only")
    assert [each.levelname for each in caplog.records] == (["WARNING"] if IN_ONE else [])
    assert statements(lesson(owner)) == APART


def test_what_a_new_row_has_not_by_itself_is_told(owner: Any) -> None:
    event = lesson(owner, cancelled=True, description="Bring paper", tzid="Europe/Berlin")
    assert statements(event) == ALONG
    conference = row(event)
    assert (conference.state, conference.cause_code) == ("not_made", "cancelled")
    assert (conference.description, conference.tzid, conference.cancelled) == ("Bring paper", "Europe/Berlin", True)
    assert conference.cause_since == conference.asked_at == conference.created_at


def test_time_travel_is_kept_out_of_it(owner: Any) -> None:
    event = lesson(owner)
    with clock.travel(timedelta(days=1)):
        event.save()
        assert row(event).created_at > clock.read("default") - timedelta(hours=1)
    assert len(functions()) == (1 if IN_ONE else 0)
