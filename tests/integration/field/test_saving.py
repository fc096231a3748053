"""A plain save writes the wanted conference in the event's own transaction, in one statement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from conferencing_app import failpoints
from conferencing_app.models import Conference
from conferencing_app.registration import field_for
from conferencing_app.services import attaching
from tests.hosts.models import Lesson, Recital, Room, RoomBooking
from tests.hosts.wanted import END, START, lesson, rolled_back, row, settle


def verbs(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"].split()[0] for query in captured]


def test_a_save_leaves_the_wanted_conference(alice: User) -> None:
    event = lesson(alice, description="Bring paper", tzid="Europe/Berlin")
    event.save()
    conference = event.conferencing
    assert isinstance(conference, Conference)
    assert (conference.event_model, conference.event_key) == ("hosts.lesson", str(event.pk))
    assert (conference.summary, conference.description, conference.owner_id) == ("Algebra", "Bring paper", alice.pk)
    assert (conference.start, conference.end, conference.tzid) == (START, END, "Europe/Berlin")
    assert (conference.state, conference.profile_request, conference.version) == ("pending", "default", 1)
    assert conference.due_at is not None
    assert conference.public_id.startswith("cnf_")
    assert not conference.stale


@pytest.mark.django_db(transaction=True)
def test_a_save_costs_one_statement_more(django_user_model: Any) -> None:
    """PostgreSQL can put both INSERTs of a new event into one: see test_along."""
    event = lesson(django_user_model.objects.create_user("alice"))
    for verb in ("INSERT", "UPDATE"):
        event.title += "!"
        with CaptureQueriesContext(connection) as captured:
            event.save()
        in_one = connection.vendor == "postgresql" and verb == "INSERT"
        assert verbs(captured) == (["INSERT"] if in_one else ["BEGIN", verb, "INSERT", "COMMIT"])


def test_what_the_database_makes_of_the_columns_is_read_afresh(alice: User) -> None:
    """In memory is what it made of them before."""
    event = Recital.objects.create(artist=alice, title="Algebra", starts_at=START)
    event = Recital.objects.get(pk=event.pk)
    event.title = "Bach"
    event.save()
    attaching.read_afresh(row(event))
    assert row(event).summary == "BACH"
    event = Recital.objects.get(pk=event.pk)
    event.pk, event._state.adding, event.title = None, True, "Brahms"
    event.save()
    attaching.read_afresh(row(event))
    assert row(event).summary == "BRAHMS"


def test_a_persons_key_is_written_as_its_column_has_it(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are known by another form than the stored one."""
    monkeypatch.setattr(User._meta.pk, "get_db_prep_save", lambda value, connection: value and value - 1000)
    event = lesson(None)
    event.owner_id = alice.pk + 1000
    event.save()
    assert Conference.objects.values_list("owner_id", flat=True).get() == alice.pk


def test_a_save_that_changes_nothing_wakes_nobody(alice: User) -> None:
    event = lesson(alice)
    event.save()
    before = settle(event)
    event.notes = "not for the conference"
    event.save()
    Lesson.objects.get(pk=event.pk).save()
    after = row(event)
    assert (after.version, after.due_at, after.attempts) == (before.version, None, 3)


@pytest.mark.parametrize("values", [{"title": "Geometry"}, {"starts_at": START - timedelta(hours=1)}, {"owner": None}])
def test_a_change_wakes_the_worker_and_keeps_the_link(alice: User, values: dict[str, Any]) -> None:
    event = lesson(alice)
    event.save()
    before = settle(event)
    for name, value in values.items():
        setattr(event, name, value)
    event.save()
    after = row(event)
    assert (after.version, after.attempts) == (before.version + 1, 0)
    assert after.due_at is not None
    assert (after.state, after.join_url, after.passcode) == ("assigned", "https://zoom.example/j/1", "123456")
    assert after.assigned_at == before.assigned_at
    assert after.digest != before.digest


def test_another_owner_is_another_digest(alice: User, bob: User) -> None:
    event = lesson(alice)
    event.save()
    before = row(event)
    event.owner = bob
    event.save()
    assert (row(event).owner_id, row(event).version) == (bob.pk, before.version + 1)


def test_a_failing_conference_stays_failing_until_the_worker_looks(alice: User) -> None:
    event = lesson(alice)
    event.save()
    settle(event, state="failing", cause_code="outage", join_url="")
    event.title = "Geometry"
    event.save()
    assert (row(event).state, row(event).cause_code) == ("failing", "outage")


def test_an_event_without_an_owner_is_fine(db: Any) -> None:
    event = lesson(None)
    event.save()
    assert row(event).owner_id is None


def test_a_rollback_leaves_neither(alice: User) -> None:
    event = lesson(alice)
    with rolled_back():
        event.save()
    assert (Lesson.objects.count(), Conference.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["save.before_wanted", "save.before_commit"])
