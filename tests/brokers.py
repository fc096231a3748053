"""Brokers that were given, as the tests use them: each test has a queue of its own there, and leaves nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from celery import Celery

GIVEN = [
    pytest.param("REDIS_URL", id="redis", marks=pytest.mark.redis),
    pytest.param("RABBITMQ_URL", id="rabbitmq", marks=pytest.mark.rabbitmq),
]


@dataclass(frozen=True)
class Broker:
    """A queue at a broker, and an application of the site that sends there."""

    url: str
    queue: str
    app: Celery

    @property
    def environment(self) -> dict[str, str]:
        """What tests/e2e/settings.py reads."""
        return {"CELERY_BROKER_URL": self.url, "E2E_QUEUE": self.queue}

    def next_message(self) -> Any:
        """The message that lies in front, waited for. Raises queue.Empty."""
        with self.app.connection_for_write() as connection, connection.SimpleQueue(self.queue) as queue:
            message = queue.get(timeout=10)
            message.ack()
            return message

    def take_all(self) -> int:
        """Forget what lies in the queue; how many messages there were."""
        with self.app.connection_for_write() as connection:
            bound = self.app.amqp.queues[self.queue](connection.default_channel)
            bound.declare()
            return bound.purge() or 0

    def remove(self) -> None:
        with self.app.connection_for_write() as connection:
            bound = self.app.amqp.queues[self.queue](connection.default_channel)
            bound.delete()
            bound.exchange.delete()


def application(url: str, **settings: Any) -> Celery:
    """One that sends there, whatever ``CELERY_BROKER_URL`` says: Celery takes that before ``broker=``."""
    app = Celery("bell", set_as_current=False)
    app.conf.update(broker_write_url=url, **settings)
    return app


@contextmanager
def queue_of_its_own(variable: str) -> Iterator[Broker]:
    """A new queue at the broker that this environment variable names."""
    url, queue = os.environ[variable], f"test-{secrets.token_hex(6)}"
    broker = Broker(url, queue, application(url, task_default_queue=queue))
    try:
        yield broker
    finally:
        broker.remove()
