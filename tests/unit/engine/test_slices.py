"""A slice of work, with a handler that keeps its rows in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from conferencing_app.engine import pool as pools
from conferencing_app.engine import slices
from conferencing_app.engine.jobs import Handler, Job
from conferencing_app.engine.pool import Pool
from conferencing_app.engine.slices import Slice
from conferencing_app.engine.stopping import Stop


class Rows(Handler):
    """Rows by key; each needs ``calls`` calls, in the lane that ``lane`` gives it."""

    def __init__(self, number: int, *, calls: int = 1, lane: Callable[[int], int | None] = lambda key: key) -> None:
        self.due = list(range(number))
        self.calls = calls
        self.lane = lane
        self.made: Counter[int] = Counter()
        self.held_lanes: set[int] = set()
        self.finished: list[int] = []
        self.failed: list[int] = []
        self.released: list[int] = []
        self.under_way: Counter[int | None] = Counter()
        self.peak: Counter[int | None] = Counter()
        self.poison: set[int] = set()
        self.work: Callable[[int], Any] = lambda key: None
        self.lock = threading.Lock()

    def claim(self, room: int) -> list[Job]:
        keys, self.due = self.due[:room], self.due[room:]
        self.held_lanes |= {lane for key in keys if (lane := self.lane(key)) is not None}
        return [Job(self, key, 1, self.lane(key), 1) for key in keys]

    def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
        if any(job.key in self.poison for job in jobs):
            raise ArithmeticError("as ordered")
        for job in jobs:
            job.call = None
            if self.made[job.key] == self.calls:
                self.finished.append(job.key)
            elif may_call:
                job.call = self._call(job.key)
            else:
                self.due.append(job.key)

    def _call(self, key: int) -> Callable[[], None]:
        lane = self.lane(key)

        def call() -> None:
            with self.lock:
                self.made[key] += 1
                self.under_way[lane] += 1
                self.peak[lane] = max(self.peak[lane], self.under_way[lane])
            self.work(key)
            with self.lock:
                self.under_way[lane] -= 1

        return call

    def fail(self, job: Job) -> None:
        self.failed.append(job.key)

    def release(self, jobs: Sequence[Job]) -> None:
        self.released += [job.key for job in jobs]
        self.due += [job.key for job in jobs]

    def release_lanes(self, lanes: dict[int, int]) -> None:
        assert self.held_lanes >= set(lanes), "only lanes that are held are let go of"
        self.held_lanes -= set(lanes)


def run(rows: Rows, *, size: int = 4, seconds: float = 30.0, stop: Stop | None = None) -> int:
    return Slice([rows], Pool(size), seconds, stop or Stop()).run()


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_every_row_is_finished_and_every_lane_let_go_of(calls: int) -> None:
    rows = Rows(50, calls=calls)
    assert run(rows) == 50
    assert sorted(rows.finished) == list(range(50))
    assert rows.held_lanes == set()


def test_the_rows_of_a_lane_are_called_for_one_at_a_time() -> None:
    rows = Rows(30, calls=2, lane=lambda key: key % 3)
    rows.work = lambda key: time.sleep(0.002)
    run(rows, size=8)
    assert sorted(rows.finished) == list(range(30))
    assert dict(rows.peak) == {0: 1, 1: 1, 2: 1}


def test_lanes_run_side_by_side() -> None:
    together = threading.Barrier(4)
    rows = Rows(4)
    rows.work = lambda key: together.wait(10)
    assert run(rows, size=4) == 4


def test_a_row_without_a_lane_waits_for_nobody() -> None:
    together = threading.Barrier(3)
    rows = Rows(3, lane=lambda key: None)
    rows.work = lambda key: together.wait(10)
    assert run(rows) == 3


def test_a_bad_row_harms_no_other() -> None:
    rows = Rows(20, lane=lambda key: key % 5)
    rows.poison = {3, 4, 11}
    run(rows)
    assert sorted(rows.failed) == [3, 4, 11]
    assert sorted(rows.finished) == [key for key in range(20) if key not in rows.poison]
    assert rows.held_lanes == set()


def test_a_call_that_raises_is_an_outcome_like_any_other() -> None:
    rows = Rows(3)

    def work(key: int) -> None:
        if key == 1:
            raise OSError("as ordered")

    rows.work = work
    assert run(rows) == 3


def test_after_its_time_nothing_is_begun_and_the_rest_stays_due() -> None:
    rows = Rows(5, calls=3, lane=lambda key: 0)
    rows.work = lambda key: time.sleep(0.05)
    run(rows, seconds=0.01)
    assert sum(rows.made.values()) == 1, "the call that had begun"
    assert sorted(rows.due) == list(range(5))
    assert rows.held_lanes == set()


def test_a_stop_lets_calls_finish_and_claims_nothing_more() -> None:
    stop = Stop()
    rows = Rows(100)

    def work(key: int) -> None:
        stop.set()
        time.sleep(0.05)

    rows.work = work
    run(rows, size=4, stop=stop)
    called = {key for key, made in rows.made.items() if made}
    assert called == set(rows.finished), "each call that was made has been recorded"
    assert sorted([*rows.due, *rows.finished]) == list(range(100))
    assert len(called) <= 8
    assert rows.held_lanes == set()


def test_a_stop_waits_for_a_stuck_call_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "STOP_GRACE_SECONDS", 0.1)
    stop, never = Stop(), threading.Event()
    rows = Rows(2, lane=lambda key: 0)

    def work(key: int) -> None:
        stop.set()  # asked for while the slice already waits for the answer
        never.wait(20)

    rows.work = work
    run(rows, stop=stop)
    never.set()
    assert rows.released == [1], "what waited in the lane stays due"
    assert rows.finished == []
    assert rows.held_lanes == {0}, "the lane of the stuck call stays held until its lease ends"


def test_calls_under_way_are_recorded_although_no_more_can_be_claimed() -> None:
    rows, claims = Rows(3), iter([Rows.claim])

    def claim(room: int) -> list[Job]:
        if (way := next(claims, None)) is None:
            raise ConnectionError("the database was away for a moment")
        return way(rows, room)

    rows.claim = claim  # type: ignore[method-assign]  # once as it is, then no more
    rows.work = lambda key: time.sleep(0.1 * key)
    assert run(rows) == 3
    assert sorted(rows.finished) == [0, 1, 2]
    assert rows.held_lanes == set()


def test_a_row_that_can_not_even_be_put_off_harms_no_other() -> None:
    rows = Rows(20, lane=lambda key: key % 5)
    rows.poison = {3, 4, 11}

    def fail(job: Job) -> None:
        raise ConnectionError("the database was away for a moment")

    rows.fail = fail  # type: ignore[method-assign]  # as ordered
    run(rows)
    assert sorted(rows.finished) == [key for key in range(20) if key not in rows.poison]


def test_a_lane_that_can_not_be_let_go_of_loses_no_call_and_is_let_go_of_later() -> None:
    rows = Rows(20, lane=lambda key: key % 5)
    rows.work = lambda key: time.sleep(0.01 * key)
    away = iter([True, True])

    def release_lanes(lanes: dict[int, int]) -> None:
        if next(away, False):
            raise ConnectionError("the database was away for a moment")
        Rows.release_lanes(rows, lanes)

    rows.release_lanes = release_lanes  # type: ignore[method-assign]  # as ordered
    assert run(rows) == 20
    assert rows.held_lanes == set()


def test_one_kind_of_work_does_not_keep_another_waiting_for_its_end() -> None:
    many, few = Rows(500), Rows(3)
    done_before: list[int] = []
    few.work = lambda key: done_before.append(len(many.finished))
    Slice([many, few], Pool(4), 30.0, Stop()).run()
    assert len(done_before) == 3
    assert max(done_before) < 100


def test_calls_that_hang_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "HANGS_SECONDS", 0.05)
    rows, others_done = Rows(30), threading.Event()

    def work(key: int) -> None:
        if key < 6:
            assert others_done.wait(10)
        elif len([key for key in list(rows.made) if key >= 6]) == 24:
            others_done.set()  # this is the last of them

    rows.work = work
    assert run(rows, size=2) == 30
    assert others_done.is_set(), "six hang where there are two places"
    assert rows.held_lanes == set()


def test_while_a_call_hangs_it_is_looked_for_more_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "HANGS_SECONDS", 0.05)
    rows, claims = Rows(1), 0

    def claim(room: int) -> list[Job]:
        nonlocal claims
        claims += 1
        if claims == 3:
            rows.due.append(1)
        return Rows.claim(rows, room)

    rows.claim = claim  # type: ignore[method-assign]  # counted, and one comes late
    rows.work = lambda key: None if key else time.sleep(1.5)
    assert run(rows) == 2
    assert rows.finished == [1, 0], "what comes meanwhile does not wait"
    assert claims < 12, "four in a second, and not twenty"


def test_what_is_under_way_when_time_is_up_does_not_keep_the_next_slice_waiting() -> None:
    answered = threading.Event()
    rows = Rows(8)
    rows.work = lambda key: answered.wait(10)
    pool, stop = Pool(2), Stop()
    first, second = Slice([rows], pool, 0.1, stop), Slice([rows], pool, 10.0, stop)
    assert first.run(leave_calls=True) == 0
    left = sorted(rows.made)
    assert left == [0, 1], "two are called for, and two wait for their turn in the pool"
    assert rows.held_lanes == {0, 1, 2, 3}
    threading.Timer(0.1, answered.set).start()
    assert second.run() == 4, "it waits for room rather than to find none and to end"
    assert first.run() == 4
    assert sorted(rows.finished) == list(range(8))
    assert rows.held_lanes == set()


def test_a_slice_that_finds_only_hanging_calls_in_the_pool_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "HANGS_SECONDS", 0.05)
    monkeypatch.setattr(pools, "SPARE", 0)
    answered = threading.Event()
    rows = Rows(8)
    rows.work = lambda key: answered.wait(10)
    pool, stop = Pool(2), Stop()
    first, second = Slice([rows], pool, 0.1, stop), Slice([rows], pool, 10.0, stop)
    first.run(leave_calls=True)
    begun = time.monotonic()
    assert second.run(leave_calls=True) == 0
    assert time.monotonic() - begun < 5, "it has its own mails to send, and to tell what became of others"
    answered.set()
    first.run()


def test_work_that_had_nothing_to_do_rests_while_there_is_other_work() -> None:
    many, few = Rows(200), Rows(0)
    few.rest_seconds = 60.0
    claims = 0

    def claim(room: int) -> list[Job]:
        nonlocal claims
        claims += 1
        if len(many.finished) == 200 and not few.finished:
            few.due, few.finished = [7], []
        return Rows.claim(few, room)

    few.claim = claim  # type: ignore[method-assign]  # counted, and one comes late
    assert Slice([many, few], Pool(4), 30.0, Stop()).run() == 201
    assert few.finished == [7], "asked once more before the end"
    assert claims < 6, "and not each time that the others are"


def test_what_hangs_when_time_is_up_can_be_left_and_waited_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "HANGS_SECONDS", 0.05)
    answered = threading.Event()
    rows = Rows(4, lane=lambda key: key % 2)
    rows.work = lambda key: key % 2 and answered.wait(10)
    work = Slice([rows], Pool(4), 0.3, Stop())
    assert work.run(leave_calls=True) == 2
    assert sorted(rows.finished) == [0, 2]
    assert rows.released == [3], "what waited in the lane of the one that hangs stays due"
    assert rows.held_lanes == {1}
    answered.set()
    work.run()
    assert sorted(rows.finished) == [0, 1, 2]
    assert rows.held_lanes == set()
