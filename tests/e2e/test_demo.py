"""``python -m project.demo`` from the outside: how it ends, what it says, and that it leaves nothing behind."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from project.demo.processes import ROOT

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "project.demo"]
MARK = "DEMO_TEST_MARK"
LIMIT_SECONDS = 120
ESCAPE = "\x1b["
LINK = "/zoom/j/"


@dataclass
class Demo:
    """The surroundings of one run: a mark that all of its processes inherit, and a place for its files."""

    mark: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "NO_COLOR")}
        return {**kept, MARK: self.mark, "TMPDIR": str(self.folder), "TERM": "xterm"}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def start(self, terminal: int, **variables: str) -> subprocess.Popen[bytes]:
        """Start it on a pseudo-terminal."""
        environment = {**self.environment, **variables}
        return subprocess.Popen(
            COMMAND, cwd=ROOT, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
        )

    def left_running(self) -> list[str]:
        """The command lines of the processes that carry the mark."""
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if wanted in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_text().replace("\0", " "))
        return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Whatever happens in the test, the run must leave neither a process nor a file."""
    demo = Demo(uuid.uuid4().hex, tmp_path)
    yield demo
    assert demo.left_running() == []
    assert list(demo.folder.iterdir()) == []


@pytest.fixture
def taken_ports() -> Iterator[None]:
    """The usual ports belong to somebody else."""
    listeners = []
    for port in (8000, 8080):
        listener = socket.socket()
        with suppress(OSError):  # then somebody has it already
            listener.bind(("127.0.0.1", port))
            listener.listen()
        listeners.append(listener)
    yield
    for listener in listeners:
        listener.close()


def read_until(terminal: int, words: str, process: subprocess.Popen[bytes]) -> str:
    """What the terminal showed up to these words, or to the end; empty words mean the end."""
    shown = ""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline and not (words and words in shown):
        if not select.select([terminal], [], [], 0.1)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            shown += os.read(terminal, 65536).decode()
        except OSError:  # the other side is closed
            break
    return shown


def test_the_story_holds(demo: Demo, taken_ports: None) -> None:
    """With the usual ports taken, and not on a terminal: no colour codes."""
    done = demo.run()
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert "then the link: http" in told or "with the page: http" in told
    assert "same link, http" in told
    assert "is gone at Zoom" in told
    assert "events 3 (1 cancelled)   live meetings at Zoom 2   orphans 0" in told
    assert "Every step held." in told
    assert told.count(LINK) == 4
    assert ESCAPE not in told
    assert done.stderr == ""


def test_on_a_terminal_it_holds_again_in_colour(demo: Demo) -> None:
    """Right after the run before, of which nothing is left."""
    outside, inside = pty.openpty()
    process = demo.start(inside)
    os.close(inside)
    shown = read_until(outside, "", process)
    assert process.wait(LIMIT_SECONDS) == 0, shown
    os.close(outside)
    assert "Every step held." in shown
    assert ESCAPE in shown


@pytest.mark.parametrize(
    ("fault", "patience", "step", "expected"),
    [
        ("refuse-creates", "6", "Step 2 did not hold: She saves a booking", "a join link on her page"),
        ("ignore-updates", "6", "Step 3 did not hold: She moves and renames it", "in Zoom's record of meeting"),
        ("ignore-deletes", "15", "Step 7 did not hold: She cancels the first", "deleted at Zoom"),
    ],
)
def test_a_provider_that_does_not_do_it_fails_the_step(
    demo: Demo, fault: str, patience: str, step: str, expected: str
) -> None:
    done = demo.run("--patience", patience, CONFERENCING_SANDBOX_FAULTS=fault)
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert step in words
    assert expected in words
    assert "The end of the worker's log" in words
    assert "Every step held" not in words


def test_a_fault_that_nobody_knows_is_told(demo: Demo) -> None:
    done = demo.run(CONFERENCING_SANDBOX_FAULTS="nonsense")
    assert done.returncode == 1
    assert "refuse-creates" in done.stdout, "the message says what may be written"


@pytest.mark.parametrize(
    ("number", "status", "variables"),
    [
        (signal.SIGINT, 128 + signal.SIGINT, {}),
        (signal.SIGTERM, 128 + signal.SIGTERM, {"NO_COLOR": "1"}),
    ],
)
def test_stopped_half_way(demo: Demo, number: signal.Signals, status: int, variables: dict[str, str]) -> None:
    """As Ctrl-C does it: the whole process group of the terminal gets the signal. In colour, unless it is refused."""
    outside, inside = pty.openpty()
    process = demo.start(inside, **variables)
    os.close(inside)
    shown = read_until(outside, "She saves a booking", process)
    os.killpg(process.pid, number)
    shown += read_until(outside, "", process)
    assert process.wait(LIMIT_SECONDS) == status, shown
    os.close(outside)
    assert "nothing is left running" in shown
    assert "Traceback" not in shown
    assert (ESCAPE in shown) is (not variables)


def test_killed_outright_it_takes_its_processes_along(demo: Demo) -> None:
    outside, inside = pty.openpty()
    process = demo.start(inside)
    os.close(inside)
    read_until(outside, "She saves a booking", process)
    assert len(demo.left_running()) > 3
    process.kill()
    process.wait()
    os.close(outside)
    deadline = time.monotonic() + LIMIT_SECONDS
    while demo.left_running() and time.monotonic() < deadline:
        time.sleep(0.1)
    for left in demo.folder.rglob("*"):
        if left.is_file():
            left.unlink()  # nobody is left who could have cleared up
    for folder in sorted(demo.folder.rglob("*"), reverse=True):
        folder.rmdir()
