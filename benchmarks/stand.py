"""A sandbox, a database and a site's processes, set up for one measurement and gone after it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.services import fresh_database, own_queue
from benchmarks.stamp import ROOT
from conferencing_app.sandbox.client import SandboxControl, start_sandbox
from project.demo.processes import Leashed, run
from project.demo.stage import CLIENT_ID, NEUTRAL, QUIET

SITE = "http://127.0.0.1:8000"  # nobody answers there: only the consent page's way back names it
# Longer than any of the site's commands takes when all is well: what hangs is a miss, and holds up nothing else.
COMMAND_SECONDS = 240


class BrokenOff(RuntimeError):
    """One of the site's commands failed, or hung; the message says which and how."""


@dataclass(frozen=True)
class Side:
    """Whose site it is: its settings, its Celery application, and the commands that make hosts and wait for links."""

    settings: str
    celery: str
    model: str
    people: str
    wait: str


OURS = Side("benchmarks.site.settings", "project", "bookings.Booking", "bench_people", "bench_wait")
NAIVE = Side("benchmarks.peers.naive.settings", "benchmarks.peers.naive", "naive.Booking", "naive_people", "naive_wait")


CONNECTING = Side("benchmarks.peers.connecting.settings", "", "", "", "")

# How many calls our worker makes side by side at once, and how many threads the naive one gets.
POOL_SIZE = 48


@dataclass
class Stand:
    """What is set up. ``environment`` is that of each of its processes, ``broker`` included."""

    folder: Path
    environment: dict[str, str]
    control: SandboxControl
    stack: ExitStack
    side: Side = OURS
    links: int = 0  # how many there were when it was last waited for them
    workers: list[Leashed] = field(default_factory=list)

    def ask(self, *command: str) -> dict[str, Any]:
        """Run one of the site's commands to its end; returns the JSON that it prints last. Raises BrokenOff."""
        try:
            done = subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=self.environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=COMMAND_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            raise BrokenOff(f"{command[0]} ended with {error.returncode}\n{error.stderr[-2000:]}") from error
        except subprocess.TimeoutExpired as error:
            raise BrokenOff(f"{command[0]} took longer than {COMMAND_SECONDS} s") from error
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def start_celery(self, pool: str = "threads", concurrency: int = 4, loglevel: str = "INFO") -> Leashed:
        """A Celery worker; it need not reach its broker."""
        shape = [f"--pool={pool}", f"--concurrency={concurrency}", f"--loglevel={loglevel}"]
        return self._start([sys.executable, "-m", "celery", "-A", self.side.celery, "worker", *shape, *QUIET])

    def start_loop(self) -> None:
        """The worker of a site without a broker, at its default pace."""
        self._start([sys.executable, "manage.py", "conferencing_worker"])

    def _start(self, command: list[str]) -> Leashed:
        name = f"worker-{len(self.workers)}"
        worker = Leashed(name, command, self.environment, self.folder / f"{name}.log")
        self.stack.callback(worker.stop)
        self.workers.append(worker)
        return worker

    def wait_for_celery(self) -> None:
        """Return when each worker has reached its broker."""
        for worker in self.workers:
            worker.wait_until(partial(is_ready, worker))


def is_ready(worker: Leashed) -> bool:
    """Whether a Celery worker has said that it takes messages."""
    return b" ready." in worker.log.read_bytes()


@contextmanager
def open_stand(*, database: str, broker: str, hosts: int, side: Side = OURS) -> Iterator[Stand]:
    """Set up a side's site with so many linked hosts.

    ``database``: "SQLite" or "PostgreSQL"; ``broker``: a URL, "folder" or "none".

    Raises NotGiven where a server's URL is needed and was not given.
    """
    secret = secrets.token_urlsafe(32)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conferencing-bench-")))
        database_url = stack.enter_context(fresh_database()) if database == "PostgreSQL" else ""
        callbacks = [f"{SITE}/conferencing/callback/zoom/", f"{SITE}/accounts/zoom/login/callback/"]
        sandbox = start_sandbox(client_id=CLIENT_ID, client_secret=secret, redirect_uris=callbacks)
        stack.enter_context(sandbox)
        environment = {
            **os.environ,
            **NEUTRAL,
            "DJANGO_SETTINGS_MODULE": side.settings,
            "DJANGO_DEBUG": "1",  # so that nothing need be given that is of no concern here
            "DEMO_VAR_DIR": str(folder),
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": broker if "://" in broker else "",
            "BENCHMARK_QUEUE": stack.enter_context(own_queue(broker)),
            "BENCHMARK_POOL_SIZE": str(POOL_SIZE),
            "BENCHMARK_NO_BROKER": "1" if broker == "none" else "",
            "CONFERENCING_BASE_URL": SITE,
            "CONFERENCING_SANDBOX_URL": sandbox.url,
            "ZOOM_CLIENT_ID": CLIENT_ID,
            "ZOOM_CLIENT_SECRET": secret,
            "PYTHONUNBUFFERED": "1",
        }
        run(["manage.py", "migrate", "--verbosity=0"], environment)
        if hosts:
            run(["manage.py", side.people, str(hosts)], environment)
        yield Stand(folder, environment, sandbox.control, stack, side)
