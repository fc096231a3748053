"""What happens at the wrong moment, between two steps of a worker, is neither lost nor taken for an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.providers.zoom.meetings import ZoomMeetings
from conferencing_app.providers.zoom.oauth import ZoomOAuth
from conferencing_app.provisioning import draining
from conferencing_app.provisioning.reconcile import Conferences
from conferencing_app.services import credentials, grants, ownership, profiles
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)

ALICE_ZOOM = "alice.zoom@example.com"


def stored(lesson: Lesson) -> Any:
    return Lesson.objects.get(pk=lesson.pk).conferencing


def links(sandbox: Any) -> list[str]:
    return [meeting["join_url"] for meeting in sandbox.live_meetings()]


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``around(Class, "method", before=..., after=...)``: these happen once, at the next call of the method."""

    def wrap(owner: Any, name: str, *, before: Any = None, after: Any = None) -> None:
        original, left = getattr(owner, name), {"before": before, "after": after}

        def method(*args: Any, **kwargs: Any) -> Any:
            try:
                if act := left.pop("before", None):
                    act()
                answer = original(*args, **kwargs)
                if act := left.pop("after", None):
                    act()
                return answer
            finally:
                if owner in (ZoomMeetings, ZoomOAuth):  # these run in the pool, whose threads hold no database
                    connections.close_all()

        monkeypatch.setattr(owner, name, method)

    return wrap


def database_is_away() -> None:
    raise OperationalError("database is locked")


