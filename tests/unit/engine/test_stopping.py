"""The flag that ends a worker: seen at once, in a signal's handler, and by processes forked after it was shared."""

from __future__ import annotations

import os
import signal
import time
import warnings

import pytest
from kombu.asynchronous.hub import Hub
from kombu.asynchronous.timer import Timer

from conferencing_app.engine import sweeper
from conferencing_app.engine.stopping import Stop


def test_it_waits_until_it_is_set_or_the_time_is_over() -> None:
    stop = Stop()
    assert not stop.wait(0.01)
    stop.set()
    assert stop.is_set()
    assert stop.wait(3600)


def test_a_signals_handler_sets_it_while_the_same_thread_waits() -> None:
    stop = Stop()
    former = signal.signal(signal.SIGALRM, lambda *_: stop.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert stop.wait(30)
    finally:
        signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("shared", [True, False])
def test_a_forked_process_sees_it_where_it_is_shared(shared: bool) -> None:
    stop = Stop()
    if shared:
        stop.share()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        time.sleep(0.2)
        os._exit(int(stop.is_set()))
    stop.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == int(shared)


def test_the_loop_of_a_worker_wakes_in_time_to_see_that_it_is_to_end() -> None:
    """A connection's heartbeats alone have it sleep for ten seconds, and a signal does not wake it."""
    hub = Hub(timer=Timer(max_interval=10.0))  # as Celery has it
    hub.call_repeatedly(60.0, sweeper.awake)
    assert hub.fire_timers() == 10
    step = sweeper.bootstep(sweeper.awake, lambda: 3600.0, Stop())
    step(None).register_with_event_loop(None, hub)
    assert hub.fire_timers() <= sweeper.WAKE_SECONDS
