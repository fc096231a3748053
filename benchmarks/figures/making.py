"""How many conferences a second one worker makes, counted in the sandbox's own log; beside the naive integration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial

from benchmarks.figures.rounds import Series, take_turns
from benchmarks.services import given
from benchmarks.stand import NAIVE, OURS, POOL_SIZE, Stand, open_stand

HOSTS = 250  # a person's meetings are made one after the other, those of different people side by side
LATENCY_SECONDS = 0.2
PATIENCE_SECONDS = 180
# So many bookings that a round takes seconds: the naive one with two processes makes ten a second at 200 ms.
AT_0_MS, AT_200_MS, AT_200_MS_NAIVE = 1500, 1500, 60
# The pool of each one's worker and its size. Ours makes its calls in a pool of its own, of POOL_SIZE.
WORKERS = {
    "ours": ("threads", 4),
    "naive, one process": ("prefork", 1),
    "naive, two processes": ("prefork", 2),
    f"naive, {POOL_SIZE} threads": ("threads", POOL_SIZE),
}

Made = dict[str, Series]


def made_per_second(stand: Stand, bookings: int, latency: float, pool: str, concurrency: int) -> float:
    """Save first, then start the worker: from the first request to the last answer. 0 when not all were made."""
    stand.control.options(latency_seconds=latency)
    before = len(stand.control.requests())
    links = stand.links
    stand.ask("bench_save", str(bookings), "--model", stand.side.model)
    worker = stand.start_celery(pool, concurrency, loglevel="WARNING")
    stand.links = stand.ask(stand.side.wait, str(PATIENCE_SECONDS))["links"]
    worker.stop()
    return creates_per_second(stand, before, bookings) if stand.links - links == bookings else 0.0


def looped_per_second(stand: Stand, bookings: int) -> float:
    """What this machine gives without a queue: one POST and one UPDATE for each booking, in one process."""
    stand.control.options(latency_seconds=0.0)
    before = len(stand.control.requests())
    stand.links += stand.ask("naive_loop", str(bookings))["links"]
    return creates_per_second(stand, before, bookings)


def creates_per_second(stand: Stand, before: int, bookings: int) -> float:
    """By the sandbox's log, but for the first ``before`` requests in it. 0 when there are not so many meetings."""
    creates = [each for each in stand.control.requests(since=before) if each["operation"] == "create"]
    if len(creates) != bookings:
        return 0.0
    begun = min(datetime.fromisoformat(create["at"]) for create in creates)
    done = max(datetime.fromisoformat(create["finished_at"]) for create in creates)
    return bookings / (done - begun).total_seconds()


@cache
def made_side_by_side(latency: float) -> Made:
    """All contestants at this latency: PostgreSQL, Redis, one worker process each, but for the one that says two."""
    given("POSTGRES_URL")
    stand = partial(open_stand, database="PostgreSQL", broker=given("REDIS_URL"), hosts=HOSTS)
    with stand(side=OURS) as ours, stand(side=NAIVE) as naive:
        return take_turns(contestants(ours, naive, latency))


def contestants(ours: Stand, naive: Stand, latency: float) -> dict[str, Callable[[], float]]:
    if not latency:
        one = "naive, one process"
        return {
            "ours": partial(made_per_second, ours, AT_0_MS, latency, *WORKERS["ours"]),
            one: partial(made_per_second, naive, AT_0_MS, latency, *WORKERS[one]),
            "a bare loop": partial(looped_per_second, naive, AT_0_MS),
        }
    two, threads = "naive, two processes", f"naive, {POOL_SIZE} threads"
    return {
        "ours": partial(made_per_second, ours, AT_200_MS, latency, *WORKERS["ours"]),
        two: partial(made_per_second, naive, AT_200_MS_NAIVE, latency, *WORKERS[two]),
        threads: partial(made_per_second, naive, AT_200_MS, latency, *WORKERS[threads]),
    }