def test_a_database_error_before_a_call_is_no_answer_to_it(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, around
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    Grant.objects.update(expires_at=clock.now())
    around(credentials, "begin_refresh", before=database_is_away)
    lesson.delete()
    drain()
    with clock.travel(timedelta(minutes=20)):
        drain()
    assert conferencing_sandbox.live_meetings() == []
    assert len(conferencing_sandbox.requests("delete")) == 1


def test_a_database_error_before_a_revocation_is_no_answer_to_it(
    conferencing_sandbox, link_profile, alice, bob, drain, around
) -> None:
    for profile in (link_profile(alice), link_profile(bob, "bob.zoom@example.com")):
        profiles.unlink(profile, remove_meetings=True)
    Grant.objects.filter(profile__user=bob).update(expires_at=clock.now())
    around(credentials, "begin_refresh", before=database_is_away)
    drain()
    with clock.travel(timedelta(minutes=20)):
        drain()
    assert len(conferencing_sandbox.requests("revoke")) == 2


def test_an_event_that_must_be_read_afresh_during_a_call_is_read_after_it(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, around
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)

    def rename() -> None:
        lesson.title = "Arpeggios"
        lesson.save(update_fields=["title"])

    around(ZoomMeetings, "create", after=rename)
    drain()
    assert [meeting["topic"] for meeting in conferencing_sandbox.live_meetings()] == ["Arpeggios"]
    assert Conference.objects.get().stale is False


def test_an_event_deleted_just_after_it_was_claimed_gets_none(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, around
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    around(Conferences, "claim", after=lesson.delete)
    drain()
    assert conferencing_sandbox.requests("create") == []
    assert not Meeting.objects.exists()
    assert Conference.objects.get().lease_until is None


def test_a_verdict_on_a_grant_that_was_replaced_meanwhile_disconnects_nobody(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, around
) -> None:
    profile = link_profile(alice)
    lesson = save_lesson(alice)
    Grant.objects.update(expires_at=clock.now())
    around(ZoomOAuth, "refresh", before=lambda: link_profile(alice))
    drain()
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.CONNECTED
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_a_verdict_on_a_token_that_was_replaced_meanwhile_disconnects_nobody(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, around
) -> None:
    profile = link_profile(alice)
    lesson = save_lesson(alice)
    conferencing_sandbox.add_fault("create", "status", status=400, body={"code": 4711, "message": "No."}, times=1)
    around(ZoomMeetings, "create", before=lambda: link_profile(alice))
    drain()
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.CONNECTED
    assert [stored(lesson).join_url] == links(conferencing_sandbox)


def test_an_update_of_unknown_outcome_is_made_good_when_the_event_is_turned_back(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    lesson.title = "Arpeggios"
    lesson.save()
    conferencing_sandbox.add_fault("update", "drop_after", times=1)
    drain()
    lesson.title = "Scales"
    lesson.save()
    drain()
    assert [meeting["topic"] for meeting in conferencing_sandbox.live_meetings()] == ["Scales"]
    assert (stored(lesson).state, stored(lesson).cause_code) == ("assigned", "")


def test_a_lane_without_a_call_is_given_back_at_once(conferencing_sandbox, link_profile, alice, save_lesson) -> None:
    link_profile(alice)
    save_lesson(alice)
    Grant.objects.update(expires_at=clock.now())
    assert credentials.begin_refresh(ConferencingProfile.objects.get().pk), "another process is refreshing"
    draining.drain_slice()
    assert ConferencingProfile.objects.get().lease_until is None


def test_leaving_waits_until_it_is_known_what_a_lost_create_did(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    save_lesson(alice)
    conferencing_sandbox.add_fault("create", "drop_after", times=1)
    drain()
    assert Meeting.objects.get().state == Meeting.State.SENT
    Conference.objects.update(lease_until=clock.now(timedelta(minutes=1)))  # in another worker's hands
    profiles.unlink(profile, remove_meetings=False)
    drain()
    for minutes in (20, 90):
        with clock.travel(timedelta(minutes=minutes)):
            drain()
    assert conferencing_sandbox.live_meetings() == []
    profile.refresh_from_db()
    assert profile.state == ConferencingProfile.State.UNLINKED


def test_a_revocation_keeps_the_pause_that_the_provider_asks_for(
    conferencing_sandbox, link_profile, alice, drain
) -> None:
    profile = link_profile(alice)
    conferencing_sandbox.add_fault("revoke", "status", status=429, headers={"Retry-After": "600"}, times=1)
    profiles.unlink(profile, remove_meetings=True)
    drain()
    for minutes, asked in ((8, 1), (12, 2)):
        with clock.travel(timedelta(minutes=minutes)):
            drain()
        assert len(conferencing_sandbox.requests("revoke")) == asked


def test_what_is_left_to_look_at_waits_for_a_new_link_and_then_goes_on(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    Meeting.objects.update(second_look=True, sent_at=clock.now())
    Conference.objects.all().wake()
    drain()
    grants.disconnect(ConferencingProfile.objects.get().pk, "credentials_expired")
    with clock.travel(timedelta(minutes=20)):
        drain()
        assert stored(lesson).cause_code == "credentials_expired"
        link_profile(alice)
        drain()
    assert Meeting.objects.get().second_look is False


def test_one_failing_call_is_not_repeated_for_each_other_that_works(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    conference, profile = Conference.objects.get(), ConferencingProfile.objects.get()
    for number in range(5):
        Meeting.objects.create(
            conference=conference, profile=profile, state=Meeting.State.DOOMED, meeting_id=f"8111111111{number}",
            sent_at=clock.now(), created_at=clock.now(),
        )  # fmt: skip
    conferencing_sandbox.add_fault("update", "status", status=503)
    lesson.title = "Arpeggios"
    lesson.save()
    drain()
    assert len(conferencing_sandbox.requests("delete")) == 5
    assert len(conferencing_sandbox.requests("update")) == 1


@pytest.mark.postgresql
def test_a_host_that_deletes_events_in_another_order_is_not_the_victim_of_a_deadlock(
    link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    first, second = save_lesson(alice, "First"), save_lesson(alice, "Second")
    handler = Conferences("default")
    jobs = handler.claim(8)

    def take_on() -> None:
        handler.advance(jobs, True)
        connections.close_all()

    worker = threading.Thread(target=take_on)
    with transaction.atomic():
        second.delete()
        worker.start()
        worker.join(5)
        assert not worker.is_alive(), "the worker waits for nobody"
        first.delete()
    assert Lesson.objects.count() == 0


@pytest.mark.postgresql
def test_an_account_is_moved_while_a_worker_records_an_answer(link_profile, alice, bob, save_lesson, drain) -> None:
    holder = link_profile(alice)
    save_lesson(alice)
    drain()
    locked, failures = threading.Event(), []

    def record() -> None:
        try:
            with transaction.atomic():
                list(Conference.objects.select_for_update())
                locked.set()
                time.sleep(0.5)  # the move is under way by then, and waits
                list(Meeting.objects.select_for_update())
        except OperationalError as error:
            failures.append(error)
        finally:
            connections.close_all()

    worker = threading.Thread(target=record)
    worker.start()
    assert locked.wait(5)
    with transaction.atomic():
        profile = ownership.transfer(holder, bob.pk)
    worker.join()
    assert failures == []
    assert [(meeting.state, meeting.profile_id) for meeting in Meeting.objects.all()] == [("doomed", profile.pk)]


def test_a_failure_of_an_event_that_is_over_is_no_longer_shown(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lesson = save_lesson(alice)
    drain()
    conferencing_sandbox.add_fault("update", "status", status=503)
    lesson.title = "Arpeggios"
    lesson.save()
    drain()
    assert stored(lesson).cause_code == "outage"
    with clock.travel(timedelta(hours=5)):
        drain()
    assert (stored(lesson).state, stored(lesson).cause_code) == ("assigned", "")


def test_a_turn_ends_with_its_slice_however_often_it_is_asked_for(settings) -> None:
    settings.CONFERENCING_SLICE_SECONDS = 0.3
    turn, looks = draining._Turn(), []

    def look(seconds: float) -> int:
        looks.append(seconds)
        time.sleep(0.1)
        assert turn.take(look) is None, "it is under way: asked for once more"
        return 1

    assert turn.take(look) == len(looks)
    assert 2 <= len(looks) <= 3
    assert looks == sorted(looks, reverse=True)
    assert max(looks) <= 0.3, "what is left of the slice"
