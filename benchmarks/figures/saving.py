"""What a save costs while the broker is up, down, silent or not there at all; and that each booking gets its link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.figures.spread import percentile
from benchmarks.services import closed_port, silent_server
from benchmarks.stand import Stand, open_stand

SAVES = 500
HOSTS = 25
# A worker that cannot reach its broker looks by itself every 5 seconds; the rest is for a busy machine.
PATIENCE_SECONDS = 120

BROKERS = ("up", "Redis refused", "Redis silent", "RabbitMQ refused", "RabbitMQ silent", "absent")
SCHEMES = {"Redis": "redis", "RabbitMQ": "amqp"}


@dataclass(frozen=True)
class Saving:
    """``of`` bookings saved, times in milliseconds; ``links`` is how many different links there are in the end."""

    median: float
    p95: float
    errors: list[str]
    links: int
    of: int


@contextmanager
def broker_url(broker: str) -> Iterator[str]:
    """What the site is told of its broker, as `open_stand` wants it."""
    if broker in ("up", "absent"):
        yield "none" if broker == "absent" else os.environ.get("REDIS_URL", "folder")
        return
    label, _, trouble = broker.partition(" ")
    with closed_port() if trouble == "refused" else silent_server() as port:
        yield f"{SCHEMES[label]}://127.0.0.1:{port}/"


def save_with(database: str, broker: str, saves: int = SAVES) -> Saving:
    """Save with no worker about, so that nothing else takes the time; then start one, under the same broker."""
    with broker_url(broker) as url, open_stand(database=database, broker=url, hosts=HOSTS) as stand:
        saved = stand.ask("bench_save", str(saves))
        start_worker(stand, broker)
        ended = stand.ask("bench_wait", str(PATIENCE_SECONDS))
        times = saved["milliseconds"]
        return Saving(percentile(times, 0.5), percentile(times, 0.95), saved["errors"], ended["links"], saves)


def start_worker(stand: Stand, broker: str) -> None:
    if broker == "absent":
        stand.start_loop()
    else:
        stand.start_celery()


def save_without_field(database: str, saves: int = SAVES) -> Saving:
    """The same columns in a model without the field."""
    with open_stand(database=database, broker="none", hosts=HOSTS) as stand:
        saved = stand.ask("bench_save", str(saves), "--model=benchmarks_site.PlainBooking")
        times = saved["milliseconds"]
        return Saving(percentile(times, 0.5), percentile(times, 0.95), saved["errors"], 0, saves)
