"""Doing what is due: one slice in this process, or slices until nothing is left."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial

from django.db import connections

from conferencing_app import doorbell
from conferencing_app.conf import settings
from conferencing_app.engine.pool import Pool
from conferencing_app.engine.slices import Slice
from conferencing_app.engine.stopping import Stop
from conferencing_app.engine.sweeper import look_once
from conferencing_app.models import Conference, ConferencingProfile, NotificationDelivery
from conferencing_app.notifications import delivery, mailing
from conferencing_app.notifications.webhooks import Webhooks
from conferencing_app.provisioning import pruning
from conferencing_app.provisioning.checkups import Checkups
from conferencing_app.provisioning.farewell import Farewells
from conferencing_app.provisioning.reconcile import Conferences
from conferencing_app.services import reminding, workers
from conferencing_app.services.workers import Program

# How long to wait where all that is due is held by others, in seconds.
LOOK_AGAIN_SECONDS = 0.1

# How often the messages that waited for a worker, hundreds maybe, have it look for posts while it calls providers.
LOOK_FOR_POSTS_SECONDS = 0.1

PRUNE_EVERY_SECONDS = 3600.0
# A worker that has just started has its backlog to do first, in seconds.
PRUNE_AFTER_SECONDS = 60.0
# How often a worker looks for what nobody has done anything about.
REMIND_EVERY_SECONDS = 60.0

# Set when this process is to end: slices stop claiming and finish what is under way.
stopping = Stop()


class _Turn:
    """One thread of a process does the work at a time; who comes meanwhile has it look once more before it ends.

    A turn lasts no longer than a slice, however often it is asked: other kinds of work wait for its end.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._asked = threading.Event()

    def take(self, work: Callable[[float], int]) -> int | None:
        """Do it for a slice, how much was done; at once None where another thread is at it."""
        done = None
        until = time.monotonic() + settings.SLICE_SECONDS
        self._asked.set()
        while self._asked.is_set() and (left := until - time.monotonic()) > 0 and self.lock.acquire(blocking=False):
            try:
                self._asked.clear()
                done = (done or 0) + work(left)
            finally:
                self.lock.release()
        return done


class _Process:
    """What a process has one of: its pool of threads, and the turns of whoever drains.

    A turn for each kind of work, so that a receiver, a mail server or an endpoint that takes its time keeps nobody
    from making conferences; and endpoints, which are anybody's, have a pool of their own.
    """

    def __init__(self) -> None:
        self.pool = Pool(settings.POOL_SIZE)
        self.posts = Pool(settings.POOL_SIZE)
        self.calling = _Turn()
        self.telling = _Turn()
        self.mailing = _Turn()
        self.posting = _Turn()
        self.finishing: list[threading.Thread] = []
        self.look_for_posts_at = 0.0
        self.prune_at = time.monotonic() + PRUNE_AFTER_SECONDS
        self.remind_at = 0.0


_process = _Process()


def _after_fork() -> None:
    global _process
    _process = _Process()


os.register_at_fork(after_in_child=_after_fork)


def drain_slice() -> int:
    """Work for one slice, then tell for one what came of it, then send mails for one; how many rows were finished.

    At once 0 where another thread of this process is at it: that one does the rest, too.
    """
    process = _process
    if not process.calling.lock.locked() or time.monotonic() >= process.look_for_posts_at:
        _post_aside(process)
    called = process.calling.take(partial(_call, leave_calls=True))
    if called is None:
        return 0
    told = process.telling.take(_tell) or 0
    _post_aside(process)  # what came of it
    return called + told + (process.mailing.take(_mail) or 0)


def drain_until_idle(limit_seconds: float = 60.0) -> int:
    """Work until nothing is due any more, at most ``limit_seconds`` long; how many rows were finished."""
    until = time.monotonic() + limit_seconds
    with _process.calling.lock, _process.telling.lock, _process.mailing.lock, _process.posting.lock:
        finished = _look_until_idle(until)
        reminding.look()  # of what this run could not make either
        return finished + _look_until_idle(until)


def _look_until_idle(until: float) -> int:
    finished = 0
    while is_due() and time.monotonic() < until and not stopping.is_set():
        seconds = min(settings.SLICE_SECONDS, max(0.1, until - time.monotonic()))
        done = look(seconds)
        finished += done
        if not done:
            stopping.wait(LOOK_AGAIN_SECONDS)  # What is due is in another worker's hands.
    return finished


def look(seconds: float) -> int:
    """One look at each kind of work in the caller's thread, which has the turns; how many rows were finished."""
    return _call(seconds) + _tell(seconds) + _mail(seconds) + _post(seconds)


def sweep(program: Program) -> int:
    """What each worker does every few seconds: show itself, do the work that is due, and now and then tidy up.

    How many rows were finished.
    """
    workers.beat(program)
    finished = drain_slice() if is_due() else 0
    if time.monotonic() >= _process.remind_at:
        _process.remind_at = time.monotonic() + REMIND_EVERY_SECONDS
        reminding.look()
    if time.monotonic() >= _process.prune_at:
        _process.prune_at = time.monotonic() + PRUNE_EVERY_SECONDS
        if pruning.is_more(pruning.prune()):
            _process.prune_at = 0.0  # The next look goes on.
    return finished


def finish() -> None:
    """Before this process ends: wait for the calls that its slices have left, for as long as a stop allows."""
    for thread in _process.finishing:
        thread.join()


def is_due() -> bool:
    """Whether anything waits to be done now."""
    using = settings.DATABASE
    due = (model.objects.using(using).due() for model in (Conference, ConferencingProfile))
    return any(rows.exists() for rows in due) or delivery.is_due(using) or mailing.is_due(using) or _is_to_post()


def _is_to_post() -> bool:
    return NotificationDelivery.objects.using(settings.DATABASE).to_post().exists()


def _post_aside(process: _Process) -> None:
    """In a thread of its own, as the slowest endpoint decides how long it takes."""
    process.look_for_posts_at = time.monotonic() + LOOK_FOR_POSTS_SECONDS

    def post() -> None:
        try:
            process.posting.take(_post)
        finally:
            connections.close_all()  # this thread's own

    if _is_to_post():
        threading.Thread(target=post, name="conferencing-posting", daemon=True).start()


def _post(seconds: float) -> int:
    return Slice([Webhooks(settings.DATABASE)], _process.posts, seconds, stopping).run()


def _mail(seconds: float) -> int:
    return mailing.send_due(seconds, stopping, settings.DATABASE)


def _tell(seconds: float) -> int:
    return delivery.deliver(seconds, stopping, settings.DATABASE)


def _call(seconds: float, *, leave_calls: bool = False) -> int:
    """``leave_calls``: what providers do not answer in this time is waited for in a thread of its own."""
    handlers = [kind(settings.DATABASE) for kind in (Conferences, Farewells, Checkups)]
    if _process.pool.size != settings.POOL_SIZE:
        _process.pool = Pool(settings.POOL_SIZE)
    work = Slice(handlers, _process.pool, seconds, stopping)
    try:
        return work.run(leave_calls=leave_calls)
    finally:
        if leave_calls and work.calling:
            _finish_aside(work)


def _finish_aside(work: Slice) -> None:
    # Each time lanes are free again, there is something to tell, and a row may need another call.
    finish = partial(look_once, partial(work.run, recorded=partial(doorbell.ring, settings.DATABASE)))
    thread = threading.Thread(target=finish, name="conferencing-finishing", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # This machine lets us have no more of them.
        finish()
        return
    _process.finishing = [*(each for each in _process.finishing if each.is_alive()), thread]
