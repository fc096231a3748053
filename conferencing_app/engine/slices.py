"""One slice of work: claim, call side by side, record replies as they arrive, stop in time.

The engine knows rows that are due and calls to make. What a row means is the handler's business, see ``jobs``.
"""

from __future__ import annotations

import logging
import math
import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from conferencing_app.engine.conflicts import again
from conferencing_app.engine.jobs import Handler, Job
from conferencing_app.engine.pool import Pool
from conferencing_app.engine.stopping import Stop

logger = logging.getLogger(__name__)

# Replies that arrive within this time of the first are recorded in one transaction, in seconds. While that one
# commits, further replies gather by themselves, so that a longer wait would only keep the pool idle.
GROUP_SECONDS = 0.005
# And within this time while more calls are under way than there are threads: none of those idles meanwhile.
GROUP_SECONDS_WHILE_BUSY = 0.025
# After a request to stop, how long calls under way are waited for, in seconds. Celery needs some of the ten that a
# stop may take for itself.
STOP_GRACE_SECONDS = 6.0
# How often it is looked whether to stop, and what hangs, while calls are under way, in seconds.
LOOK_UP_SECONDS = 0.05
# While some hang and nothing could be claimed, how soon it is tried again, in seconds: it costs a dozen statements, and
# on SQLite the place of whoever wants to write.
CLAIM_AGAIN_SECONDS = 0.25


