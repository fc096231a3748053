"""Zoom's day of so many changes a host: what goes first when they run short, and what waits until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Tally
from conferencing_app.providers.zoom import ZoomProvider
from conferencing_app.provisioning.budget import Budget
from conferencing_app.services.explain import explain
from tests.hosts.models import Lesson
from tests.integration.provisioning.days import Days

pytestmark = pytest.mark.django_db(transaction=True)
ALICE_ZOOM = "alice.zoom@example.com"


@pytest.fixture
def ten_a_day(days: Days, monkeypatch: pytest.MonkeyPatch) -> Days:
    """Zoom allows ten changes, of which two are kept for new meetings and new times."""
    monkeypatch.setattr(ZoomProvider, "daily_changes", 10)
    days.sandbox.set_account(ALICE_ZOOM, daily_limit=10)
    return days


def counted() -> int:
    return sum(Tally.objects.filter(key__startswith="daily_changes:").values_list("count", flat=True))


def causes() -> dict[str, str]:
    return dict(Conference.objects.values_list("summary", "cause_code"))


def test_zooms_own_number_is_known() -> None:
    assert ZoomProvider.daily_changes == 100


def test_creates_and_updates_count_as_the_provider_counts_them_and_nothing_else_does(
    ten_a_day, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    lessons = [save_lesson(alice, f"Lesson {number}") for number in range(3)]
    drain()
    lessons[0].starts_at += timedelta(minutes=30)
    lessons[0].save()
    lessons[1].delete()
    ten_a_day.sandbox.add_fault("create", "status", status=400, body={"code": 3161, "message": "Off."}, times=1)
    save_lesson(alice, "Refused")
    drain()
    (account,) = [each for each in ten_a_day.sandbox.accounts() if each["email"] == ALICE_ZOOM]
    assert counted() == account["writes_today"] == 4


def test_a_create_whose_answer_was_lost_counts_when_it_is_found(
    ten_a_day, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    save_lesson(alice)
    ten_a_day.sandbox.add_fault("create", "drop_after", times=1)
    drain()
    with clock.travel(timedelta(minutes=2)):
        drain()
    updates = len(ten_a_day.sandbox.requests("update"))  # as what it was made for is not known
    assert counted() == 1 + updates


def test_when_the_day_is_spent_what_is_left_waits_for_the_next_without_asking(
    ten_a_day, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    tomorrow = clock.read("default") + timedelta(days=2)
    for number in range(13):
        start = tomorrow + timedelta(hours=number)
        save_lesson(alice, f"{number}", starts_at=start, ends_at=start + timedelta(hours=1))
    drain()
    waiting = Conference.objects.filter(cause_code="daily_cap")
    assert {row.summary for row in waiting} == {"10", "11", "12"}, "they were asked for last"
    assert {row.state for row in waiting} == {"failing"}
    reset = datetime.combine(clock.read("default").date() + timedelta(days=1), datetime.min.time(), UTC)
    assert {row.due_at for row in waiting} == {reset}
    told = explain(waiting[0])
    assert told is not None
    assert (told.next_try, told.can_try_now) == (reset, False)
    Conference.objects.all().wake()
    drain()
    assert ten_a_day.refused() == 0
    ten_a_day.next()
    drain()
    assert set(causes().values()) == {""}
    assert ten_a_day.refused() == 0


def test_new_meetings_and_new_times_go_before_new_titles(ten_a_day, link_profile, alice, save_lesson, drain) -> None:
    link_profile(alice)
    lessons = [save_lesson(alice, f"Old {number}") for number in range(4)]
    drain()
    for lesson in lessons[:3]:
        lesson.title = f"Renamed {lesson.pk}"
        lesson.save()
    lessons[3].title, lessons[3].ends_at = "Moved", lessons[3].ends_at + timedelta(minutes=30)
    lessons[3].save()
    for number in range(5):
        save_lesson(alice, f"New {number}")
    drain()
    states = {row.summary: (row.state, row.cause_code) for row in Conference.objects.all()}
    renamed = [lesson.title for lesson in lessons[:3]]
    assert {states[title] for title in renamed} == {("assigned", "daily_cap")}
    assert {states[title] for title in states if title not in renamed} == {("assigned", "")}
    assert ten_a_day.refused() == 0


def test_edits_that_wait_are_merged_into_one_and_cost_nothing_meanwhile(
    ten_a_day, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    start = clock.read("default") + timedelta(days=2)
    lesson = save_lesson(alice, "First", starts_at=start, ends_at=start + timedelta(hours=1))
    drain()
    for number in range(20):
        lesson.title = f"Title {number}"
        lesson.save()
        drain()
    sent = len(ten_a_day.sandbox.requests("update"))
    assert sent == 7, "two of the ten are kept, and one has made it"
    lesson.starts_at += timedelta(minutes=15)
    lesson.save()
    drain()
    assert len(ten_a_day.sandbox.requests("update")) == sent + 1, "a new time may use what is kept"
    assert ten_a_day.sandbox.live_meetings()[0]["topic"] == "Title 19", "and takes the title along"
    lesson.title = "Last"
    lesson.save()
    drain()
    ten_a_day.next()
    drain()
    assert len(ten_a_day.sandbox.requests("update")) == sent + 2
    assert ten_a_day.sandbox.live_meetings()[0]["topic"] == "Last"
    assert ten_a_day.refused() == 0


def test_a_count_that_others_have_spent_is_learnt_and_holds_up_no_removal(
    days, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    first = save_lesson(alice, "First")
    drain()
    days.sandbox.set_account(ALICE_ZOOM, daily_limit=1)
    save_lesson(alice, "Second")
    drain()
    assert days.refused() == 1
    save_lesson(alice, "Third")
    first.delete()
    drain()
    assert days.refused() == 1, "told once, nothing is asked for again that day"
    assert (causes()["Second"], causes()["Third"]) == ("daily_cap", "daily_cap")
    assert days.sandbox.live_meetings() == []
    assert ConferencingProfile.objects.get().paused_until is None, "only the day's count is spent"


def test_a_pause_for_seconds_and_a_spent_day_are_kept_apart(ten_a_day, link_profile, alice, save_lesson, drain) -> None:
    profile = link_profile(alice)
    now = clock.read("default")
    budget = Budget([profile], now, "default")
    budget.exhaust(profile.pk, None)
    budget.save()
    ConferencingProfile.objects.update(paused_until=clock.now(timedelta(minutes=1)), pause_cause="rate_limited")
    save_lesson(alice)
    with clock.travel(timedelta(minutes=2)):
        drain()
    assert set(causes().values()) == {"daily_cap"}
    assert ten_a_day.sandbox.requests("create") == []


def test_an_account_takes_what_it_has_spent_along(ten_a_day, link_profile, alice, bob) -> None:
    now = clock.read("default")
    profile = link_profile(alice)
    for _ in range(10):  # as ten workers would, one after the other
        budget = Budget([profile], now, "default")
        assert budget.changes_from(profile.pk) is None
        budget.spend(profile.pk)
        budget.save()
    key = profile.account_key
    ConferencingProfile.objects.filter(pk=profile.pk).update(account_key=None)
    moved = ConferencingProfile.objects.create(user=bob, provider="zoom", account_key=key, linked_at=now)
    assert Budget([moved], now, "default").changes_from(moved.pk) is not None


def test_the_lesson_of_a_spent_day_ends_in_time(ten_a_day, link_profile, alice, save_lesson, drain) -> None:
    """What would have to wait past its event's end is given up at that end, and made by nobody afterwards."""
    profile = link_profile(alice)
    budget = Budget([profile], clock.read("default"), "default")
    budget.exhaust(profile.pk, None)
    budget.save()
    lesson = save_lesson(alice)
    drain()
    assert Conference.objects.get().due_at == lesson.ends_at
    with clock.travel(timedelta(hours=4)):
        drain()
    assert Lesson.objects.get().conferencing.cause_code == "past"
    assert ten_a_day.sandbox.requests("create") == []
