"""An event's conference from the first save to the removal, against the sandbox over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)


def stored(lesson: Lesson) -> Any:
    return Lesson.objects.get(pk=lesson.pk).conferencing


def test_a_saved_event_gets_a_meeting_of_its_own(conferencing_sandbox, link_profile, alice, save_lesson, drain) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    assert lesson.conferencing.as_dict() == {"pending": True}
    drain()
    conference = stored(lesson)
    (meeting,) = conferencing_sandbox.live_meetings()
    assert conference.state == "assigned"
    assert conference.join_url == meeting["join_url"]
    assert conference.as_dict() == {"provider_name": "zoom", "join_url": meeting["join_url"]}
    assert meeting["topic"] == "Scales"
    assert conference.due_at is None


def test_the_meeting_follows_its_event_under_the_same_link(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    before = stored(lesson).join_url
    lesson.title, lesson.starts_at = "Arpeggios", lesson.starts_at + timedelta(hours=1)
    lesson.ends_at += timedelta(hours=1)
    lesson.save()
    assert stored(lesson).join_url == before
    drain()
    (meeting,) = conferencing_sandbox.live_meetings()
    assert meeting["topic"] == "Arpeggios"
    assert meeting["start_time"] == lesson.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert stored(lesson).join_url == before == meeting["join_url"]
    assert len(conferencing_sandbox.requests(operation="create")) == 1


def test_cancelling_removes_the_meeting_and_turning_back_makes_one_again(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    lesson.cancelled = True
    lesson.save()
    drain()
    assert conferencing_sandbox.live_meetings() == []
    assert (stored(lesson).state, stored(lesson).cause_code) == ("not_made", "cancelled")
    lesson.cancelled = False
    lesson.save()
    assert stored(lesson).as_dict() == {"pending": True}
    drain()
    assert stored(lesson).join_url == conferencing_sandbox.live_meetings()[0]["join_url"]


def test_a_deleted_event_leaves_no_meeting(conferencing_sandbox, link_profile, alice, save_lesson, drain) -> None:
    link_profile(alice)
    for number in range(3):
        save_lesson(alice, f"Lesson {number}")
    drain()
    Lesson.objects.all().delete()
    drain()
    assert conferencing_sandbox.live_meetings() == []


def test_a_deleted_owner_leaves_no_meeting_and_no_grant(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    for number in range(20):
        save_lesson(alice, f"Lesson {number}")
    drain()
    assert len(conferencing_sandbox.live_meetings()) == 20
    alice.delete()
    drain()
    assert conferencing_sandbox.live_meetings() == []
    assert len(conferencing_sandbox.requests(operation="revoke")) == 1
    profile.refresh_from_db()
    assert (profile.state, profile.account_key, hasattr(profile, "grant")) == ("unlinked", None, False)
