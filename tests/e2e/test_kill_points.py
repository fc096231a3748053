"""``kill -9`` of a process between any two of its steps; then another one lives, and the record is judged.

Each point is asserted to have been hit. The shown link may change only where the event itself asked for another one.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from conferencing_app import clock, failpoints
from conferencing_app.models import Conference, ConferencingProfile, Grant, Notification, Tally
from conferencing_app.services import profiles
from tests.e2e import checker
from tests.e2e.processes import is_alive, wait_until
from tests.e2e.site import Site
from tests.hosts.models import Heard, Lesson

AFTER_THE_LEASE = 3.0
AFTER_THE_LEASE_OF_A_GRANT = 33.0
# The first wait after a failure, with its jitter, and the lag of the provider's list.
AFTER_THE_FIRST_WAIT = 6.0

AROUND_EVERY_CALL = [
    "claim.after_commit",
    "reply.before_commit:1",
    "reply.after_commit:1",
    "reply.before_commit:2",
    "reply.after_commit:2",
]
CREATE = ["meeting.after_planned", "meeting.after_sent", "create.before_call", "create.after_call"]
UPDATE = ["update.before_call", "update.after_call", "read.before_call", "read.after_call", "reply.before_commit:3"]
DELETE = ["delete.before_call", "delete.after_call"]
FIND = ["find.before_call", "find.after_call"]
REFRESH = ["refresh.before_call", "refresh.after_commit"]
SAVE = ["save.before_wanted", "save.before_commit", "save.after_commit"]
TELL = ["fanout.before_commit", "fanout.after_commit", "signal.before_send", "signal.after_send", "signal.after_commit"]
ELSEWHERE = ["webhook.before_send", "webhook.after_send", "mail.before_send", "mail.after_send"]  # test_webhooks.py
ALONE = ["refresh.after_call", "revoke.after_call"]


def test_every_point_has_its_turn() -> None:
    """A new point without a test is a failure."""
    points = [*AROUND_EVERY_CALL, *CREATE, *UPDATE, *DELETE, *FIND, *REFRESH, *SAVE, *TELL, *ELSEWHERE, *ALONE]
    assert {point.partition(":")[0] for point in points} == failpoints.NAMES


def saved(site: Site, number: int = 3) -> list[Lesson]:
    return [site.save_lesson(f"Lesson {count}") for count in range(number)]


def made(site: Site, number: int = 3) -> list[Lesson]:
    lessons = saved(site, number)
    site.settle()
    return lessons


@pytest.mark.parametrize("point", [*AROUND_EVERY_CALL, *CREATE])
def test_killed_while_it_makes_meetings(site: Site, point: str) -> None:
    saved(site)
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    assert len(checker.live_at_provider(site.journal)) == 3


@pytest.mark.parametrize("point", [*AROUND_EVERY_CALL, *UPDATE])
def test_killed_while_it_moves_meetings(site: Site, point: str) -> None:
    for lesson in made(site):
        lesson.title, lesson.starts_at = f"{lesson.title}, moved", site.lesson_time()
        lesson.save()
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    assert len(site.sandbox.meetings()) == 3, "none was made anew"


@pytest.mark.parametrize("point", [*AROUND_EVERY_CALL, *DELETE])
def test_killed_while_it_removes_meetings(site: Site, point: str) -> None:
    kept, deleted, cancelled = made(site)
    deleted.delete()
    cancelled.cancelled = True
    cancelled.save()
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    assert [meeting["topic"] for meeting in checker.live_at_provider(site.journal)] == [kept.title]


@pytest.mark.parametrize("point", [*AROUND_EVERY_CALL, *FIND])
@pytest.mark.parametrize("lost", ["drop_after", "drop_before"])
def test_killed_while_it_looks_for_a_meeting_whose_answer_was_lost(site: Site, point: str, lost: str) -> None:
    lesson = site.save_lesson("Scales")
    site.sandbox.add_fault("create", lost, times=1)
    worker = site.start_worker()
    wait_until(lambda: Conference.objects.filter(cause_code="outage").exists(), site.report)
    worker.stop()
    site.leap(AFTER_THE_FIRST_WAIT)
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    assert [meeting["topic"] for meeting in site.sandbox.meetings()] == [lesson.title]


@pytest.mark.parametrize("point", REFRESH)
def test_killed_while_it_refreshes_a_token(site: Site, point: str) -> None:
    saved(site)
    Grant.objects.update(expires_at=clock.now())
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE_OF_A_GRANT)
    site.settle()
    site.check()
    assert len(site.sandbox.requests("token.refresh")) == 1


def test_killed_with_the_new_tokens_in_hand_it_asks_for_a_new_link_and_heals_by_it(site: Site) -> None:
    """The provider took the old refresh token back, the new one died with the process: only a person can help."""
    lessons = saved(site)
    Grant.objects.update(expires_at=clock.now())
    site.crash_at("refresh.after_call")
    site.leap(AFTER_THE_LEASE_OF_A_GRANT)
    worker = site.start_worker()
    told = Conference.objects.filter(cause_code="credentials_expired", state="failing")
    wait_until(lambda: told.count() == len(lessons), site.report)
    assert len(site.sandbox.requests("token.refresh")) == 2, "asked once more, and never again"
    worker.stop()
    site.link_account()
    site.settle()
    site.check()


def test_killed_after_it_gave_a_grant_back(site: Site) -> None:
    made(site)
    profile = ConferencingProfile.objects.get()
    profiles.unlink(profile, remove_meetings=True)
    site.crash_at("revoke.after_call")
    site.leap(AFTER_THE_LEASE)
    worker = site.start_worker()
    wait_until(lambda: not Grant.objects.exists(), site.report)
    worker.stop()
    profile.refresh_from_db()
    assert (profile.state, profile.account_key, profile.account_label) == ("unlinked", None, "")
    assert checker.live_at_provider(site.journal) == []


@pytest.mark.parametrize("point", ["claim.after_commit", *DELETE, "reply.before_commit:2", "revoke.after_call"])
def test_killed_while_the_meetings_of_a_deleted_person_are_removed(site: Site, point: str) -> None:
    made(site, 20)
    site.owner.delete()
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    assert checker.live_at_provider(site.journal) == []
    assert not Grant.objects.exists()


@pytest.mark.parametrize("point", [*TELL, "signal.before_send:3", "signal.after_send:3"])
def test_killed_while_it_tells_what_became_of_events(site: Site, point: str) -> None:
    """Each event has two outcomes: it fails, and it heals."""
    saved(site)
    site.sandbox.add_fault("create", "status", status=503, times=3)
    site.crash_at(point)
    site.leap(AFTER_THE_LEASE + AFTER_THE_FIRST_WAIT)
    site.settle()
    site.check()
    assert Notification.objects.filter(sequence=2, type="conferencing_assigned").count() == 3
    told_twice = point.startswith("signal.after_send")
    assert Heard.objects.count() == Notification.objects.count() + told_twice


@pytest.mark.slow
def test_each_outcome_is_heard_although_its_worker_is_killed_before_it_is_told(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    """PROMISES_FULL=1: 200 outcomes, each with a kill of its own."""
    outcomes = 200 if os.environ.get("PROMISES_FULL") == "1" else 10
    # How much an account may do in a day is not what this is about, neither there nor by our own count.
    site.sandbox.set_account("alice.zoom@example.com", daily_limit=1000)
    for number in range(outcomes):
        Tally.objects.all().delete()
        site.save_lesson(f"Lesson {number}")
        site.crash_at("signal.before_send:2")  # the first is what the worker before was killed with
        site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    told = [row.public_id for row in Notification.objects.filter(type="conferencing_assigned")]
    heard = Heard.objects.filter(notification__in=told).values("notification").distinct().count()
    record_property("kills", outcomes)
    record_property("heard", heard)
    assert heard == outcomes


@pytest.mark.parametrize(("point", "expected"), list(zip(SAVE, [0, 0, 1], strict=True)))
def test_a_web_process_killed_while_it_saves_leaves_both_or_neither(site: Site, point: str, expected: int) -> None:
    arguments = (site.owner.pk, "Scales", site.lesson_time().isoformat())
    process = site.nursery.start("save", *arguments, failpoints=f"{point}=kill")
    wait_until(lambda: not is_alive(process.pid), site.report)
    assert process.points_hit() == [point]
    assert (Lesson.objects.count(), Conference.objects.count()) == (expected, expected)
    site.settle()
    site.check()
    assert len(checker.live_at_provider(site.journal)) == expected
