"""Threads for calls to the outside. They hold no database and outlive no process.

Daemon threads, since those of ``concurrent.futures`` are waited for when the interpreter ends: one stuck provider
would keep a worker from stopping in time.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

Task = tuple[Callable[[], Any], Callable[[Any], None]]


class Pool:
    """``size`` threads that start when they are first needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._threads = 0
        self._idle = threading.Semaphore(0)

    def submit(self, call: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Run ``call`` in a thread and hand ``done`` what it returned, or the exception that it raised."""
        if not self._idle.acquire(blocking=False) and self._threads < self.size:
            self._threads += 1
            threading.Thread(target=self._work, name=f"conferencing-call-{self._threads}", daemon=True).start()
        self._tasks.put((call, done))

    def _work(self) -> None:
        while True:
            call, done = self._tasks.get()
            try:
                result = call()
            except Exception as error:  # Handed over, to be judged by whoever asked.
                result = error
            done(result)
            self._idle.release()
