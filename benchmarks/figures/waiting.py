"""From the commit of a booking to the link that people can read, while bookings come in at a steady pace."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

from benchmarks.figures.spread import percentile
from benchmarks.services import given
from benchmarks.stand import open_stand

PER_SECOND = 10
SECONDS = 60
HOSTS = 100
WORKERS = 2
ANSWER_SECONDS = 0.2
IDLE_SECONDS = 40


@dataclass(frozen=True)
class Waiting:
    """Seconds from commit to link; ``without`` is how many never got one."""

    median: float
    p95: float
    p99: float
    without: int


def wait_idle(broker: str, seconds: float = IDLE_SECONDS) -> Waiting:
    """One booking a second, for a worker that has nothing else to do. ``broker``: "Redis" or "folder"; PostgreSQL."""
    url = given("REDIS_URL") if broker == "Redis" else broker
    with open_stand(database="PostgreSQL", broker=url, hosts=IDLE_SECONDS) as stand:
        stand.control.options(latency_seconds=ANSWER_SECONDS)
        stand.start_celery()
        stand.wait_for_celery()
        return waiting(stand.ask("bench_pace", "1", str(seconds)))


def waiting(paced: dict[str, Any]) -> Waiting:
    """What ``bench_pace`` has printed, as it is judged."""
    times = [*paced["seconds"], *[math.inf] * paced["without"]]
    return Waiting(percentile(times, 0.5), percentile(times, 0.95), percentile(times, 0.99), paced["without"])


def wait_with(database: str, broker: str, seconds: float = SECONDS) -> Waiting:
    """``broker``: "up" (Redis where its URL was given, else a folder) with Celery workers, or "absent" with loops."""
    url = "none" if broker == "absent" else os.environ.get("REDIS_URL", "folder")
    with open_stand(database=database, broker=url, hosts=HOSTS) as stand:
        stand.control.options(latency_seconds=ANSWER_SECONDS)
        for _ in range(WORKERS):
            stand.start_loop() if broker == "absent" else stand.start_celery()
        if broker != "absent":
            stand.wait_for_celery()
        return waiting(stand.ask("bench_pace", str(PER_SECOND), str(seconds)))
