"""Who does the work leaves a row now and then; whoever leaves or is not seen for long does not count."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import worker_shutdown
from django.core.management import call_command

from conferencing_app import clock, tasks  # as a Celery worker does; tasks hear its signals
from conferencing_app.engine.stopping import Stop
from conferencing_app.models import Worker
from conferencing_app.provisioning import draining
from conferencing_app.services import workers
from conferencing_app.services.workers import Program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_next_beat", {})


def running() -> list[str]:
    return [worker.program for worker in workers.running()]


@pytest.mark.parametrize("program", [Program.CELERY, Program.WORKER])
def test_each_look_of_a_worker_shows_it(program: Program) -> None:
    draining.sweep(program)
    (worker,) = workers.running()
    assert (worker.program, worker.name.rpartition(":")[2]) == (program, str(os.getpid()))


def test_between_two_beats_nothing_is_asked(django_assert_num_queries: Any) -> None:
    workers.beat(Program.WORKER)
    with django_assert_num_queries(0):
        workers.beat(Program.WORKER)


def test_a_later_beat_renews_the_row(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    workers.beat(Program.WORKER)
    before = Worker.objects.get()
    monkeypatch.setattr(workers, "BEAT_SECONDS", 0.0)
    workers._next_beat.clear()
    with clock.travel(timedelta(minutes=1)), django_assert_num_queries(1):
        workers.beat(Program.WORKER)
    after = Worker.objects.get()
    assert (after.pk, after.seen_at > before.seen_at) == (before.pk, True)


@pytest.mark.parametrize(("program", "counts_for"), [(Program.WORKER, 90), (Program.CELERY, 90), (Program.DRAIN, 600)])
def test_one_that_is_not_seen_does_not_count(program: Program, counts_for: int) -> None:
    workers.beat(program)
    with clock.travel(timedelta(seconds=counts_for - 5)):
        assert running() == [program]
    with clock.travel(timedelta(seconds=counts_for + 5)):
        assert running() == []


def test_workers_that_look_seldom_are_waited_for_longer(settings: Any) -> None:
    settings.CONFERENCING_SWEEP_SECONDS = 300.0
    workers.beat(Program.WORKER)
    with clock.travel(timedelta(seconds=890)):
        assert running() == [Program.WORKER]


def test_crons_drains_are_one_a_machine() -> None:
    for _ in range(2):
        call_command("conferencing_drain", verbosity=0)
        workers._next_beat.clear()  # as a process of its own has it
    assert running() == [Program.DRAIN]


def run_worker() -> None:
    """``conferencing_worker`` to its end; the signals that it takes over are this process's own again."""
    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        call_command("conferencing_worker", verbosity=0)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def test_a_worker_that_is_stopped_is_gone_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "stopping", Stop())
    seen: list[list[str]] = []

    def sweep(program: Program) -> None:
        workers.beat(program)
        seen.append(running())
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(draining, "sweep", sweep)
    run_worker()
    assert seen == [[Program.WORKER]]
    assert running() == []


def test_the_worker_without_a_broker_pauses_only_after_a_look_that_found_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = iter([2, 1, 0])
    pauses: list[int] = []

    class Counted(Stop):
        def wait(self, seconds: float) -> bool:
            pauses.append(sum(1 for _ in found))  # how many looks were still to come
            self.set()
            return True

    monkeypatch.setattr(draining, "stopping", Counted())
    monkeypatch.setattr(draining, "sweep", lambda program: next(found))
    run_worker()
    assert pauses == [0]


def test_a_celery_worker_that_ends_is_gone_at_once() -> None:
    workers.beat(Program.CELERY)
    workers.beat(Program.DRAIN)
    worker_shutdown.send(sender=tasks)
    assert running() == [Program.DRAIN]


def test_rows_of_long_ago_are_pruned() -> None:
    workers.beat(Program.WORKER)
    with clock.travel(timedelta(hours=24)):
        assert workers.prune() == 0
    with clock.travel(timedelta(hours=25)):
        assert workers.prune() == 1


def test_messages_that_have_waited_for_a_worker_cost_it_next_to_nothing(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(draining, "LOOK_FOR_POSTS_SECONDS", 60.0)
    monkeypatch.setattr(draining._process, "look_for_posts_at", 0.0)
    with draining._process.calling.lock:  # as the first of them has it
        for queries in (1, 0, 0):
            with django_assert_num_queries(queries):
                assert draining.drain_slice() == 0
