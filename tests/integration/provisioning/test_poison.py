"""Events that can't be served, whatever is tried, beside those that can: each kind harms nobody but itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from benchmarks.figures.spread import percentile
from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.provisioning import draining
from conferencing_app.sandbox.client import SandboxControl
from tests.hosts.models import Lesson

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FULL = os.environ.get("PROMISES_FULL") == "1"
GOOD, POISONED, ACCOUNTS = (200, 50, 25) if FULL else (20, 5, 5)
ROUNDS = 3 if FULL else 1
LATENCY_SECONDS = 0.1
SLOWER_AT_MOST = 1.5
# Longer than all of the good ones take.
HANG_SECONDS = 12.0 if FULL else 2.0


@pytest.fixture
def people(conferencing_sandbox: SandboxControl, transactional_db: None, link_profile: Any) -> list[Any]:
    """Each with an account; the answers of the first to a create are garbled."""
    people = [with_account(f"person{number}", conferencing_sandbox, link_profile) for number in range(ACCOUNTS + 1)]
    conferencing_sandbox.add_fault("create", "malformed", account="person0@example.com")
    conferencing_sandbox.options(latency_seconds=LATENCY_SECONDS)
    return people


@pytest.fixture
def unanswered(people: list[Any], conferencing_sandbox: SandboxControl, link_profile: Any) -> Iterator[list[Any]]:
    """Each with an account for which the provider takes long to answer to a create, as to nobody else."""
    unanswered = [with_account(f"silent{number}", conferencing_sandbox, link_profile) for number in range(POISONED)]
    for person in unanswered:
        account = f"{person.username}@example.com"
        conferencing_sandbox.add_fault("create", "delay_before", seconds=HANG_SECONDS, account=account)
    yield unanswered
    draining.finish()


def with_account(name: str, sandbox: SandboxControl, link_profile: Any) -> Any:
    person = get_user_model().objects.create_user(name)
    sandbox.create_account(f"{name}@example.com", daily_limit=1_000_000)
    link_profile(person, f"{name}@example.com")
    return person


def save(people: list[Any], poisoned: int, silent: list[Any] | None = None) -> None:
    """The good ones, and spread among them the poisoned, in turn: one that is garbled, one whose model is gone; or
    one of each of those who are ``silent``."""
    start = clock.read("default") + timedelta(days=2)
    every = GOOD // poisoned if poisoned else GOOD + 1
    for number in range(GOOD):
        Lesson.objects.create(owner=people[1 + number % ACCOUNTS], title="good", starts_at=start)
        if (number + 1) % every == 0 and silent:
            Lesson.objects.create(owner=silent[number // every], title="silent", starts_at=start)
        elif (number + 1) % every == 0:
            Lesson.objects.create(owner=people[0], title="garbled" if number // every % 2 else "gone", starts_at=start)
    Conference.objects.filter(summary="gone").update(event_model="hosts.gone", stale=True)


def seconds_of_the_good(begun: datetime, drain: Callable[[], int]) -> list[float]:
    good = Conference.objects.filter(summary="good")
    while good.exclude(state="assigned").exists():
        drain()
    return [(at - begun).total_seconds() for at in good.values_list("assigned_at", flat=True) if at is not None]


def p95(people: list[Any], poisoned: int, drain: Callable[[], int], silent: list[Any] | None = None) -> float:
    Conference.objects.update(due_at=None, summary="of an earlier round")
    save(people, poisoned, silent)
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


def test_events_whose_calls_hang_do_not_hold_up_the_good_ones(people, unanswered, record_property) -> None:
    without, beside = [], []
    for _ in range(ROUNDS):
        without.append(p95(people, 0, draining.drain_slice))
        beside.append(p95(people, POISONED, draining.drain_slice, unanswered))
        silent = Conference.objects.filter(summary="silent")
        assert FULL is False or not silent.filter(state="assigned").exists(), "they hang for longer than the good take"
        draining.finish()
        assert silent.filter(state="assigned").count() == POISONED, "what they bring in the end is recorded"
    ratio = median(beside) / median(without)
    record_property("p95_without_seconds", round(median(without), 2))
    record_property("p95_beside_hanging_seconds", round(median(beside), 2))
    record_property("ratio", round(ratio, 2))
    assert ratio <= SLOWER_AT_MOST or not FULL, "a small number of events says nothing about time"
