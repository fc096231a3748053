"""Threads for calls to the outside. They hold no database and outlive no process.

Daemon threads, since those of ``concurrent.futures`` are waited for when the interpreter ends: one stuck provider
would keep a worker from stopping in time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

Task = tuple[Callable[[], Any], Callable[[Any], None]]

# A call that takes longer than this hangs, in seconds: its place is given to another until it ends.
HANGS_SECONDS = 0.25
# For each place so many calls may hang beside it.
SPARE = 4
# How long a thread that has nothing to do is kept beyond the number of places, in seconds: its connections serve the
# next call. Else, where each call takes longer than HANGS_SECONDS, each would have to open one.
LINGER_SECONDS = 10.0


class Pool:
    """``size`` places for calls that are answered, and threads that start when they are first needed.

    Calls that hang take nobody's place: with few threads left the calls of all accounts would wait for the time limit
    of those of some.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._tasks: deque[Task] = deque()
        self._begun: dict[int, float] = {}
        self._threads = 0
        self._changed = threading.Condition()

    def submit(self, call: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Run ``call`` in a thread and hand ``done`` what it returned, or the exception that it raised."""
        with self._changed:
            self._tasks.append((call, done))
            self._staff()
            self._changed.notify()

    def room(self) -> int:
        """How many calls more it takes: as many again as there are places may wait in it.

        So no thread idles while replies are recorded.
        """
        with self._changed:
            return self._places() + self.size - len(self._begun) - len(self._tasks)

    def hanging(self) -> int:
        """How many calls hang now. To be asked now and then: what waits behind them is begun."""
        with self._changed:
            self._staff()
            self._changed.notify(len(self._tasks))
            return self._hanging()

    def _hanging(self) -> int:
        since = time.monotonic() - HANGS_SECONDS
        return sum(begun < since for begun in self._begun.values())

    def _places(self) -> int:
        return self.size + min(self._hanging(), SPARE * self.size)

    def _may_begin(self) -> bool:
        begun = len(self._begun)
        return bool(self._tasks) and (begun < self.size or begun < self._places())

    def _staff(self) -> None:
        wanted = min(self._places(), len(self._begun) + len(self._tasks))
        while self._threads < wanted:
            name = f"conferencing-call-{self._threads + 1}"
            try:
                threading.Thread(target=self._work, name=name, daemon=True).start()
            except RuntimeError:  # This machine lets us have no more: those that there are do the work.
                if not self._threads:
                    raise
                return
            self._threads += 1

    def _work(self) -> None:
        while (task := self._next()) is not None:
            call, done = task
            try:
                result = call()
            except Exception as error:  # Handed over, to be judged by whoever asked.
                result = error
            with self._changed:
                del self._begun[threading.get_ident()]
            done(result)

    def _next(self) -> Task | None:
        """What to do next; None where this thread has been one too many for a while."""
        with self._changed:
            while not self._may_begin():
                woken = self._changed.wait(LINGER_SECONDS)
                if not woken and self._threads > self.size and not self._may_begin():
                    self._threads -= 1
                    return None
            self._begun[threading.get_ident()] = time.monotonic()
            return self._tasks.popleft()
