"""The demo's processes: started on a leash, so that none outlives the demo, however that ends."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 40.0
LINE_LENGTH = 200
ANSWERED = re.compile(r'" [23]\d\d \d+$')


class StartFailed(RuntimeError):
    """A process ended or did not become ready; the message holds the end of what it said."""


class Leashed:
    """One running command, its log in a file."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(LEASH), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Return once ``ready`` says so. Raises StartFailed when the process ends before, or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise StartFailed(f"The {self.name} did not start. The end of its log:\n{tail(self.log)}")
            time.sleep(0.05)

    def release(self) -> None:
        """Ask it to end, without waiting."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """End it with all that it started; may be called again."""
        self.release()
        self._process.wait()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log but for answered requests, of which a card that refreshes itself makes many."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    telling = [line[:LINE_LENGTH] for line in text.splitlines() if line.strip() and not ANSWERED.search(line)]
    return "\n".join(f"    {line}" for line in telling[-lines:]) or "    (nothing)"


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run one command to its end; returns what it printed. Raises StartFailed with what went wrong."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StartFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port(preferred: int = 0) -> int:
    """The preferred port of loopback if nobody has it, else any free one."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartFailed("No port of 127.0.0.1 is free.")
