"""An account that is removed before its event's meeting is made, or after: the event goes on with another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.services import profiles
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)


def stored(lesson: Lesson) -> Any:
    return Lesson.objects.get(pk=lesson.pk).conferencing


def test_removed_between_save_and_creation_the_event_waits_without_a_call_and_goes_on_with_another(
    conferencing_sandbox, conferencing_notifications, link_profile, alice, save_lesson, drain
) -> None:
    removed = link_profile(alice)
    start = (clock.read("default") + timedelta(days=30)).replace(microsecond=0)
    request = {"profile_id": removed.public_id}
    lesson = save_lesson(alice, starts_at=start, ends_at=start + timedelta(hours=1), conferencing=request)
    profiles.unlink(removed, remove_meetings=True)
    drain()
    conference = stored(lesson)
    assert (conference.state, conference.cause_code) == ("failing", "profile_missing")
    assert conference.due_at == lesson.ends_at, "no retries: it is only looked at when the event ends"
    (told,) = [each for each in conferencing_notifications if each.type == "conferencing_failing"]
    assert (told.cause, told.subtype) == ("profile_missing", "profile_missing")
    other = link_profile(alice, "bob.zoom@example.com")
    drain()
    assert stored(lesson).cause_code == "profile_missing", "it asks for a certain account, not for any"
    assert conferencing_sandbox.requests("create") == []
    lesson.conferencing = {"profile_id": other.public_id}
    lesson.save()
    drain()
    (meeting,) = conferencing_sandbox.live_meetings()
    assert (stored(lesson).state, stored(lesson).join_url) == ("assigned", meeting["join_url"])


def test_a_link_that_was_left_in_place_follows_its_event_again_once_the_event_is_given_an_account(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    """Nothing is known of an unlinked account any more, so linking it again can't change its old meetings."""
    former = link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    before = stored(lesson).join_url
    profiles.unlink(former, remove_meetings=False)
    drain()
    again = link_profile(alice)
    lesson.title = "Arpeggios"
    lesson.save()
    drain()
    shown = stored(lesson)
    assert (shown.state, shown.cause_code, shown.join_url) == ("assigned", "profile_missing", before)
    lesson.conferencing = {"profile_id": again.public_id}
    lesson.save()
    drain()
    shown = stored(lesson)
    assert (shown.state, shown.cause_code) == ("assigned", "")
    assert shown.join_url != before
    assert Conference.objects.get().due_at is None
    assert {meeting["topic"] for meeting in conferencing_sandbox.live_meetings()} == {"Scales", "Arpeggios"}
