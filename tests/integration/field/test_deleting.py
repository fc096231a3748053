"""However an event disappears, its meetings are doomed in the same transaction, and what that takes stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.signals import post_delete
from django.test.utils import CaptureQueriesContext

from conferencing_app.models import Conference, Meeting
from tests.hosts.models import Excursion, Lesson, LessonProxy, Room, RoomBooking, Webinar
from tests.hosts.wanted import END, START, lesson, meeting, profile, rolled_back, row, settle


def made(event: Any, owner: User) -> tuple[Conference, Meeting]:
    """The event's conference and its live meeting, as if a worker had been there."""
    event.save()
    conference = settle(event)
    return conference, meeting(conference, profile(owner))


def assert_forgotten(conference: Conference, live: Meeting) -> None:
    version = conference.version
    conference.refresh_from_db()
    live.refresh_from_db()
    assert conference.event_deleted
    assert (conference.state, conference.cause_code, conference.join_url) == ("not_made", "removed", "")
    assert (conference.passcode, conference.dial_in, conference.assigned_at) == ("", [], None)
    assert (conference.version, conference.attempts) == (version + 1, 0)
    assert conference.due_at is not None
    assert live.state == Meeting.State.DOOMED


WAYS: dict[str, Callable[[Lesson], Any]] = {
    "instance": lambda event: event.delete(),
    "queryset": lambda event: Lesson.objects.filter(pk=event.pk).delete(),
    "proxy instance": lambda event: LessonProxy.objects.get(pk=event.pk).delete(),
    "proxy queryset": lambda event: LessonProxy.objects.all().delete(),
    "owner": lambda event: User.objects.get(pk=event.owner_id or 0).delete(),
    "owner queryset": lambda event: User.objects.filter(pk=event.owner_id or 0).delete(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_deleted_event_dooms_its_meeting(alice: User, way: Callable[[Lesson], Any]) -> None:
    event = lesson(alice)
    conference, live = made(event, alice)
    assert way(event)
    assert_forgotten(conference, live)


CHILD_WAYS: dict[str, Callable[[Excursion], Any]] = {
    "child": lambda event: event.delete(),
    "child queryset": lambda event: Excursion.objects.all().delete(),
    "parent": lambda event: Lesson.objects.get(pk=event.pk).delete(),
    "parent queryset": lambda event: Lesson.objects.all().delete(),
}


@pytest.mark.parametrize("way", CHILD_WAYS.values(), ids=CHILD_WAYS.keys())
def test_a_deleted_child_dooms_its_meeting(alice: User, way: Callable[[Excursion], Any]) -> None:
    event = Excursion(owner=alice, title="Museum", starts_at=START, ends_at=END)
    event.save()
    conference = settle(Lesson.objects.get(pk=event.pk))
    live = meeting(conference, profile(alice))
    way(event)
    assert_forgotten(conference, live)


def test_a_child_deleted_alone_leaves_the_event(alice: User) -> None:
    event = Excursion(owner=alice, title="Museum", starts_at=START)
    event.save()
    before = settle(Lesson.objects.get(pk=event.pk))
    event.delete(keep_parents=True)
    before.refresh_from_db()
    assert (before.event_deleted, before.state) == (False, "assigned")


def test_a_cascade_over_several_tables(alice: User) -> None:
    room = Room.objects.create(name="Attic", owner=alice)
    event = RoomBooking(room=room, title="Talk", starts_at=START)
    conference, live = made(event, alice)
    room.delete()
    assert_forgotten(conference, live)


def test_twenty_events_of_a_deleted_owner(alice: User) -> None:
    live = [made(lesson(alice), alice)[1] for _ in range(20)]
    alice.delete()
    assert set(Meeting.objects.values_list("state", flat=True)) == {"doomed"}
    assert len(live) == Conference.objects.filter(event_deleted=True).count() == 20


def test_a_meeting_that_is_gone_stays_gone(alice: User) -> None:
    event = lesson(alice)
    conference, live = made(event, alice)
    gone = meeting(conference, live.profile, state="gone")
    event.delete()
    gone.refresh_from_db()
    assert gone.state == "gone"


def test_a_rolled_back_delete_changes_nothing(alice: User) -> None:
    event = lesson(alice)
    conference, live = made(event, alice)
    with rolled_back():
        event.delete()
    conference.refresh_from_db()
    live.refresh_from_db()
    assert (conference.event_deleted, live.state, Lesson.objects.count()) == (False, "live", 1)


def test_the_instance_forgets_its_conference(alice: User) -> None:
    event = lesson(alice)
    event.save()
    assert event.conferencing is not None
    event.delete()
    assert event.conferencing is None


def test_an_event_with_the_key_of_a_deleted_one_starts_anew(alice: User) -> None:
    event = lesson(alice, conferencing={"profile_id": "none"})
    event.save()
    key = event.pk
    old = row(event)
    event.delete()
    again = lesson(alice, pk=key)
    again.save()
    fresh = row(again)
    assert fresh.pk == old.pk
    assert (fresh.state, fresh.cause_code, fresh.event_deleted) == ("pending", "", False)
    assert (fresh.profile_request, fresh.version) == ("default", old.version + 2)


def test_the_meeting_of_a_deleted_event_stays_doomed_when_its_key_comes_back(alice: User) -> None:
    event = lesson(alice)
    _, live = made(event, alice)
    key = event.pk
    event.delete()
    lesson(alice, pk=key).save()
    live.refresh_from_db()
    assert live.state == Meeting.State.DOOMED


def test_an_event_without_a_conference_costs_one_statement(alice: User) -> None:
    event = lesson(alice)
    event.save()
    Conference.objects.all().delete()
    with CaptureQueriesContext(connection) as captured:
        event.delete()
    assert [query["sql"].split()[0] for query in captured if "conferencing_app" in query["sql"]] == ["UPDATE"]


def test_deletes_of_other_models_stay_fast(db: Any) -> None:
    assert not post_delete.has_listeners(Room)
    assert post_delete.has_listeners(Lesson)
    assert post_delete.has_listeners(Webinar)
