"""Each worker looks for due work by itself, every few seconds: nothing needs a beat, or a broker, in order to happen.

In a Celery worker this is a bootstep, added when the worker is set up: ``worker_ready`` would wait for the broker.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from django.db import DatabaseError, connections

from conferencing_app.engine.stopping import Stop

logger = logging.getLogger(__name__)

# How long a stop waits for the look that is under way, in seconds.
STOP_SECONDS = 7.5
# How often a worker's own loop wakes, in seconds: asleep it does not see that it was asked to stop, and with RabbitMQ
# it sleeps for up to ten.
WAKE_SECONDS = 1.0


class Sweeper(threading.Thread):
    """Calls ``look`` about every ``seconds`` until ``stopping`` is set. What it raises is logged, and it goes on."""

    def __init__(self, look: Callable[[], Any], seconds: Callable[[], float], stopping: Stop) -> None:
        super().__init__(name="conferencing-sweeper", daemon=True)
        self.look = look
        self.seconds = seconds
        self.stopping = stopping

    def run(self) -> None:
        # Spread from the start, so that workers started together do not all look at once.
        while not self.stopping.wait(self.seconds() * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads load only
            look_once(self.look)


def look_once(look: Callable[[], Any]) -> Any:
    """What the look returns, None where it could not end.

    It survives a database that is away, and leaves no connection behind for a fork to inherit.
    """
    try:
        return look()
    except DatabaseError as error:
        logger.warning("The database could not be asked for due work (%s); trying again.", type(error).__name__)
    except Exception:
        logger.exception("A look for due work failed; trying again.")
    finally:
        connections.close_all()
    return None


def awake() -> None:
    """Nothing more: being called is all it takes."""


def bootstep(look: Callable[[], Any], seconds: Callable[[], float], stopping: Stop) -> type:
    """The sweeper as a step of a Celery worker, of any pool."""

    class SweeperStep(bootsteps.StartStopStep):
        """Runs beside the pool, in the worker's main process."""

        def __init__(self, parent: Any, **kwargs: Any) -> None:
            super().__init__(parent, **kwargs)
            self.sweeper: Sweeper | None = None

        def start(self, parent: Any) -> None:
            self.sweeper = Sweeper(look, seconds, stopping)
            self.sweeper.start()

        def register_with_event_loop(self, parent: Any, hub: Any) -> None:
            """Celery calls this where its transport has such a loop, anew for each connection."""
            hub.call_repeatedly(WAKE_SECONDS, awake)

        def stop(self, parent: Any) -> None:
            stopping.set()
            if self.sweeper is not None:
                self.sweeper.join(STOP_SECONDS)

        terminate = stop

    return SweeperStep
