"""Events that can't be served, whatever is tried, beside those that can: each kind harms nobody but itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from benchmarks.figures.spread import percentile
from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.sandbox.client import SandboxControl
from tests.hosts.models import Lesson

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FULL = os.environ.get("PROMISES_FULL") == "1"
GOOD, POISONED, ACCOUNTS = (200, 50, 25) if FULL else (20, 5, 5)
ROUNDS = 3 if FULL else 1
LATENCY_SECONDS = 0.1
SLOWER_AT_MOST = 1.5


@pytest.fixture
def people(conferencing_sandbox: SandboxControl, transactional_db: None, link_profile: Any) -> list[Any]:
    """Each with an account; the answers of the first to a create are garbled."""
    people = []
    for number in range(ACCOUNTS + 1):
        person = get_user_model().objects.create_user(f"person{number}")
        conferencing_sandbox.create_account(f"person{number}@example.com", daily_limit=1_000_000)
        link_profile(person, f"person{number}@example.com")
        people.append(person)
    conferencing_sandbox.add_fault("create", "malformed", account="person0@example.com")
    conferencing_sandbox.options(latency_seconds=LATENCY_SECONDS)
    return people


def save(people: list[Any], poisoned: int) -> None:
    """The good ones, and spread among them the poisoned, in turn: one that is garbled, one whose model is gone."""
    start = clock.read("default") + timedelta(days=2)
    every = GOOD // poisoned if poisoned else GOOD + 1
    for number in range(GOOD):
        Lesson.objects.create(owner=people[1 + number % ACCOUNTS], title="good", starts_at=start)
        if (number + 1) % every == 0:
            Lesson.objects.create(owner=people[0], title="garbled" if number // every % 2 else "gone", starts_at=start)
    Conference.objects.filter(summary="gone").update(event_model="hosts.gone", stale=True)


def seconds_of_the_good(begun: datetime, drain: Callable[[], int]) -> list[float]:
    good = Conference.objects.filter(summary="good")
    while good.exclude(state="assigned").exists():
        drain()
    return [(at - begun).total_seconds() for at in good.values_list("assigned_at", flat=True) if at is not None]


def p95(people: list[Any], poisoned: int, drain: Callable[[], int]) -> float:
    Conference.objects.update(due_at=None, summary="of an earlier round")
    save(people, poisoned)
    begun = clock.read("default")
    Conference.objects.exclude(due_at=None).update(due_at=begun)
    return percentile(seconds_of_the_good(begun, drain), 0.95)


def test_events_that_always_fail_do_not_hold_up_the_good_ones(
    people, conferencing_sandbox, drain, record_property
) -> None:
    without, beside = [], []
    for _ in range(ROUNDS):
        without.append(p95(people, 0, drain))
        beside.append(p95(people, POISONED, drain))
    rows = Conference.objects.exclude(summary="of an earlier round")
    assert rows.filter(summary="good", state="assigned").count() == GOOD
    causes = set(rows.exclude(summary="good").values_list("summary", "state", "cause_code"))
    assert causes == {("garbled", "failing", "outage"), ("gone", "failing", "internal")}
    ratio = median(beside) / median(without)
    record_property("p95_without_seconds", round(median(without), 2))
    record_property("p95_beside_poison_seconds", round(median(beside), 2))
    record_property("ratio", round(ratio, 2))
    assert ratio <= SLOWER_AT_MOST or not FULL, "a small number of events says nothing about time"
