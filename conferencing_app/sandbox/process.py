"""A sandbox in a process of its own, for as long as a `with` block or a test session lasts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from .faults import ENVIRONMENT_VARIABLE
from .steering import SandboxControl

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


class SandboxStartError(RuntimeError):
    """The sandbox's process ended, or did not become ready; the message holds what it said."""


class SandboxProcess:
    """A running sandbox: `url`, `control`, `log` (the journal's path, if any), `stop()`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path | None) -> None:
        self.process = process
        self.url = url
        self.log = log
        self.control = SandboxControl(url)

    def stop(self) -> None:
        """End the process, first politely; nothing stays behind. May be called again."""
        self.control.session.close()
        _end(self.process)

    def __enter__(self) -> SandboxProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def start_sandbox(
    *,
    client_id: str | None = None,
    client_secret: str = "",
    redirect_uris: Sequence[str] = (),
    webhook_url: str = "",
    log: Path | None = None,
    faults: str = "",
    port: int = 0,
) -> SandboxProcess:
    """Start a sandbox on a free port of loopback and wait until it answers; use it in a `with` block.

    It ends with this process too, even when that is killed. `webhook_url` is where the client is sent its events.
    `faults` is the text of the environment's faults.
    Raises SandboxStartError.
    """
    command = [sys.executable, "-m", "conferencing_app.sandbox", "--port", str(port), "--exit-on-stdin-close"]
    if client_id is not None:
        command += ["--client", f"zoom:{client_id}:{client_secret}"]
    for uri in redirect_uris:
        command += ["--redirect-uri", uri]
    if webhook_url:
        command += ["--webhook-url", webhook_url]
    if log is not None:
        command += ["--log", str(log)]
    environment = {**os.environ, ENVIRONMENT_VARIABLE: faults}
    # The package must be found wherever the caller stands, and whether or not it is installed.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "errors").open("w+b") as errors:
        ready = Path(folder) / "ready"
        process = subprocess.Popen(  # noqa: S603  # our own module with arguments of our own, no shell
            [*command, "--ready-file", str(ready)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
        )
        return SandboxProcess(process, _wait_until_ready(process, ready, errors), log)


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path, errors: IO[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process)
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip()
            raise SandboxStartError(f"The sandbox did not start (exit status {process.returncode}): {said}")
        time.sleep(0.02)
    return ready.read_text(encoding="utf-8")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
