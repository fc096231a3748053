"""Events that have begun, or are over: what is still made of them, and that nobody is bothered."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference, Meeting
from conferencing_app.services import profiles
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def stored(lesson: Lesson) -> Any:
    return Lesson.objects.get(pk=lesson.pk).conferencing


def shown(lesson: Lesson) -> tuple[str, str]:
    conference = stored(lesson)
    return conference.state, conference.cause_code


def move(lesson: Lesson, start: Any) -> None:
    lesson.starts_at, lesson.ends_at = start, start + HOUR
    lesson.save()


@pytest.mark.parametrize("ends_in", [-HOUR, HOUR])
def test_one_asked_for_after_the_start_is_not_made_and_nobody_is_told(
    ends_in, conferencing_sandbox, conferencing_notifications, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    drain()
    conferencing_notifications.clear()
    calls = len(conferencing_sandbox.requests())
    now = clock.read("default")
    lesson = save_lesson(alice, starts_at=now - 2 * HOUR, ends_at=now + ends_in)
    drain()
    assert shown(lesson) == ("not_made", "past")
    assert stored(lesson).due_at is None
    assert len(conferencing_sandbox.requests()) == calls
    assert conferencing_notifications == []
    move(lesson, now + HOUR)
    drain()
    assert shown(lesson) == ("assigned", "")


def test_the_asking_counts_and_not_when_the_row_was_made(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice, conferencing={"profile_id": "none"})
    drain()
    with clock.travel(timedelta(hours=2, minutes=30)):
        lesson.conferencing = {"profile_id": "default"}
        lesson.save()
        drain()
    assert shown(lesson) == ("not_made", "past")
    assert conferencing_sandbox.meetings() == []


def test_one_asked_for_in_time_is_tried_until_the_event_ends(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    """Closer together in the last hour before the start, and in the first after it."""
    link_profile(alice)
    start = (clock.read("default") + 6 * HOUR).replace(microsecond=0)
    lesson = save_lesson(alice, starts_at=start, ends_at=start + 5 * HOUR)
    conferencing_sandbox.add_fault("create", "status", status=400, body={"code": 3161, "message": "Off."})
    tries = []
    for _ in range(200):
        drain()
        due = stored(lesson).due_at
        if due is None:
            break
        tries.append(due)
        clock.offset += due - clock.read("default") + timedelta(seconds=1)
    clock.offset = timedelta(0)
    assert shown(lesson) == ("not_made", "past")
    assert tries[-1] == lesson.ends_at, "the end is looked at, to say that it is too late"
    near = [at for at in tries if start - HOUR <= at <= start + HOUR]
    assert 20 <= len(near) <= 32, "every five minutes"
    waits = [later - earlier for earlier, later in pairwise(near)]
    assert max(waits) <= timedelta(seconds=361 + 1)
    assert len(tries) - len(near) <= 15


def test_it_is_made_late_rather_than_never(conferencing_sandbox, link_profile, alice, save_lesson, drain) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.add_fault("create", "status", status=400, body={"code": 3161, "message": "Off."})
    drain()
    conferencing_sandbox.clear_faults()
    with clock.travel(timedelta(hours=2, minutes=30)):
        drain()
    assert shown(lesson) == ("assigned", "")


def test_an_explicit_link_is_kept_for_a_past_event_and_makes_no_call(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    calls = len(conferencing_sandbox.requests())
    link = {"profile_id": "explicit", "join_url": "https://video.example.com/42", "provider_description": "Ours"}
    now = clock.read("default")
    lesson = save_lesson(alice, starts_at=now - 3 * HOUR, ends_at=now - 2 * HOUR, conferencing=link)
    drain()
    lesson.title = "Arpeggios"
    lesson.save()
    drain()
    assert shown(lesson) == ("assigned", "")
    assert stored(lesson).join_url == "https://video.example.com/42"
    assert len(conferencing_sandbox.requests()) == calls


def rename(lesson: Lesson, **_: Any) -> None:
    lesson.title = "Arpeggios"
    lesson.save()


def give_away(lesson: Lesson, bob: Any) -> None:
    lesson.owner = bob
    lesson.save()


def cancel(lesson: Lesson, **_: Any) -> None:
    lesson.cancelled = True
    lesson.save()


def ask_for_none(lesson: Lesson, **_: Any) -> None:
    lesson.conferencing = {"profile_id": "none"}
    lesson.save()


def delete(lesson: Lesson, **_: Any) -> None:
    lesson.delete()


@pytest.mark.parametrize(
    ("edit", "keeps_link"),
    [(rename, True), (give_away, True), (cancel, False), (ask_for_none, False), (delete, False)],
)
def test_editing_an_ended_event_makes_no_call(
    edit, keeps_link, conferencing_sandbox, link_profile, alice, bob, save_lesson, drain
) -> None:
    link_profile(alice)
    link_profile(bob, "bob.zoom@example.com")
    lesson = save_lesson(alice)
    drain()
    calls, link = len(conferencing_sandbox.requests()), stored(lesson).join_url
    with clock.travel(timedelta(hours=4)):
        edit(lesson, bob=bob)
        drain()
    assert len(conferencing_sandbox.requests()) == calls
    conference = Conference.objects.get()
    assert conference.join_url == (link if keeps_link else "")
    assert conference.due_at is None
    assert conference.cause_code in ("", "cancelled", "removed")


def test_unlinking_leaves_ended_events_as_they_are(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    with clock.travel(timedelta(hours=4)):
        profiles.unlink(profile, remove_meetings=True)
        rename(lesson)
        drain()
    assert shown(lesson) == ("assigned", "")
    assert len(conferencing_sandbox.live_meetings()) == 1


def test_a_live_meeting_moved_into_the_past_stays_and_follows_its_event_back(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    """The provider would ignore such a time; the meeting goes where the event comes to be, or away with it."""
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    before, calls = stored(lesson).join_url, len(conferencing_sandbox.requests())
    move(lesson, clock.read("default") - 3 * HOUR)
    drain()
    assert (shown(lesson), stored(lesson).join_url) == (("assigned", ""), before)
    assert len(conferencing_sandbox.requests()) == calls
    later = (clock.read("default") + 26 * HOUR).replace(microsecond=0)
    move(lesson, later)
    drain()
    (meeting,) = conferencing_sandbox.live_meetings()
    assert (meeting["join_url"], meeting["start_time"]) == (before, later.strftime("%Y-%m-%dT%H:%M:%SZ"))
    move(lesson, clock.read("default") - 3 * HOUR)
    drain()
    cancel(lesson)
    drain()
    assert conferencing_sandbox.live_meetings() == [], "at the provider it still lay ahead"
    assert Meeting.objects.get().state == Meeting.State.GONE
