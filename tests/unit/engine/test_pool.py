"""The pool's threads: as many as are needed, never more than its size, and none is lost to an error."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from conferencing_app.engine import pool as pools
from conferencing_app.engine.pool import Pool

SECONDS = 10


def outcomes(pool: Pool, calls: list[Any]) -> list[Any]:
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for call in calls:
        pool.submit(call, done.put)
    return [done.get(timeout=SECONDS) for _ in calls]


def test_no_more_calls_at_once_than_its_size() -> None:
    together = threading.Barrier(3)  # only three at once get past it, and nobody waits for a fourth

    def call() -> int:
        together.wait(SECONDS)
        return threading.get_ident()

    pool = Pool(3)
    assert len(set(outcomes(pool, [call] * 9))) == 3


def test_one_after_the_other_needs_one_thread() -> None:
    pool = Pool(8)
    threads = {outcomes(pool, [threading.get_ident])[0] for _ in range(3)}
    assert len(threads) <= 2, "a thread is idle an instant after its answer is handed over"


def test_an_error_is_an_outcome_and_costs_no_thread() -> None:
    def fail() -> None:
        raise LookupError("as ordered")

    pool = Pool(1)
    assert [type(outcome) for outcome in outcomes(pool, [fail, fail])] == [LookupError, LookupError]
    assert outcomes(pool, [lambda: "well"]) == ["well"]


def test_its_threads_keep_no_process_alive() -> None:
    daemons = outcomes(Pool(2), [lambda: threading.current_thread().daemon] * 2)
    assert daemons == [True, True]


def becomes(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


@pytest.fixture
def hangs_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "HANGS_SECONDS", 0.05)


def test_calls_that_hang_take_nobodys_place_until_there_are_too_many(
    hangs_soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "SPARE", 2)
    answered, pool = threading.Event(), Pool(1)
    begun: list[int] = []
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def hang(number: int) -> Callable[[], None]:
        def call() -> None:
            begun.append(number)
            answered.wait(SECONDS)

        return call

    for number in range(4):
        pool.submit(hang(number), done.put)
    assert becomes(lambda: pool.hanging() == 3), "one, and two to spare"
    time.sleep(0.1)
    assert pool.hanging() == 3
    assert begun == [0, 1, 2]
    assert pool.room() == 0, "one waits already"
    answered.set()
    assert [done.get(timeout=SECONDS) for _ in range(4)] == [None] * 4
    assert becomes(lambda: pool.hanging() == 0 and pool.room() == 2)


def test_it_is_as_small_as_before_when_those_that_hung_have_come_back(
    hangs_soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LINGER_SECONDS", 0.05)
    before, answered, pool = set(threading.enumerate()), threading.Event(), Pool(1)
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for _ in range(3):
        pool.submit(lambda: answered.wait(SECONDS), done.put)
    assert becomes(lambda: pool.hanging() == 3)
    answered.set()
    assert [done.get(timeout=SECONDS) for _ in range(3)] == [True] * 3
    under_way: list[int] = []

    def call() -> int:
        under_way.append(1)
        time.sleep(0.001)
        together = len(under_way)
        under_way.pop()
        return together

    assert set(outcomes(pool, [call] * 20)) == {1}
    assert becomes(lambda: len(set(threading.enumerate()) - before) == 1)


def test_a_thread_whose_call_took_long_makes_the_next_one_too(hangs_soon: None) -> None:
    """It holds a connection to the service, and to open one costs more than to ask."""
    pool, own, firsts = Pool(2), threading.local(), 0
    done: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def call() -> bool:
        is_first, own.was_here = not hasattr(own, "was_here"), True
        time.sleep(0.1)
        return is_first

    for _ in range(5):
        for _ in range(4):
            pool.submit(call, done.put)
        assert becomes(lambda: pool.hanging() == 0 and done.qsize() == 4)
        firsts += sum(done.get() for _ in range(4))
    assert firsts <= 4


def test_with_no_more_threads_to_be_had_those_that_there_are_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    start, pool = threading.Thread.start, Pool(3)

    def start_two(thread: threading.Thread) -> None:
        if thread.name.endswith("-3"):
            raise RuntimeError("can't start new thread")
        start(thread)

    def call() -> int:
        time.sleep(0.01)
        return threading.get_ident()

    monkeypatch.setattr(threading.Thread, "start", start_two)
    assert len(set(outcomes(pool, [call] * 9))) == 2
    monkeypatch.undo()
    together = threading.Barrier(3)
    assert len(outcomes(pool, [lambda: together.wait(SECONDS)] * 3)) == 3, "as soon as there are more again"
