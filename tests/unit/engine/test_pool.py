"""The pool's threads: as many as are needed, never more than its size, and none is lost to an error."""

from __future__ import annotations

import queue
import threading
from typing import Any

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
