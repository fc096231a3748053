"""A worker in the test's own thread, which can die between any two of its steps, and a broker to ring it by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from django.db import connection

from conferencing_app import doorbell, failpoints
from conferencing_app.conf import settings
from conferencing_app.failpoints import FailpointHit
from conferencing_app.provisioning import draining

# More than any look takes; what ends a look is that nothing is due.
SECONDS = 60.0


class InTurn:
    """In place of a pool of threads: each call is made at once, so that a run can be repeated step by step.

    ``meanwhile`` happens while the next call is under way: after its effect, before its answer is known.
    """

    def __init__(self) -> None:
        self.size = settings.POOL_SIZE
        self.meanwhile: list[Callable[[], None]] = []

    def room(self) -> int:
        return 2 * self.size

    def hanging(self) -> int:
        return 0

    def submit(self, call: Callable[[], Any], done: Callable[[Any], None]) -> None:
        try:
            outcome = call()
        except Exception as error:  # handed over, as the pool of threads does it
            outcome = error
        while self.meanwhile:
            self.meanwhile.pop()()
        done(outcome)


class Worker:
    """Looks for due work when it is told to, dies where it is told to."""

    def __init__(self, calls: InTurn) -> None:
        self.calls = calls

    def look(self) -> None:
        draining.look(SECONDS)
        self.calls.meanwhile.clear()  # there was no call for it to come in between

    def look_and_die(self, point: str, times: int) -> bool:
        """Whether it came as far as that: the n-th time at this point."""
        with self.dying(point, times) as died:
            self.look()
        return died()

    @contextmanager
    def dying(self, point: str, times: int = 1) -> Iterator[Callable[[], bool]]:
        """What runs in here ends like a killed process: its transaction is lost, and it says nothing more."""

        def is_dead() -> bool:
            return failpoints._times[point] >= times

        def no_more(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if is_dead():
                raise FailpointHit(point)
            return execute(sql, params, many, context)

        failpoints._times.clear()
        failpoints._armed = {point: f"raise:{times}"}
        try:
            with connection.execute_wrapper(no_more):
                yield is_dead
        except FailpointHit:
            connection.close()  # the next process has its own
        finally:
            failpoints._armed = {}
            self.calls.meanwhile.clear()


class Broker:
    """A broker in memory, through Celery: the bell's real message, taken from the queue and run as a worker would."""

    def __init__(self) -> None:
        self.app = Celery("machine", broker="memory://", set_as_current=False, include=["conferencing_app.tasks"])
        self.app.loader.import_default_modules()
        self.app.finalize()
        self.line = doorbell.Line()

    def ring(self) -> None:
        self.line.send(self.app)

    def take_message(self) -> Any:
        """The oldest message as it lay in the queue; None where there is none."""
        with self.app.connection_for_read() as opened, opened.channel() as channel:
            return channel.basic_get(self.app.conf.task_default_queue, no_ack=True)

    def take(self) -> str | None:
        """The name of the task that the oldest message asks for; None where there is no message."""
        message = self.take_message()
        return message.headers["task"] if message is not None else None

    def flush(self) -> None:
        """All that it knew is gone."""
        while self.take() is not None:
            pass

    def run(self, task: str) -> None:
        self.app.tasks[task]()
        for thread in threading.enumerate():
            if thread.name == "conferencing-posting":
                thread.join()
