"""Events in another database than the app's own: written when their transaction commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.db.utils import load_backend

from conferencing_app import events
from conferencing_app.models import Conference
from conferencing_app.services import attaching
from tests.hosts.models import Excursion, Lesson
from tests.hosts.wanted import lesson, rolled_back, row

ALIAS = "elsewhere"


class LessonsElsewhere:
    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return ALIAS if model is Lesson else None

    db_for_read = db_for_write


@pytest.fixture
def elsewhere(tmp_path: Path, settings: Any) -> Iterator[str]:
    given = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "elsewhere.sqlite3")}
    configured = connections.configure_settings({"default": connections.settings["default"], ALIAS: given})[ALIAS]
    connection = load_backend(configured["ENGINE"]).DatabaseWrapper(configured, ALIAS)
    connection.ensure_connection()  # before the alias is known: tests may only open those they were started with
    connections.settings[ALIAS] = configured
    connections[ALIAS] = connection
    connection.disable_constraint_checking()
    with connection.schema_editor() as editor:
        for model in (User, Lesson, Excursion):
            editor.create_model(model)
    settings.DATABASE_ROUTERS = [LessonsElsewhere()]
    yield ALIAS
    connection.close()
    del connections[ALIAS]
    del connections.settings[ALIAS]


@pytest.mark.django_db(transaction=True)
def test_it_is_written_on_the_events_commit(elsewhere: str) -> None:
    with transaction.atomic(using=elsewhere):
        event = lesson(None)
        event.save()
        assert Conference.objects.count() == 0
    assert row(event).summary == "Algebra"
    assert Lesson.objects.get().conferencing == row(event)


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_neither(elsewhere: str) -> None:
    with rolled_back(elsewhere):
        lesson(None).save()
    assert Conference.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_it_is_read_afresh_where_it_is(elsewhere: str) -> None:
    event = lesson(None)
    event.save()
    event.title = "Geometry"
    event.save(update_fields=["title"])
    marked = row(event)
    assert attaching.read_afresh(marked)
    assert marked.summary == "Geometry"


@pytest.mark.django_db(transaction=True)
def test_where_the_router_does_not_say_it_is_read_at_once(elsewhere: str, settings: Any) -> None:
    """A worker would look in another database, find no such event, and remove its meeting."""
    settings.DATABASE_ROUTERS = []
    event = lesson(None)
    event.save(using=elsewhere)
    event.title = "Geometry"
    with transaction.atomic(using=elsewhere):
        event.save(using=elsewhere, update_fields=["title"])
        assert row(event).summary == "Algebra"
    assert (row(event).summary, row(event).stale) == ("Geometry", False)
    again = Lesson.objects.using(elsewhere).defer("starts_at").get()
    again.title = "Topology"
    again.save()
    assert (row(event).summary, row(event).stale) == ("Topology", False)


@pytest.mark.django_db(transaction=True)
def test_it_is_forgotten_on_the_commit_of_its_deletion(elsewhere: str) -> None:
    event = lesson(None)
    event.save()
    with transaction.atomic(using=elsewhere):
        Lesson.objects.all().delete()
        assert not Conference.objects.get().event_deleted
    assert Conference.objects.get().event_deleted


@pytest.mark.django_db(transaction=True)
def test_sync_closes_the_gap(elsewhere: str) -> None:
    Lesson.objects.bulk_create([lesson(None)])
    assert events.sync(Lesson.objects.all()).created == 1
    assert list(events.failing(Lesson.objects.all())) == []
