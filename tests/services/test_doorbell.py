"""Saving never waits for a broker and never fails because of one: publishing is another thread's affair."""

from __future__ import annotations

import json
import os
import socket
import threading
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, current_app
from celery._state import _set_current_app
from celery.signals import before_task_publish
from django.contrib.auth import get_user_model
from django.utils import timezone
from kombu.exceptions import OperationalError
from kombu.transport import filesystem

from conferencing_app import clock, doorbell
from conferencing_app.models import Conference, Grant
from conferencing_app.provisioning import draining
from conferencing_app.sandbox.client import SandboxControl
from tests.brokers import Broker, application
from tests.e2e.processes import wait_until
from tests.hosts.models import Lesson
from tests.services.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)

BURST = 20


class Published:
    """What was published since the test began, by the names of the threads that did it.

    The bell of an earlier test, which may have paused after a failure, does not count.
    """

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.earlier = set(threading.enumerate()) - {threading.current_thread()}

    def __call__(self, sender: Any = None, **_: Any) -> None:
        if sender == doorbell.TASK_NAME and threading.current_thread() not in self.earlier:
            self.threads.append(threading.current_thread().name)


@pytest.fixture
def published() -> Iterator[Published]:
    published = Published()
    before_task_publish.connect(published, weak=False)
    yield published
    before_task_publish.disconnect(published)


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Lets the site have this broker, with a doorbell as at the start of a process."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    former = current_app._get_current_object()

    def use(url: str | None, **conf: Any) -> Celery:
        app = Celery("site", broker=url, set_as_current=True)
        app.conf.update(conf)
        monkeypatch.setattr(doorbell, "_bell", doorbell.Bell())
        return app

    yield use
    _set_current_app(former)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def refusing_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def save_a_burst() -> None:
    owner, _ = get_user_model().objects.get_or_create(username="alice")
    for number in range(BURST):
        Lesson.objects.create(owner=owner, title=f"Lesson {number}", starts_at=timezone.now())
    assert Conference.objects.exclude(due_at=None).count() == BURST


def test_without_a_broker_nothing_is_published(use_broker: Any, published: Published) -> None:
    use_broker(None)
    save_a_burst()
    assert published.threads == []


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize("kind", ["refusing_port", "silent_port"])
def test_a_broker_that_refuses_or_is_silent_holds_up_no_save(
    use_broker: Any, published: Published, request: pytest.FixtureRequest, scheme: str, kind: str
) -> None:
    use_broker(f"{scheme}://127.0.0.1:{request.getfixturevalue(kind)}//".replace("//0", "/0"))
    save_a_burst()
    wait_until(lambda: published.threads, lambda: "the bell tries to ring")
    assert published.threads == ["conferencing-doorbell"], "tried once, by the thread whose affair it is, then paused"


def test_a_silent_broker_does_not_hold_the_bell_for_ever(
    use_broker: Any, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(doorbell.LIMITS, "socket_timeout", 0.1)
    app = use_broker(f"redis://127.0.0.1:{silent_port}/0")
    with pytest.raises(OperationalError):
        doorbell.Line().send(app)


def test_a_burst_of_saves_rings_a_few_times_and_never_in_the_saving_thread(
    use_broker: Any, published: Published, tmp_path: Path
) -> None:
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}-control"}
    use_broker("filesystem://", broker_transport_options=options)
    save_a_burst()
    wait_until(lambda: list(tmp_path.glob("*.msg")), lambda: "a message lies in the broker's folder")
    assert set(published.threads) == {"conferencing-doorbell"}


def test_a_message_comes_into_its_folder_whole(
    use_broker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path)
    half_written: list[Path] = []

    def dumps(payload: Any) -> str:  # by then the file is open, and empty
        half_written.extend(tmp_path.glob("*.msg"))
        return json.dumps(payload)

    monkeypatch.setattr(filesystem, "dumps", dumps)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}-control"}
    doorbell.Line().send(use_broker("filesystem://", broker_transport_options=options))
    assert half_written == []
    (message,) = tmp_path.iterdir()
    assert json.loads(message.read_text())["headers"]["task"] == doorbell.TASK_NAME


