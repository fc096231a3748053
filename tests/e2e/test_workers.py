"""Workers as a site starts them: with a broker, without one, with one that is away; and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery, current_app
from celery._state import _set_current_app

from conferencing_app import doorbell
from conferencing_app.models import Conference
from conferencing_app.services import endpoints, workers
from conferencing_app.services.workers import Program
from tests.brokers import Broker, application
from tests.e2e import checker
from tests.e2e.processes import ROOT, site_environment, wait_until
from tests.e2e.site import Site
from tests.scripted import ScriptedServer, answer

REFUSING = "redis://127.0.0.1:1/0"
CELERY = ["-m", "celery", "-A", "tests.e2e.celery_site", "worker", "--loglevel=info", "--without-gossip"]
CELERY += ["--without-mingle", "--without-heartbeat", "--concurrency=2"]
COMMANDS = {
    "command": ["manage.py", "conferencing_worker"],
    **{pool: [*CELERY, f"--pool={pool}"] for pool in ("prefork", "threads", "solo")},
}
PROGRAMS = {"command": Program.WORKER}
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(site: Site, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker of one of the kinds above; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(kind: str, **environment: str) -> subprocess.Popen[bytes]:
        environment = site_environment(site.sandbox.url, **{"CELERY_BROKER_URL": REFUSING, **environment})
        with (tmp_path / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *COMMANDS[kind]],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def all_assigned(site: Site, number: int, tmp_path: Path) -> None:
    wait_until(
        lambda: Conference.objects.filter(state="assigned").count() == number,
        lambda: f"{number} get their links\n{(tmp_path / 'output').read_text()[-3000:]}",
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMMANDS)
def test_without_a_broker_that_answers_every_kind_of_worker_works(
    site: Site, start: Start, tmp_path: Path, kind: str
) -> None:
    """The broker is down when the worker starts; it ends when asked to."""
    worker = start(kind)
    for number in range(5):
        site.save_lesson(f"Lesson {number}")
    all_assigned(site, 5, tmp_path)
    wait_until(checker.is_settled, site.report)  # and the site's receivers have heard of it
    site.check()
    (seen,) = workers.running()
    assert (seen.program, seen.name.rpartition(":")[2]) == (PROGRAMS.get(kind, Program.CELERY), str(worker.pid))
    terminate(worker)
    assert not workers.running(), "who ends is not waited for"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["command", "prefork", "threads"])
def test_a_worker_asked_to_end_waits_for_no_stuck_call_and_loses_nothing(
    site: Site, start: Start, tmp_path: Path, kind: str
) -> None:
    """It has more to do than it can finish; in prefork it is a child that is at it."""
    folders = [tmp_path / "messages", tmp_path / "messages-control"]
    for folder in folders:
        folder.mkdir()
    ring(folders[0])
    site.sandbox.add_fault("create", "delay", seconds=40, times=1)
    for number in range(6):
        site.save_lesson(f"Lesson {number}")
    worker = start(
        kind,
        CELERY_BROKER_URL="filesystem://",
        E2E_BROKER_FOLDER=str(folders[0]),
        E2E_SWEEP_SECONDS="3600" if kind != "command" else "0.2",
    )
    wait_until(lambda: site.sandbox.state()["requests"]["in_flight"], lambda: "a call is under way")
    terminate(worker)
    assert site.sandbox.state()["requests"]["in_flight"] == 1, "it ended before its call did"
    site.leap(3.0)
    site.settle()
    site.check()
    assert len(checker.live_at_provider(site.journal)) == 6


def ring(folder: Path) -> None:
    """Leave a message in the broker's folder."""
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": f"{folder}-control"}
    doorbell.Line().send(application("filesystem://", broker_transport_options=options))


def terminate(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    worker.wait(30)
    if os.environ.get("PROMISES_FULL") == "1":  # a figure, and so for a machine that does nothing else meanwhile
        assert time.monotonic() - asked <= 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["prefork", "threads", "solo"])
def test_a_save_has_every_kind_of_worker_look_at_once(
    site: Site, broker: Broker, start: Start, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself it would look after half an hour at the earliest."""
    monkeypatch.setattr(doorbell, "_bell", doorbell.Bell())
    worker = start(kind, **broker.environment, E2E_SWEEP_SECONDS="3600")
    with current(broker.app):
        for number in range(5):
            site.save_lesson(f"Lesson {number}")
        all_assigned(site, 5, tmp_path)
        wait_until(checker.is_settled, site.report)
    site.check()
    terminate(worker)


@contextmanager
def current(app: Celery) -> Iterator[None]:
    """This process's saves ring through that application."""
    former = current_app._get_current_object()
    app.set_current()
    try:
        yield
    finally:
        _set_current_app(former)


@pytest.mark.slow
def test_a_broker_that_forgets_everything_delays_and_loses_nothing(
    site: Site, broker: Broker, start: Start, tmp_path: Path
) -> None:
    """Neither a link nor a message to an endpoint."""
    with ScriptedServer(answer(200)) as receiver:
        endpoints.add(receiver.url, types=["conferencing_assigned"])
        for number in range(50):
            site.save_lesson(f"Lesson {number}")
        doorbell.Line().send(broker.app)
        assert broker.take_all() == 1
        start("prefork", **broker.environment)
        all_assigned(site, 50, tmp_path)
        broker.take_all()
        wait_until(checker.is_settled, site.report)
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 50
    site.check()
