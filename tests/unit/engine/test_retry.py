"""When to try again: waits grow, are bounded, never end, and never come before the provider allows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencing_app.causes import Retry
from conferencing_app.engine.retry import JITTER, NEAR, NEAR_CAP, SCHEDULES, next_try

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TRIED_AGAIN = [retry for retry, schedule in SCHEDULES.items() if schedule is not None]


def wait(retry: Retry, attempts: int, draw: float = 0.5, **more: datetime) -> float:
    at = next_try(retry, attempts, NOW, draw=draw, **more)
    assert at is not None
    return (at - NOW).total_seconds()


def test_every_kind_of_cause_has_its_schedule() -> None:
    assert set(SCHEDULES) == set(Retry)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 4), (2, 8), (3, 16), (10, 2048), (11, 3600), (12, 3600), (10**6, 3600)]
)
def test_waits_for_the_provider_double_up_to_an_hour(attempts: int, seconds: float) -> None:
    assert wait(Retry.TRANSIENT, attempts) == seconds


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 900), (2, 1800), (6, 21600), (60, 21600)])
def test_waits_for_a_person_are_slow(attempts: int, seconds: float) -> None:
    assert wait(Retry.PERSON, attempts) == seconds


@pytest.mark.parametrize("attempts", [1, 50])
def test_what_only_the_event_can_change_is_not_tried(attempts: int) -> None:
    assert next_try(Retry.EVENT, attempts, NOW) is None


@given(st.sampled_from(TRIED_AGAIN), st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_its_schedules_give_or_take_a_fifth(retry: Retry, attempts: int, draw: float) -> None:
    middle = wait(retry, attempts)
    assert 0 < middle * (1 - JITTER) <= wait(retry, attempts, draw) + 1e-5
    assert wait(retry, attempts, draw) <= middle * (1 + JITTER) + 1e-5


@given(
    st.sampled_from(TRIED_AGAIN),
    st.integers(1, 100),
    st.floats(0, 1, exclude_max=True),
    st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_never_before_the_provider_allows(retry: Retry, attempts: int, draw: float, asked: timedelta) -> None:
    assert wait(retry, attempts, draw, not_before=NOW + asked) >= asked.total_seconds()


@pytest.mark.parametrize("minutes", [-59, -1, 0, 1, 59])
def test_around_the_start_of_an_event_waits_are_short(minutes: int) -> None:
    assert wait(Retry.TRANSIENT, 20, start=NOW + timedelta(minutes=minutes)) == NEAR_CAP


@pytest.mark.parametrize("seconds", [-NEAR - 1, 3 * NEAR])
def test_long_before_and_after_they_are_not(seconds: float) -> None:
    assert wait(Retry.TRANSIENT, 20, start=NOW + timedelta(seconds=seconds)) == 3600


@pytest.mark.parametrize("retry", TRIED_AGAIN)
@pytest.mark.parametrize("minutes", [61, 66, 90, 119])
def test_no_wait_reaches_over_the_hour_before_the_start(retry: Retry, minutes: int) -> None:
    until_it_is_near = (minutes - 60) * 60
    assert wait(retry, 20, start=NOW + timedelta(minutes=minutes)) == max(until_it_is_near, NEAR_CAP)


@pytest.mark.parametrize("seed", range(20))
def test_thirty_days_of_outage_cost_at_most_800_calls_and_the_row_is_still_tried(seed: int) -> None:
    draw = random.Random(seed).random
    now, end, calls = NOW, NOW + timedelta(days=30), 0
    start_of_event = NOW + timedelta(days=20)
    while now < end:
        calls += 1
        at = next_try(Retry.TRANSIENT, calls, now, start=start_of_event, draw=draw())
        assert at is not None
        assert timedelta(0) < at - now <= timedelta(seconds=3600 * (1 + JITTER))
        now = at
    assert 600 <= calls <= 800