def test_what_a_slice_has_left_is_rung_for_as_it_comes_back(
    use_broker: Any,
    tmp_path: Path,
    conferencing_sandbox: SandboxControl,
    link_profile: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may need another call: here Alice's token is renewed, and nothing made yet. Bob's call hangs."""
    settings.CONFERENCING_SLICE_SECONDS = 0.1
    for name in ("alice", "bob"):
        person = get_user_model().objects.create_user(name)
        link_profile(person, f"{name}.zoom@example.com")
        Lesson.objects.create(owner=person, title=name, starts_at=clock.read("default") + timedelta(days=2))
    Grant.objects.filter(profile__user__username="alice").update(expires_at=clock.now())
    conferencing_sandbox.options(latency_seconds=0.5)
    conferencing_sandbox.add_fault("create", "delay_before", seconds=6, account="bob.zoom@example.com")
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}-control"}
    app = use_broker("filesystem://", broker_transport_options=options)
    monkeypatch.setattr("celery._state.default_app", app)  # that of every thread, as in a worker
    draining.drain_slice()  # both calls are left
    assert not Conference.objects.due().exists()
    wait_until(lambda: list(tmp_path.glob("*.msg")), lambda: "a message lies in the broker's folder")
    assert [row.summary for row in Conference.objects.due()] == ["alice"]
    assert Conference.objects.get(summary="bob").state == "pending", "nobody waits for the slowest"
    draining.finish()
    assert Conference.objects.get(summary="bob").state == "assigned"


def test_rings_that_come_after_a_message_are_one_more(
    use_broker: Any, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "PAUSE_SECONDS", 1.0)
    app = use_broker("memory://")
    doorbell._bell.ring()
    wait_until(lambda: published.threads, lambda: "the first ring is heard at once")
    for _ in range(1000):
        doorbell._bell.ring()
    assert len(published.threads) == 1
    wait_until(lambda: not doorbell._bell._rung.is_set(), lambda: "the others are heard")
    wait_until(lambda: len(published.threads) == 2, lambda: "once, for all of them")
    app.close()


def test_a_real_broker_gets_a_few_messages_that_carry_nothing(
    use_broker: Any, published: Published, broker: Broker
) -> None:
    use_broker(None, broker_write_url=broker.url, task_default_queue=broker.queue)
    save_a_burst()
    wait_until(lambda: published.threads, lambda: "the bell rings")
    message = broker.next_message()
    assert json.loads(message.body)[:2] == [[], {}], "the work is in the database"
    wait_until(lambda: not doorbell._bell._rung.is_set(), lambda: "the bell is silent")
    assert set(published.threads) == {"conferencing-doorbell"}


def test_a_task_that_would_run_at_once_is_not_published(use_broker: Any, published: Published) -> None:
    """Under CELERY_TASK_ALWAYS_EAGER the work would run inside of save()."""
    use_broker("memory://", task_always_eager=True)
    save_a_burst()
    assert published.threads == []
    assert Conference.objects.filter(fence=0).count() == BURST, "nobody has worked"


def test_a_forked_process_has_a_bell_of_its_own(use_broker: Any, tmp_path: Path) -> None:
    """As where a web server loads the site first and forks its workers then."""
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}-control"}
    use_broker("filesystem://", broker_transport_options=options)
    doorbell._ring_now()
    wait_until(lambda: len(list(tmp_path.glob("*.msg"))) == 1, lambda: "the parent has rung")
    doorbell._bell._lock.acquire()  # the moment of the fork finds it held
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks beside threads: that is the point
        child = os.fork()
    if child == 0:
        doorbell._ring_now()
        wait_until(lambda: len(list(tmp_path.glob("*.msg"))) == 2, lambda: "the child has rung")
        os._exit(0)
    doorbell._bell._lock.release()
    wait_until(lambda: len(list(tmp_path.glob("*.msg"))) == 2, lambda: "the child has rung")
    os.waitpid(child, 0)


@pytest.fixture
def relay(broker: Broker) -> Iterator[Relay]:
    with Relay(broker.url) as relay:
        yield relay


def through(relay: Relay, broker: Broker) -> Celery:
    return application(relay.url, task_default_queue=broker.queue)


def test_messages_that_follow_each_other_share_a_connection(broker: Broker, relay: Relay) -> None:
    app, line = through(relay, broker), doorbell.Line()
    line.send(app)
    opened = relay.taken
    line.send(app)
    line.send(app)
    assert relay.taken == opened
    line.hang_up()
    assert broker.take_all() == 3


def test_a_connection_that_died_unseen_costs_no_message(broker: Broker, relay: Relay) -> None:
    app, line = through(relay, broker), doorbell.Line()
    line.send(app)
    relay.cut()
    wait_until(lambda: relay.open == 0, lambda: "it is cut")
    line.send(app)
    line.hang_up()
    assert broker.take_all() == 2


def test_the_bell_hangs_up_when_nobody_rings_for_a_while(
    broker: Broker, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "KEEP_SECONDS", 0.1)
    bell = doorbell.Bell()
    through(relay, broker).set_current()
    for rings in (1, 2):
        before = relay.taken
        bell.ring()
        wait_until(lambda: relay.taken > before and relay.open == 0, lambda: "the line is closed again")  # noqa: B023
        assert broker.take_all() == 1, rings
