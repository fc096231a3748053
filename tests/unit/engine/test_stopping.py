"""The flag that ends a worker: seen at once, in a signal's handler, and by processes forked after it was shared."""

from __future__ import annotations

import os
import signal
import time
import warnings

import pytest

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
