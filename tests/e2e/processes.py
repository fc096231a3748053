"""The processes of a crash test, as the test sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MAILS = "mails"
# How long a test waits for what must come: generous, as a busy machine is slow, and never waited out when all is well.
PATIENCE_SECONDS = 90.0


def wait_until(condition: Callable[[], Any], what: Callable[[], str], seconds: float = PATIENCE_SECONDS) -> None:
    """Look until it holds; the test fails with ``what`` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what()}"
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass
class Child:
    """A process forked by the nursery."""

    pid: int
    hits: Path

    def signal(self, number: signal.Signals) -> None:
        if is_alive(self.pid):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        wait_until(lambda: not is_alive(self.pid), lambda: "the killed process is gone")

    def stop(self) -> None:
        """End it politely."""
        self.signal(signal.SIGTERM)
        wait_until(lambda: not is_alive(self.pid), lambda: "the worker ends after SIGTERM")

    def points_hit(self) -> list[str]:
        return self.hits.read_text().split() if self.hits.exists() else []


@dataclass
class Nursery:
    """Starts children; ``folder`` gets their output and the points that they hit."""

    process: subprocess.Popen[str]
    folder: Path
    children: list[Child] = field(default_factory=list)

    def start(self, do: str, *arguments: Any, failpoints: str = "", ahead: float = 0.0) -> Child:
        hits = self.folder / f"hits-{time.monotonic_ns()}"
        order = {"do": do, "arguments": arguments, "failpoints": failpoints, "ahead": ahead}
        places = {"failpoint_log": str(hits), "output": str(self.folder / "output")}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({**order, **places}) + "\n")
        self.process.stdin.flush()
        child = Child(int(self.process.stdout.readline()), hits)
        self.children.append(child)
        return child

    def end_all(self) -> None:
        for child in self.children:
            child.kill()
        self.children.clear()
        for mail in self.mails():
            mail.unlink()

    def output(self) -> str:
        path = self.folder / "output"
        return path.read_text() if path.exists() else ""

    def mails(self) -> list[Path]:
        """Those that its children have sent in this test, each a file."""
        return sorted((self.folder / MAILS).glob("*.log"))

    def close(self) -> None:
        """End it, and whatever it still has."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def open_nursery(sandbox_url: str, folder: Path) -> Nursery:
    environment = site_environment(sandbox_url, E2E_MAILS=str(folder / MAILS))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return Nursery(process, folder)


def site_environment(sandbox_url: str, **more: str) -> dict[str, str]:
    """The environment of a process of the site that the crash tests run."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.e2e.settings", "E2E_SANDBOX_URL": sandbox_url}
    quiet = {name: value for name, value in os.environ.items() if name != "CELERY_BROKER_URL"}
    return {**quiet, **settings, **more}
