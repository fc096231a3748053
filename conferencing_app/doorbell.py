"""Rings after commit so that a worker looks at once. It costs the caller nothing and may fail freely.

The row is the work and every worker also looks by itself; the bell only saves waiting. Publishing happens in a daemon
thread, one a process, one message per burst: publishing inline would cost the request up to seconds while the broker
is down or silent.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from pathlib import Path

from celery import Celery
from celery.app import app_or_default
from django.db import transaction
from kombu.connection import Connection

logger = logging.getLogger(__name__)

TASK_NAME = "conferencing_app.drain"
# After a publication, how long the bell stays silent, in seconds: rings that come meanwhile are one. A message costs
# about as much of the process's time as a save does.
PAUSE_SECONDS = 0.1
# How long after a message its connection is kept for the next, in seconds: opening one costs the process as much as
# several saves. Not for long, as nobody looks after it: brokers and firewalls drop what is silent.
KEEP_SECONDS = 10.0
# After a publication that failed, how long the bell stays silent, in seconds; the workers' own looks go on.
PAUSE_AFTER_FAILURE_SECONDS = 5.0
# How long a broker may take to let itself be connected to, and to answer, in seconds.
LIMIT_SECONDS = 4.0
# How messages are sent, in the words of Redis's transport and of AMQP's; a transport passes over what it does not know.
LIMITS = {
    "socket_connect_timeout": LIMIT_SECONDS,
    "socket_timeout": LIMIT_SECONDS,
    "read_timeout": LIMIT_SECONDS,
    "write_timeout": LIMIT_SECONDS,
    "max_retries": 0,
    # RabbitMQ says that it has the message: what is written to a connection that it has closed is else lost unseen.
    "confirm_publish": True,
}


class Bell:
    """A flag and the thread that publishes when it is set."""

    def __init__(self) -> None:
        self._app: Celery | None = None
        self._rung = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0

    def ring(self) -> None:
        """Ask for one look by a worker; returns at once."""
        if self._rung.is_set() and self._is_listening():
            return  # one is still to be heard, and this with it
        app = app_or_default()  # asked here: what the current application is depends on the thread
        if not configured(app):
            return
        self._app = app
        self._rung.set()
        if not self._is_listening():
            self._start()

    def _is_listening(self) -> bool:
        return self._process == os.getpid() and self._thread is not None and self._thread.is_alive()

    def _start(self) -> None:
        with self._lock:
            if self._is_listening():
                return
            self._process = os.getpid()
            self._thread = threading.Thread(target=self._publish_for_ever, name="conferencing-doorbell", daemon=True)
            self._thread.start()

    def _publish_for_ever(self) -> None:
        line = Line()
        while True:
            pause = PAUSE_SECONDS
            try:
                self._hear(line)
            except Exception as error:  # Whatever a broker's client raises: the work itself is safe in the database.
                logger.info("The doorbell could not ring (%s); workers look by themselves.", type(error).__name__)
                pause = PAUSE_AFTER_FAILURE_SECONDS
            threading.Event().wait(pause)

    def _hear(self, line: Line) -> None:
        """Wait for a ring and pass it on; hang up where none comes for a while."""
        if not self._rung.wait(KEEP_SECONDS if line.is_open else None):
            line.hang_up()
            return
        self._rung.clear()
        if self._app is not None:
            line.send(self._app)


class Line:
    """A connection to the broker, kept between messages by the one thread that uses it.

    Not one of Celery's pool: those have no time limits, so that a silent broker would hold the thread for ever, and a
    process forked from one that has published would write to its parent's sockets.
    """

    def __init__(self) -> None:
        self._app: Celery | None = None
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def send(self, app: Celery) -> None:
        """Send the one message. Raises what the broker's client raises, in time."""
        if app is not self._app:
            self.hang_up()
        was_open = self.is_open
        try:
            self._send(app)
        except Exception:  # Whatever a broker's client raises.
            self.hang_up()
            if not was_open:
                raise
            self._send(app)  # what was kept may have died unseen

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()  # type: ignore[no-untyped-call]

    def _send(self, app: Celery) -> None:
        if folder := app.conf.broker_transport_options.get("data_folder_out"):
            _put_into(Path(folder), app)
            return
        if self._connection is None:
            limits = {**LIMITS, **app.conf.broker_transport_options}
            self._app = app
            self._connection = app.connection_for_write(connect_timeout=LIMIT_SECONDS, transport_options=limits)
        _send_by(self._connection, app)


def _send_by(connection: Connection, app: Celery) -> None:
    app.send_task(TASK_NAME, connection=connection, ignore_result=True, expires=60, retry=False)


def _put_into(folder: Path, app: Celery) -> None:
    """Written aside and moved: a Celery worker that reads a file which is still empty ends (kombu's filesystem
    transport opens it before it knows what to write)."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        options = {**app.conf.broker_transport_options, "data_folder_out": aside}
        with app.connection_for_write(transport_options=options) as connection:
            _send_by(connection, app)
        for message in Path(aside).iterdir():
            message.replace(folder / message.name)


def configured(app: Celery) -> bool:
    """Whether there is a broker to ring through, and work is not meant to run inside the caller."""
    return bool(app.conf.broker_url or app.conf.broker_write_url) and not app.conf.task_always_eager


_bell = Bell()


def _after_fork() -> None:
    # The child has neither the thread nor a lock that the parent may have held.
    global _bell
    _bell = Bell()


os.register_at_fork(after_in_child=_after_fork)


def ring(using: str) -> None:
    """Ring once the transaction on this alias commits; at once outside of one."""
    transaction.on_commit(_ring_now, using=using, robust=True)


def _ring_now() -> None:
    _bell.ring()
