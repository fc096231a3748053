"""What is shown, and what happens next, when the provider does not do what it should."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.services import grants, profiles
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)


def stored(lesson: Lesson) -> Any:
    return Lesson.objects.get(pk=lesson.pk).conferencing


def links(sandbox: Any) -> list[str]:
    return [meeting["join_url"] for meeting in sandbox.live_meetings()]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"action": "status", "status": 503}, "outage"),
        ({"action": "html"}, "outage"),
        ({"action": "malformed"}, "outage"),
        ({"action": "drop_before"}, "outage"),
        ({"action": "status", "status": 400, "body": {"code": 3161, "message": "Hosting is off."}}, "refused"),
        ({"action": "status", "status": 429, "headers": {"Retry-After": "7"}}, "rate_limited"),
        # Nothing that could not exist was named.
        ({"action": "status", "status": 404, "body": {"code": 3001, "message": "Does not exist."}}, "outage"),
    ],
)
def test_a_create_that_fails_says_why_and_heals_when_the_cause_clears(
    fault, cause, conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.add_fault(provider="zoom", operation="create", **fault)
    drain()
    conference = stored(lesson)
    assert (conference.state, conference.cause_code) == ("failing", cause)
    assert conference.as_dict() == {"pending": True, "cause": cause}
    assert conference.due_at > clock.read("default")
    asked = len(conferencing_sandbox.requests(operation="create"))
    drain()
    assert len(conferencing_sandbox.requests(operation="create")) == asked, "it must not be tried before its time"
    conferencing_sandbox.clear_faults()
    with clock.travel(timedelta(minutes=20)):
        drain()
        drain_after_the_lag(drain)
    assert stored(lesson).cause_code == ""
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def drain_after_the_lag(drain: Any, minutes: int = 20) -> None:
    with clock.travel(timedelta(minutes=minutes)):
        drain()


def test_an_answer_lost_after_the_create_is_found_again_and_not_repeated(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.add_fault(provider="zoom", operation="create", action="drop_after", times=1)
    drain()
    assert len(conferencing_sandbox.live_meetings()) == 1
    assert stored(lesson).join_url == ""
    drain_after_the_lag(drain)
    assert [stored(lesson).join_url] == links(conferencing_sandbox)
    assert len(conferencing_sandbox.requests(operation="create")) == 1


def test_a_search_that_is_told_of_nothing_there_does_not_pass_for_one_that_found_nothing(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.add_fault(provider="zoom", operation="create", action="drop_after", times=1)
    gone = {"action": "status", "status": 404, "body": {"code": 3001}}
    conferencing_sandbox.add_fault(provider="zoom", operation="list", **gone)
    drain()
    drain_after_the_lag(drain)
    assert (stored(lesson).state, stored(lesson).cause_code) == ("failing", "outage")
    conferencing_sandbox.clear_faults()
    drain_after_the_lag(drain, minutes=40)
    assert [stored(lesson).join_url] == links(conferencing_sandbox)
    assert len(conferencing_sandbox.requests(operation="create")) == 1


def test_an_answer_lost_before_the_create_is_looked_for_and_then_repeated(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.add_fault(provider="zoom", operation="create", action="drop_before", times=1)
    drain()
    assert links(conferencing_sandbox) == []
    drain_after_the_lag(drain)
    assert [stored(lesson).join_url] == links(conferencing_sandbox)
    drain_after_the_lag(drain, minutes=40)
    assert Meeting.objects.get().second_look is False, "whether there are two is looked at once more"


def test_a_lost_grant_parks_the_event_until_the_person_links_again(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    conferencing_sandbox.revoke_grants("alice.zoom@example.com")
    lesson = save_lesson(alice)
    drain()
    assert (stored(lesson).state, stored(lesson).cause_code) == ("failing", "credentials_expired")
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.DISCONNECTED
    asked = len(conferencing_sandbox.requests())
    with clock.travel(timedelta(minutes=30)):
        drain()
    assert len(conferencing_sandbox.requests()) == asked, "a dead grant is not tried again and again"
    assert link_profile(alice).public_id == profile.public_id
    drain()
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_an_expired_access_token_is_refreshed_before_the_call(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    save_lesson(alice)
    conferencing_sandbox.advance(3600)
    Grant.objects.update(expires_at=clock.now())
    drain()
    assert len(conferencing_sandbox.requests(operation="token.refresh")) == 1
    assert len(conferencing_sandbox.live_meetings()) == 1


def test_a_token_that_the_provider_no_longer_takes_is_refreshed_once_and_the_call_repeated(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.advance(3700)  # dead at the provider, alive by our books
    drain()
    assert len(conferencing_sandbox.requests(operation="token.refresh")) == 1
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_a_failed_update_keeps_the_link_and_shows_the_cause(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    lesson.title = "Arpeggios"
    lesson.save()
    conferencing_sandbox.add_fault(provider="zoom", operation="update", action="status", status=500)
    drain()
    conference = stored(lesson)
    assert (conference.state, conference.cause_code) == ("assigned", "outage")
    assert [conference.join_url] == links(conferencing_sandbox)


def test_the_daily_cap_says_until_when_and_does_not_hold_up_removals(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    first = save_lesson(alice, "First")
    drain()
    conferencing_sandbox.set_account("alice.zoom@example.com", daily_limit=1)
    second = save_lesson(alice, "Second")
    drain()
    assert stored(second).cause_code == "daily_cap"
    asked = len(conferencing_sandbox.requests(operation="create"))
    third = save_lesson(alice, "Third")
    first.delete()
    drain()
    assert len(conferencing_sandbox.requests(operation="create")) == asked, "the provider asked for a pause"
    assert stored(third).cause_code == "daily_cap"
    assert conferencing_sandbox.live_meetings() == []


def test_a_meeting_deleted_by_its_host_is_made_again_when_the_event_moves(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    conferencing_sandbox.delete_meeting(conferencing_sandbox.live_meetings()[0]["id"])
    lesson.title = "Arpeggios"
    lesson.save()
    before = stored(lesson).join_url
    drain()
    assert stored(lesson).join_url == before, "one word of Zoom's is not enough to replace a link"
    with clock.travel(timedelta(seconds=61)):
        drain()
    assert [stored(lesson).join_url] == links(conferencing_sandbox) != [before]


def test_another_owner_gets_another_meeting_and_the_old_one_goes(
    conferencing_sandbox, link_profile, alice, bob, save_lesson, drain
) -> None:
    link_profile(alice)
    link_profile(bob, "bob.zoom@example.com")
    lesson = save_lesson(alice)
    drain()
    lesson.owner = bob
    lesson.save()
    drain()
    (meeting,) = conferencing_sandbox.live_meetings()
    assert meeting["host_email"] == "bob.zoom@example.com"
    assert stored(lesson).join_url == meeting["join_url"]


def test_an_event_without_a_link_waits_and_heals_when_its_owner_links(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    lesson = save_lesson(alice)
    drain()
    assert (stored(lesson).state, stored(lesson).cause_code) == ("failing", "nothing_linked")
    link_profile(alice)
    drain()
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_unlinking_and_leaving_the_meetings_keeps_the_links(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    profiles.unlink(profile, remove_meetings=False)
    drain()
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.UNLINKED
    assert (stored(lesson).state, stored(lesson).cause_code) == ("assigned", "")
    assert [stored(lesson).join_url] == links(conferencing_sandbox)
    lesson.title = "Arpeggios"
    lesson.save()
    drain()
    assert (stored(lesson).state, stored(lesson).cause_code) == ("assigned", "profile_missing")


def test_unlinking_and_removing_the_meetings_removes_them_first_and_then_revokes(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    profiles.unlink(profile, remove_meetings=True)
    drain()
    assert conferencing_sandbox.live_meetings() == []
    operations = [request["operation"] for request in conferencing_sandbox.requests()]
    assert operations.index("delete") < operations.index("revoke")
    assert (stored(lesson).state, stored(lesson).cause_code) == ("failing", "nothing_linked")
    assert not Grant.objects.exists()


def test_a_revocation_during_an_outage_is_tried_again(conferencing_sandbox, link_profile, alice, drain) -> None:
    profile = link_profile(alice)
    conferencing_sandbox.add_fault(provider="zoom", operation="revoke", action="status", status=503)
    profiles.unlink(profile, remove_meetings=True)
    drain()
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.LEAVING
    conferencing_sandbox.clear_faults()
    drain_after_the_lag(drain)
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.UNLINKED


def test_a_past_event_gets_none_until_it_is_moved_into_the_future(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    now = clock.read("default")
    lesson = save_lesson(alice, starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    drain()
    assert (stored(lesson).state, stored(lesson).cause_code) == ("not_made", "past")
    assert stored(lesson).as_dict() is None
    lesson.starts_at, lesson.ends_at = now + timedelta(hours=1), now + timedelta(hours=2)
    lesson.save()
    drain()
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_an_explicit_link_is_there_at_once_and_makes_no_call(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    asked = len(conferencing_sandbox.requests())
    request = {"profile_id": "explicit", "join_url": "https://video.example.com/42", "provider_description": "Ours"}
    lesson = save_lesson(alice, conferencing=request)
    shown = {"provider_name": "other", "join_url": "https://video.example.com/42", "provider_description": "Ours"}
    assert stored(lesson).as_dict() == shown
    drain()
    assert stored(lesson).as_dict() == shown
    assert len(conferencing_sandbox.requests()) == asked


def test_none_removes_the_meeting(conferencing_sandbox, link_profile, alice, save_lesson, drain) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    lesson.conferencing = {"profile_id": "none"}
    lesson.save()
    assert stored(lesson).as_dict() is None
    drain()
    assert conferencing_sandbox.live_meetings() == []
    assert Conference.objects.get().due_at is None


@pytest.mark.parametrize("status", [429, 503])
def test_the_pause_that_a_provider_asks_for_is_kept_even_when_somebody_says_try_now(
    status, conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    fault = {"action": "status", "status": status, "headers": {"Retry-After": "120"}}
    conferencing_sandbox.add_fault(provider="zoom", operation="create", times=1, **fault)
    drain()
    Conference.objects.all().wake()
    drain()
    assert len(conferencing_sandbox.requests(operation="create")) == 1
    with clock.travel(timedelta(seconds=121)):
        Conference.objects.all().wake()
        drain()
        drain_after_the_lag(drain)
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_an_event_for_a_dead_account_names_its_provider_before_any_call(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    grants.disconnect(profile.pk, "credentials_expired")
    lesson = save_lesson(alice)
    drain()
    conference = stored(lesson)
    assert (conference.cause_code, conference.lane) == ("credentials_expired", profile)
    assert conference.cause.sentence.startswith("Zoom no longer accepts")
