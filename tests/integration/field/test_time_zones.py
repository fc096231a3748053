"""A server, a session or a site whose time zone is not UTC: what is stored are the same instants."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from conferencing_app import clock
from conferencing_app.engine import claim
from conferencing_app.models import Conference
from tests.hosts.wanted import END, START, lesson, row

pytestmark = pytest.mark.django_db(transaction=True)

NEAR = timedelta(seconds=30)
LEASE_SECONDS = 600
SET_ZONE = {"postgresql": "SET TIME ZONE '{name}'", "mysql": "SET time_zone = '{offset}'"}
ZONES = [("UTC", "+00:00"), ("Asia/Kolkata", "+05:30"), ("America/St_Johns", "-03:30")]


@pytest.fixture(params=ZONES, ids=lambda zone: f"server-{zone[0]}")
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Connections start in this zone: name and offset. SQLite has that of the process."""
    name, offset = request.param
    options = {
        "postgresql": {"options": f"-c TimeZone={name}"},
        "mysql": {"init_command": f"SET time_zone = '{offset}'"},
    }
    for option, value in options.get(connection.vendor, {}).items():
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], option, value)
    monkeypatch.setenv("TZ", name)
    time.tzset()
    connection.close()
    yield name, offset
    monkeypatch.undo()
    time.tzset()
    connection.close()


@pytest.fixture
def session(server: tuple[str, str]) -> None:
    """And somebody, or a pool of connections, has set it once more, unknown to Django, which then reads amiss."""
    name, offset = server
    if connection.vendor in SET_ZONE:
        with connection.cursor() as cursor:
            cursor.execute(SET_ZONE[connection.vendor].format(name=name, offset=offset))


@pytest.fixture(params=["UTC", "Asia/Kolkata"], ids=lambda zone: f"site-{zone}")
def site(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.TIME_ZONE = request.param


def is_now(moment: datetime | None, plus: timedelta = timedelta(0)) -> bool:
    return moment is not None and abs(moment - datetime.now(UTC) - plus) < NEAR


def seen_from_utc(event: Any) -> Conference:
    """The row as a session sees it that nobody has set."""
    connection.close()
    return row(event)


def test_the_statement_by_hand_stores_the_present(site: None, session: None) -> None:
    event = lesson(None, tzid="Europe/Berlin")
    event.save()
    conference = seen_from_utc(event)
    assert is_now(conference.due_at)
    assert is_now(conference.created_at)
    assert (conference.start, conference.end, conference.tzid) == (START, END, "Europe/Berlin")


def test_a_change_by_hand_stores_the_present(site: None, session: None) -> None:
    event = lesson(None)
    event.save()
    Conference.objects.update(due_at=None)
    event.conferencing = {"profile_id": "explicit", "join_url": "https://meet.example/1", "provider_description": "A"}
    event.save()
    conference = seen_from_utc(event)
    assert is_now(conference.due_at)
    assert is_now(conference.assigned_at)


def test_a_lease_ends_when_it_should(site: None, session: None) -> None:
    event = lesson(None)
    event.save()
    with transaction.atomic():
        assert claim.lease(claim.lock(Conference.objects.due(), 1), LEASE_SECONDS, "default")
    assert not Conference.objects.due().exists()
    with clock.travel(timedelta(seconds=LEASE_SECONDS + 1)):
        assert Conference.objects.due().exists()
    assert is_now(seen_from_utc(event).lease_until, timedelta(seconds=LEASE_SECONDS))


def test_python_and_the_database_agree_on_the_hour(site: None, server: tuple[str, str]) -> None:
    assert is_now(clock.read("default"))
    event = lesson(None)
    event.save()
    Conference.objects.update(due_at=datetime.now(UTC) - NEAR)
    assert Conference.objects.due().count() == 1
    Conference.objects.update(due_at=datetime.now(UTC) + NEAR)
    assert Conference.objects.due().count() == 0


def test_a_save_that_changes_nothing_is_seen_as_such(site: None, session: None) -> None:
    owner = User.objects.create_user("alice")
    event = lesson(owner)
    event.save()
    Conference.objects.update(due_at=None)
    event.save()
    assert (seen_from_utc(event).version, row(event).due_at) == (1, None)