def test_a_crash_inside_the_save_leaves_neither(
    django_user_model: Any, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = lesson(django_user_model.objects.create_user("alice"))
    event.conferencing = {"profile_id": "default"}  # which no event's own INSERT can take along
    monkeypatch.setattr(failpoints, "_armed", {point: "raise"})
    with pytest.raises(failpoints.FailpointHit):
        event.save()
    monkeypatch.setattr(failpoints, "_armed", {})
    assert (Lesson.objects.count(), Conference.objects.count()) == (0, 0)
    event.save(force_insert=True)
    assert row(event).state == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_crash_after_the_commit_loses_nothing(django_user_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    event = lesson(django_user_model.objects.create_user("alice"))
    monkeypatch.setattr(failpoints, "_armed", {"save.after_commit": "raise"})
    with pytest.raises(failpoints.FailpointHit):
        event.save()
    assert row(event).due_at is not None


def test_fixtures_are_loaded_without_conferences(alice: User) -> None:
    lesson(alice).save()
    dumped = serializers.serialize("json", Lesson.objects.all())
    assert "conferencing" not in dumped
    Lesson.objects.all().delete()
    Conference.objects.all().delete()
    for loaded in serializers.deserialize("json", dumped):
        loaded.save()
    assert (Lesson.objects.count(), Conference.objects.count()) == (1, 0)


# What is not in memory -----------------------------------------------------------------------------------------------


def test_update_fields_that_concern_the_conference_mark_it_stale(alice: User) -> None:
    event = lesson(alice)
    event.save()
    before = settle(event)
    event.title = "Geometry"
    with CaptureQueriesContext(connection) as captured:
        event.save(update_fields=["title"])
    assert verbs(captured) == ["UPDATE", "INSERT"]
    marked = row(event)
    assert (marked.stale, marked.version, marked.summary) == (True, before.version + 1, "Algebra")
    assert marked.due_at is not None
    assert (marked.state, marked.join_url) == ("assigned", before.join_url)


def test_update_fields_that_do_not_concern_it_cost_nothing(alice: User) -> None:
    event = lesson(alice)
    event.save()
    before = settle(event)
    with CaptureQueriesContext(connection) as captured:
        event.save(update_fields=["notes"])
    assert verbs(captured) == ["UPDATE"]
    assert (row(event).stale, row(event).version) == (False, before.version)


def test_an_event_loaded_in_part_is_marked_stale(alice: User) -> None:
    lesson(alice).save()
    for event in (Lesson.objects.only("title").get(), Lesson.objects.defer("starts_at").get()):
        settle(event, stale=False)
        with CaptureQueriesContext(connection) as captured:
            event.save()
        assert verbs(captured) == ["UPDATE", "INSERT"]
        assert row(event).stale
        assert row(event).start == START


def test_an_expression_is_read_by_the_worker(alice: User) -> None:
    event = lesson(alice)
    event.save()
    event.starts_at = F("starts_at") + timedelta(minutes=5)
    event.save()
    if not getattr(connection.features, "can_return_rows_from_update", False):  # as Django 6 has it, which then knows
        marked = row(event)
        assert (marked.stale, marked.start) == (True, START)
        assert attaching.read_afresh(marked)
        assert (marked.stale, marked.start) == (False, START + timedelta(minutes=5))
    assert not row(event).stale
    assert row(event).start == START + timedelta(minutes=5)


def test_a_relation_that_is_not_loaded_is_not_queried_in_a_save(alice: User) -> None:
    room = Room.objects.create(name="Attic", owner=alice)
    with CaptureQueriesContext(connection) as captured:
        event = RoomBooking.objects.create(room_id=room.pk, title="Talk", starts_at=START)
    assert not [query for query in captured if query["sql"].startswith("SELECT")]
    marked = row(event)
    assert (marked.stale, marked.state, marked.owner_id) == (True, "pending", None)
    assert attaching.read_afresh(marked)
    assert (marked.stale, marked.owner_id, marked.location, marked.summary) == (False, alice.pk, "Attic", "Talk")


def test_a_relation_in_memory_is_read_at_once(alice: User) -> None:
    room = Room.objects.create(name="Attic", owner=alice)
    event = RoomBooking.objects.create(room=room, title="Talk", starts_at=START)
    assert (row(event).stale, row(event).owner_id) == (False, alice.pk)


def test_reading_afresh_leaves_a_newer_version_alone(alice: User) -> None:
    event = lesson(alice)
    event.save()
    event.save(update_fields=["title"])
    in_hand = row(event)
    event.title = "Geometry"
    event.save()
    assert not attaching.read_afresh(in_hand)
    assert (row(event).summary, row(event).stale) == ("Geometry", False)


def test_reading_afresh_keeps_version_and_lease(alice: User) -> None:
    event = lesson(alice)
    event.save()
    event.save(update_fields=["title"])
    in_hand = row(event)
    Conference.objects.update(fence=7)
    assert attaching.read_afresh(in_hand)
    assert (in_hand.fence, row(event).version) == (0, in_hand.version)


def test_reading_afresh_an_event_that_is_gone_forgets_it(alice: User) -> None:
    event = lesson(alice)
    event.save()
    marked = row(event)
    Lesson.objects.filter(pk=event.pk)._raw_delete("default")
    assert not attaching.read_afresh(marked)
    marked.refresh_from_db()
    assert (marked.event_deleted, marked.state) == (True, "not_made")


def test_a_full_save_of_a_stale_row_makes_it_whole(alice: User) -> None:
    event = lesson(alice)
    event.save()
    event.save(update_fields=["title"])
    event.save()
    assert not row(event).stale


def test_the_field_is_found(db: Any) -> None:
    assert field_for(Lesson) is Lesson.conferencing
    assert field_for(User) is None
