"""Claims by several processes at once on the real database: no row twice, no lane beside another, no gate overfull."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from conferencing_app import clock
from conferencing_app.engine import claim, lanes
from conferencing_app.models import Conference, ConferencingProfile

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
PROCESSES = 4
ROWS = 2000
LANES = 25  # as each process of `claimant` takes


def due_rows(number: int) -> None:
    now = clock.read("default")
    Conference.objects.bulk_create(
        Conference(event_model="hosts.lesson", event_key=str(key), due_at=now, created_at=now) for key in range(number)
    )


def profiles(number: int, provider: str = "zoom") -> list[ConferencingProfile]:
    linked_at = datetime.now(UTC)
    return ConferencingProfile.objects.bulk_create(
        ConferencingProfile(provider=provider, linked_at=linked_at) for _ in range(number)
    )


def side_by_side(*arguments: str) -> list[Any]:
    """What each of several processes of ``claimant`` printed, in JSON."""
    command = [sys.executable, "-m", "tests.unit.engine.claimant", *arguments]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(PROCESSES)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    return [json.loads(output) for output in outputs]


@pytest.mark.slow
def test_of_2000_rows_none_is_claimed_twice_by_four_processes() -> None:
    due_rows(ROWS)
    claimed = Counter(key for keys in side_by_side("rows") for key in keys)
    assert set(claimed.values()) == {1}
    assert len(claimed) == ROWS
    assert set(Conference.objects.values_list("fence", flat=True)) == {1}


@pytest.mark.slow
def test_a_providers_cap_is_never_exceeded_and_a_lane_never_shared() -> None:
    ids = [profile.pk for profile in profiles(8)]
    reports = side_by_side("lanes", json.dumps(ids), "3")
    assert max(report["seen"] for report in reports) <= 3, "lanes held at once, over all processes"
    taken = [tuple(pair) for report in reports for pair in report["taken"]]
    assert len(taken) == len(set(taken)), "each (lane, fence) belongs to one holder"
    assert len(taken) >= PROCESSES * LANES


def test_a_lease_that_has_ended_is_taken_over_and_its_holder_fenced_out() -> None:
    due_rows(1)
    (paused,) = lease_due()
    assert lease_due() == [], "it is held"
    with clock.travel(timedelta(seconds=61)):
        (successor,) = lease_due()
        assert (paused.fence, successor.fence) == (1, 2)
        assert Conference.objects.filter(pk=paused.pk).held(paused.fence).update(summary="late") == 0
        claim.release(Conference, [(paused.pk, paused.fence)], "default")
        assert Conference.objects.filter(pk=paused.pk).held(successor.fence).update(summary="in time") == 1


def lease_due() -> list[Any]:
    with transaction.atomic():
        return claim.lease(claim.lock(Conference.objects.due(), 10), 60, "default")


@pytest.mark.parametrize("skip_locked", [True, False])
def test_whatever_the_database_can_lock_no_row_is_claimed_twice(
    monkeypatch: pytest.MonkeyPatch, skip_locked: bool
) -> None:
    if connection.features.has_select_for_update:
        monkeypatch.setattr(type(connection.features), "has_select_for_update_skip_locked", skip_locked)
    due_rows(60)

    def claim_all(_: int) -> list[int]:
        keys = []
        try:
            while rows := lease_due():
                keys += [row.pk for row in rows]
        finally:
            connection.close()
        return keys

    with ThreadPoolExecutor(PROCESSES) as pool:
        claimed = Counter(key for keys in pool.map(claim_all, range(PROCESSES)) for key in keys)
    assert set(claimed.values()) == {1}
    assert set(Conference.objects.values_list("fence", flat=True)) == {1}


@pytest.mark.sqlite
def test_of_two_that_read_the_same_row_one_gets_it() -> None:
    """Where rows can't be locked the fence decides."""
    due_rows(1)
    first, second = list(Conference.objects.due()), list(Conference.objects.due())
    assert len(claim.lease(first, 60, "default")) == 1
    assert claim.lease(second, 60, "default") == []


def take(ids: list[int], cap: int) -> dict[int, int]:
    with transaction.atomic():
        return lanes.take(ConferencingProfile, ids, gate="provider", cap=cap, seconds=60, using="default")


def test_a_gate_lets_in_as_many_as_its_cap_and_again_when_one_leaves() -> None:
    ids = [profile.pk for profile in profiles(5)]
    others = [profile.pk for profile in profiles(2, "webex")]
    held = take(ids, 3)
    assert len(held) == 3
    assert take(ids, 3) == {}
    assert len(take(others, 3)) == 2, "another provider has a cap of its own"
    assert lanes.full(ConferencingProfile, gate="provider", cap=3, using="default") == ["zoom"]
    one = next(iter(held))
    lanes.release(ConferencingProfile, {one: held[one]}, "default")
    assert len(take(ids, 3)) == 1


def test_a_lane_that_was_taken_over_is_not_let_go_of_by_its_former_holder() -> None:
    (profile,) = profiles(1)
    former = take([profile.pk], 3)
    with clock.travel(timedelta(seconds=61)):
        assert take([profile.pk], 3) == {profile.pk: 2}
        lanes.release(ConferencingProfile, former, "default")
        assert take([profile.pk], 3) == {}
