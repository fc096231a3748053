"""The demo's processes end with the demo, with all that they started."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from project.demo.processes import Leashed, StartFailed, free_port, tail

# Starts a child of its own, says both ids, and waits; SIGTERM is ignored by both where STUBBORN is set.
FAMILY = """
import os, signal, subprocess, sys, time
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, "ready", flush=True)
time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def start_family(folder: Path, **variables: str) -> tuple[Leashed, list[int]]:
    leashed = Leashed("family", [sys.executable, "-c", FAMILY], {**os.environ, **variables}, folder / "log")
    leashed.wait_until(lambda: "ready" in leashed.log.read_text())
    return leashed, [int(word) for word in leashed.log.read_text().split()[:2]]


def test_stopping_ends_the_whole_family(tmp_path: Path) -> None:
    leashed, family = start_family(tmp_path)
    assert all(map(alive, family))
    leashed.stop()
    assert not any(map(alive, family))
    leashed.stop()


@pytest.mark.slow
def test_who_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    leashed, family = start_family(tmp_path, STUBBORN="1")
    leashed.stop()
    assert not any(map(alive, family))


def test_what_ends_by_itself_leaves_no_child_behind(tmp_path: Path) -> None:
    leashed, family = start_family(tmp_path)
    os.kill(family[0], 9)
    deadline = time.monotonic() + 10
    while leashed.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not leashed.running
    assert not any(map(alive, family))
    leashed.stop()


def test_a_command_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    leashed = Leashed("oven", [sys.executable, "-c", "raise SystemExit('no gas')"], os.environ, tmp_path / "log")
    with pytest.raises(StartFailed, match=r"The oven did not start[\s\S]*no gas"):
        leashed.wait_until(lambda: False)


def test_a_taken_port_is_not_chosen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert free_port(wanted) != wanted


def test_answered_requests_are_no_news(tmp_path: Path) -> None:
    log = tmp_path / "site.log"
    log.write_text('[x] "GET /a HTTP/1.1" 200 12\n[x] "GET /b HTTP/1.1" 500 99\n[x] "POST /c HTTP/1.1" 303 0\n')
    assert tail(log) == '    [x] "GET /b HTTP/1.1" 500 99'
