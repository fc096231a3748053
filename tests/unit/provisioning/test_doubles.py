"""A create was repeated because the first seemed lost, and the first arrives after all: the second look removes one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference, Meeting
from conferencing_app.provisioning.reconcile import Conferences
from tests.hosts.models import Lesson
from tests.unit.provisioning.model_provider import FIND_LAG, Fate, Made, now, world
from tests.unit.provisioning.working import LEASE_SECONDS, begin, call, finish, work

AFTER_THE_LAG = timedelta(seconds=FIND_LAG + 10)


@pytest.fixture
def made_again(two_accounts: Any) -> Lesson:
    """Its first create was lost, looked for in vain, and repeated; the second look is still to come."""
    lesson = Lesson.objects.create(owner=two_accounts, title="Scales", starts_at=now() + timedelta(days=1))
    handler = Conferences("default")
    job = begin(handler)
    call(job, Fate.LOST)
    finish(handler, job)
    clock.offset += AFTER_THE_LAG
    work(handler)
    assert len(world.live()) == 1
    assert Meeting.objects.get().second_look
    return lesson


def the_first_arrives() -> str:
    """As if the network had kept it for all that time; returns its id."""
    (second,) = world.live().values()
    world.made["first"] = Made(second.marker, second.spec, now())
    return "first"


def links() -> list[str]:
    return [f"https://meet.example.com/{number}" for number in world.live()]


def test_the_shown_one_stays_and_the_other_goes(made_again: Lesson) -> None:
    shown = Conference.objects.get().join_url
    assert shown
    the_first_arrives()
    clock.offset += AFTER_THE_LAG
    work(Conferences("default"))
    assert links() == [shown] == [Conference.objects.get().join_url]


def test_both_go_when_the_event_is_deleted_before_the_second_look(made_again: Lesson) -> None:
    first, (second,) = the_first_arrives(), Meeting.objects.values_list("meeting_id", flat=True)
    made_again.delete()
    work(Conferences("default"))
    clock.offset += AFTER_THE_LAG
    work(Conferences("default"))
    assert links() == []
    assert not Meeting.objects.present().exists()
    assert set(Meeting.objects.values_list("meeting_id", flat=True)) == {first, second}, "the books know both"


def test_the_other_goes_even_when_the_host_has_deleted_the_shown_one_by_hand(made_again: Lesson) -> None:
    (shown,) = world.live().values()
    first = the_first_arrives()
    shown.deleted = True
    clock.offset += AFTER_THE_LAG
    work(Conferences("default"))
    assert world.made[first].deleted


def test_what_is_already_to_be_removed_is_not_adopted(two_accounts: Any) -> None:
    """A frozen worker's create lands while its successor is looking: noted for removal first, and found then."""
    Lesson.objects.create(owner=two_accounts, title="Scales", starts_at=now() + timedelta(days=1))
    handler = Conferences("default")
    frozen = begin(handler)
    clock.offset += timedelta(seconds=LEASE_SECONDS) + AFTER_THE_LAG
    looking = begin(handler)
    call(frozen)
    finish(handler, frozen)
    clock.offset += AFTER_THE_LAG
    call(looking)
    finish(handler, looking)
    work(handler)
    assert links() == [Conference.objects.get().join_url]
    clock.offset += AFTER_THE_LAG
    work(handler)
    assert links() == [Conference.objects.get().join_url]