class Slice:
    """One run over the due rows of some handlers, at most ``seconds`` long and at most ``pool.size`` calls wide."""

    def __init__(self, handlers: Sequence[Handler], pool: Pool, seconds: float, stop: Stop) -> None:
        self.handlers = handlers
        self.pool = pool
        self.deadline = time.monotonic() + seconds
        self.stop = stop
        self.done: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.calling: set[Job] = set()
        self.abandoned: set[Job] = set()
        self.waiting: dict[tuple[int, int], deque[Job]] = {}
        self.following: list[Job] = []
        self.lanes: dict[tuple[int, int], int] = {}
        self.finished = 0
        self.give_up_at = math.inf
        self.leaving = False
        self.claim_again_at = -math.inf
        self.rests_until: dict[int, float] = {}

    def run(self, *, leave_calls: bool = False, recorded: Callable[[], None] = lambda: None) -> int:
        """Work until nothing is due, time is up or a stop is asked for; how many rows were finished.

        ``leave_calls``: once time is up, calls under way are not waited for, so that the pool is not idle before the
        next slice. They are still ``calling`` then, and running it once more, which may be in another thread, waits
        for them and records what they bring. ``recorded`` is called after each that it has recorded.
        """
        self.leaving = leave_calls
        self._await_room()
        try:
            while self.following or not self._may_leave():
                replies = self._replies() if self.calling and not self.following else []
                claimed = self._claim(alone=not replies) if self._may_begin() else []
                jobs, self.following = [*replies, *self.following, *claimed], []
                if not jobs and not self.calling:
                    break
                # What has come back is recorded together with what begins: one transaction serves both.
                self._advance(jobs)
                recorded()
        finally:
            self._release_waiting()
        return self.finished

    def _await_room(self) -> None:
        """The calls that an earlier slice has left may fill the pool: they end soon, or count as hanging."""
        while self.pool.room() <= self.pool.size // 2 and not self.pool.hanging() and self._may_begin():
            self.stop.wait(LOOK_UP_SECONDS)

    def _may_begin(self) -> bool:
        return not self.stop.is_set() and time.monotonic() < self.deadline

    def _may_leave(self) -> bool:
        return self.leaving and not self.stop.is_set() and time.monotonic() >= self.deadline

    def _claim(self, *, alone: bool) -> list[Job]:
        """Rows to begin with. ``alone``: no reply waits to be recorded, so a claim that fails may end the slice."""
        begun: list[Job] = []
        alone = alone and not (self.calling or self.following)
        # With calls under way a claim, which costs a transaction, waits until there is room for a good number.
        under_way = len(self.calling) + len(self.following)
        room = self.pool.room() - len(self.following)
        if room <= (self.pool.size // 2 if under_way else 0):
            return begun
        for kinds_left, handler in zip(reversed(range(len(self.handlers))), self.handlers, strict=True):
            # A place is kept for each kind of work that comes after, so that none waits for the end of another.
            places = room - len(begun) - kinds_left
            if not alone and time.monotonic() < self.rests_until.get(id(handler), -math.inf):
                continue
            jobs = self._claim_from(handler, max(1, places), alone=alone and not begun)
            if not jobs:
                self.rests_until[id(handler)] = time.monotonic() + handler.rest_seconds
            for job in jobs:
                if job.lane is not None and (id(handler), job.lane) in self.waiting:
                    self.waiting[id(handler), job.lane].append(job)
                else:
                    self._hold_lane(job)
                    begun.append(job)
        if not begun:
            self.claim_again_at = time.monotonic() + CLAIM_AGAIN_SECONDS
        return begun

    def _claim_from(self, handler: Handler, room: int, *, alone: bool) -> list[Job]:
        """What can be claimed. A claim that fails ends the slice, but what is under way is recorded before."""
        try:
            return again(partial(handler.claim, room))
        except Exception:
            if alone:
                raise
            logger.exception("Nothing more could be claimed of %s.", type(handler).__name__)
            self.deadline = time.monotonic()
            return []

    def _hold_lane(self, job: Job) -> None:
        if job.lane is not None:
            self.lanes[id(job.handler), job.lane] = job.lane_fence
            self.waiting.setdefault((id(job.handler), job.lane), deque())

    def _replies(self) -> list[Job]:
        """The calls that have come back: one, and those that follow closely; none where there is something better to
        do than to wait."""
        first = self._await_reply()
        if first is None and time.monotonic() < self.give_up_at:
            return []
        if first is None:
            # Not waited for any longer: their rows are taken over when the leases end, and looked after then.
            logger.warning("Stopping with %d calls under way.", len(self.calling))
            self.calling, self.abandoned = set(), self.calling
            return []
        replies, begun = [first], time.monotonic()
        while len(replies) < len(self.calling):
            busy = len(self.calling) - len(replies) > self.pool.size
            until = begun + (GROUP_SECONDS_WHILE_BUSY if busy else GROUP_SECONDS)
            try:
                replies.append(self.done.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        self.calling.difference_update(replies)
        return replies

    def _await_reply(self) -> Job | None:
        """The next call that comes back; None where some hang and others may be begun, where all may be left, and
        when the time that a stop allows is over."""
        while time.monotonic() < self.give_up_at:
            if self.stop.is_set() and self.give_up_at == math.inf:
                self.give_up_at = time.monotonic() + STOP_GRACE_SECONDS
            try:
                return self.done.get(timeout=LOOK_UP_SECONDS)
            except queue.Empty:
                may_claim = self._may_begin() and time.monotonic() >= self.claim_again_at
                if (self.pool.hanging() and may_claim) or self._may_leave():
                    return None
        return None

    def _advance(self, jobs: list[Job]) -> None:
        """Take these on; the next in the lane of each that is finished follows."""
        for handler in self.handlers:
            _advance_all(handler, [job for job in jobs if job.handler is handler], self._may_begin())
        for job in jobs:
            self._hold_lane(job)  # it may have been given one that it then had no call for
            if job.call is not None:
                self._begin(job)
            else:
                self.finished += 1
                self.following.extend(self._next_in_lane(job))
        self._release_empty_lanes()

    def _begin(self, job: Job) -> None:
        call = job.call
        if call is None:
            return

        def done(outcome: Any) -> None:
            job.outcome = outcome
            self.done.put(job)

        self.calling.add(job)
        self.pool.submit(call, done)

    def _next_in_lane(self, job: Job) -> list[Job]:
        queue_of_lane = self.waiting.get((id(job.handler), job.lane)) if job.lane is not None else None
        if queue_of_lane and self._may_begin():
            return [queue_of_lane.popleft()]
        if queue_of_lane is not None and not queue_of_lane:
            del self.waiting[id(job.handler), job.lane]  # type: ignore[arg-type]  # a lane that waits is not None
        return []

    def _release_empty_lanes(self) -> None:
        for handler in self.handlers:
            idle = {
                key: fence for key, fence in self.lanes.items() if key[0] == id(handler) and key not in self.waiting
            }
            lanes = {key[1]: fence for key, fence in idle.items()}
            if lanes and _let_go(handler, partial(handler.release_lanes, lanes)):
                self.lanes = {key: fence for key, fence in self.lanes.items() if key not in idle}

    def _release_waiting(self) -> None:
        for handler in self.handlers:
            waiting = [job for jobs in self.waiting.values() for job in jobs if job.handler is handler]
            _let_go(handler, partial(handler.release, waiting))
        # A call that may still be under way keeps its lane, until the lease ends.
        busy = {(id(job.handler), job.lane) for job in self.calling | self.abandoned}
        self.waiting = {key: deque() for key in self.waiting if key in busy}
        self._release_empty_lanes()


def _advance_all(handler: Handler, jobs: list[Job], may_call: bool) -> None:
    """One transaction for all; where that raises, each by itself, so that a bad row harms no other."""
    if not jobs:
        return
    try:
        again(partial(handler.advance, jobs, may_call))
        return
    except Exception:
        if len(jobs) > 1:
            logger.info("A group of %d rows could not be taken on together; each is taken by itself.", len(jobs))
    for job in jobs:
        try:
            again(partial(handler.advance, [job], may_call))
        except Exception:
            logger.exception("Row %s of %s could not be taken on.", job.key, type(handler).__name__)
            job.call = None
            _fail(handler, job)


def _fail(handler: Handler, job: Job) -> None:
    try:
        handler.fail(job)
    except Exception:
        # Not even that can be written down; the calls of others are under way. Its lease ends by itself.
        logger.exception("Row %s of %s could not be put off.", job.key, type(handler).__name__)


def _let_go(handler: Handler, release: Callable[[], None]) -> bool:
    """Whether that worked. Where it did not, the calls of others are under way, and the leases end by themselves."""
    try:
        again(release)
    except Exception:
        logger.exception("Something of %s could not be let go of.", type(handler).__name__)
        return False
    return True
