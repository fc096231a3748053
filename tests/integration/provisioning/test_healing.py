"""What long trouble costs, and how what it broke heals: in which order, how soon, within which count."""

from __future__ import annotations

import os
import random
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.engine.retry import JITTER, SCHEDULES
from conferencing_app.models import Conference, Grant, Tally
from conferencing_app.providers.zoom import ZoomProvider
from conferencing_app.provisioning.draining import is_due
from conferencing_app.services import retrying
from tests.hosts.models import Lesson
from tests.integration.provisioning.days import Days

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FULL = os.environ.get("PROMISES_FULL") == "1"
OUTAGE_DAYS = 30 if FULL else 1
CALLS_IN_30_DAYS = 800
BROKEN, DAILY = (400, 100) if FULL else (40, 10)
CAP = SCHEDULES[Conference(cause_code="outage").cause.retry].cap  # type: ignore[union-attr]
ONE_WAIT = timedelta(seconds=CAP * (1 + JITTER))
AT_ONCE_SECONDS = 5.0
ALICE_ZOOM = "alice.zoom@example.com"


def conference() -> Conference:
    return Conference.objects.get()


def next_due() -> datetime:
    due = conference().due_at
    assert due is not None, "it is still live"
    return due


@pytest.fixture
def broken(days: Days, link_profile: Any, alice: Any, save_lesson: Any, drain: Any) -> Lesson:
    """A lesson far ahead, asked for when the provider has just begun to answer nothing properly."""
    link_profile(alice)
    days.sandbox.add_fault("*", "status", status=503)
    start = clock.read("default") + timedelta(days=OUTAGE_DAYS + 10)
    lesson: Lesson = save_lesson(alice, starts_at=start, ends_at=start + timedelta(hours=1))
    drain()
    return lesson


def last_through(days: Days, drain: Any, end: datetime) -> int:
    """Do what is due until then; how many calls were made meanwhile."""
    begun = len(days.sandbox.requests())
    while (due := next_due()) < end:
        days.move_to(due + timedelta(seconds=1))
        drain()
    days.move_to(end)
    return len(days.sandbox.requests()) - begun


def test_a_long_outage_costs_few_calls_and_heals_by_itself(
    days, broken, drain, conferencing_notifications, record_property
) -> None:
    """Of the endpoint for tokens as well, as when a provider is down altogether."""
    end = clock.read("default") + timedelta(days=OUTAGE_DAYS)
    calls = last_through(days, drain, end)
    record_property("calls", calls)
    assert calls <= CALLS_IN_30_DAYS * OUTAGE_DAYS / 30 + 20 * (not FULL)
    assert (conference().state, conference().cause_code) == ("failing", "outage")
    assert [each.type for each in conferencing_notifications].count("conferencing_failing") <= 1
    days.sandbox.clear_faults()
    due = next_due()
    assert due <= end + ONE_WAIT
    days.move_to(due + timedelta(seconds=1))
    drain()
    assert conference().state == "assigned"
    assert len(days.sandbox.live_meetings()) == 1


def test_an_outage_of_the_meetings_alone_costs_as_few_calls_for_them(
    days, link_profile, alice, save_lesson, drain, record_property
) -> None:
    """The token is renewed meanwhile: once for each try at most, as none lives longer than the wait between two."""
    link_profile(alice)
    for operation in ("create", "list"):
        days.sandbox.add_fault(operation, "status", status=503)
    start = clock.read("default") + timedelta(days=OUTAGE_DAYS + 10)
    save_lesson(alice, starts_at=start, ends_at=start + timedelta(hours=1))
    drain()
    last_through(days, drain, clock.read("default") + timedelta(days=OUTAGE_DAYS))
    calls = [request["operation"] for request in days.sandbox.requests()]
    meetings, refreshes = sum(calls.count(name) for name in ("create", "list")), calls.count("token.refresh")
    record_property("calls_for_meetings", meetings)
    record_property("token_calls", refreshes)
    assert meetings <= CALLS_IN_30_DAYS * OUTAGE_DAYS / 30 + 20 * (not FULL)
    assert refreshes <= meetings
    assert conference().state == "failing"


@pytest.mark.parametrize("how", ["try now", "relink"])
def test_a_person_need_not_wait_for_the_next_try(
    how, days, broken, link_profile, alice, drain, record_property
) -> None:
    last_through(days, drain, clock.read("default") + timedelta(hours=6))
    last_through(days, drain, next_due() + timedelta(seconds=2))  # a try that has just failed
    days.sandbox.clear_faults()
    assert next_due() > clock.read("default") + timedelta(minutes=5)
    begun = time.monotonic()
    if how == "try now":
        assert retrying.try_now(Conference.objects.all()).count() == 1
    else:
        link_profile(alice)
    drain()
    seconds = time.monotonic() - begun
    record_property(f"seconds_after_{how.replace(' ', '_')}", round(seconds, 2))
    assert conference().state == "assigned"
    assert seconds <= AT_ONCE_SECONDS or not FULL


def test_what_was_broken_heals_soonest_start_first_within_the_daily_count(
    days, link_profile, alice, drain, monkeypatch, record_property
) -> None:
    monkeypatch.setattr(ZoomProvider, "daily_changes", DAILY)
    days.sandbox.set_account(ALICE_ZOOM, daily_limit=DAILY)
    profile = link_profile(alice)
    days.sandbox.revoke_grants(ALICE_ZOOM)
    Grant.objects.update(expires_at=clock.now())
    first = (clock.read("default") + timedelta(days=10)).replace(microsecond=0)
    places = random.Random(4).sample(range(BROKEN), BROKEN)
    for place in places:
        start = first + timedelta(minutes=30 * place)
        Lesson.objects.create(owner=alice, title=f"{place}", starts_at=start, ends_at=start + timedelta(minutes=30))
    drain_all(drain)
    assert set(Conference.objects.values_list("state", "cause_code")) == {("failing", "credentials_expired")}
    assert link_profile(alice).pk == profile.pk
    for day in range(1, BROKEN // DAILY + 1):
        drain_all(drain)
        made = [int(meeting["topic"]) for meeting in days.sandbox.meetings()]
        assert made == list(range(DAILY * day)), "soonest first, each day as many as may"
        waiting = Conference.objects.exclude(state="assigned")
        assert set(waiting.values_list("cause_code", flat=True)) <= {"daily_cap"}
        days.next()
    record_property("linked", Conference.objects.filter(state="assigned").count())
    record_property("refused", days.refused())
    assert not Conference.objects.exclude(state="assigned").exists()
    assert days.refused() == 0
    assert Tally.objects.filter(key__startswith="daily_changes:").count() == 1


def drain_all(drain: Any) -> None:
    while is_due():
        drain()
