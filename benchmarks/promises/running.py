"""Runs one command to its end, on a terminal or not, and sees what it leaves behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stamp import ROOT

MARK = "PROMISES_MARK"
LOGS = ROOT / "var" / "promises"
# Who runs this decides on the services; nothing else of their shell may change what a fresh checkout does.
OWN_AFFAIRS = ("VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "CELERY_BROKER_URL", "DATABASE_URL", "TEST_DATABASE_URL")
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Run:
    """How a command ended. ``left`` are the command lines of processes that it left running (Linux only)."""

    status: int
    seconds: float
    output: str
    left: list[str]

    @property
    def end(self) -> str:
        """The end of what it said."""
        return "\n".join(self.output.splitlines()[-40:])


def run(
    command: Sequence[str],
    folder: Path,
    limit_seconds: float,
    name: str,
    variables: Mapping[str, str] = NOTHING,
    *,
    terminal: bool = False,
) -> Run:
    """Run it there; past the limit it is ended, its whole process group with it, and its status is that of a signal."""
    mark = uuid.uuid4().hex
    environment = {key: value for key, value in os.environ.items() if key not in OWN_AFFAIRS}
    environment |= {MARK: mark, **variables}
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    begun = time.monotonic()
    with log.open("wb") as output:
        status = (_on_terminal if terminal else _plainly)(command, folder, limit_seconds, environment, output.fileno())
    seconds = time.monotonic() - begun
    return Run(status, seconds, log.read_text(encoding="utf-8", errors="replace"), left_running(mark))


def _plainly(
    command: Sequence[str], folder: Path, limit_seconds: float, environment: Mapping[str, str], output: int
) -> int:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    return _await(process, limit_seconds)


def _on_terminal(
    command: Sequence[str], folder: Path, limit_seconds: float, environment: Mapping[str, str], output: int
) -> int:
    outside, inside = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    )
    os.close(inside)
    copier = threading.Thread(target=_copy, args=(outside, output), daemon=True)
    copier.start()
    status = _await(process, limit_seconds)
    copier.join(5)
    os.close(outside)
    return status


def _copy(source: int, target: int) -> None:
    with suppress(OSError):  # a terminal whose other side is closed says so by an error
        while data := os.read(source, 65536):
            os.write(target, data)


def _await(process: subprocess.Popen[bytes], limit_seconds: float) -> int:
    try:
        return process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def left_running(mark: str) -> list[str]:
    """The command lines of processes that carry the mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is somebody else's
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found
