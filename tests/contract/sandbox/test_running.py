"""The sandbox as a process: how it starts, refuses to start, and stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from conferencing_app.sandbox.client import SandboxStartError, start_sandbox

COMMAND = [sys.executable, "-m", "conferencing_app.sandbox"]
ROOT = Path(__file__).parents[3]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", "0.0.0.0"), "loopback"),
        (("--host", "192.0.2.1"), "loopback"),
        (("--host", "example.com"), "127.0.0.1"),
        (("--client", "zoom:only-id"), "zoom:ID:SECRET"),
        (("--client", "teams:id:secret"), "zoom:ID:SECRET"),
        (("--port", "99999"), "port"),
        (("--log", "/nowhere/at/all"), "log"),
    ],
)
def test_bad_usage_is_exit_status_2_and_one_line(arguments: tuple[str, ...], said: str) -> None:
    finished = run(*arguments)
    assert finished.returncode == 2
    assert said in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.parametrize("faults", ["refuse-everything", "[{]", '{"action": "status"}', '[{"action": "explode"}]'])
def test_bad_faults_in_the_environment_are_exit_status_2_and_named(faults: str) -> None:
    finished = run(CONFERENCING_SANDBOX_FAULTS=faults)
    assert finished.returncode == 2
    assert "CONFERENCING_SANDBOX_FAULTS" in finished.stderr


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finished = run("--port", str(taken.getsockname()[1]))
    assert finished.returncode == 2
    assert "--port 0" in finished.stderr


def test_a_sandbox_that_cannot_start_says_why() -> None:
    with pytest.raises(SandboxStartError, match="unknown word 'nonsense'"):
        start_sandbox(faults="nonsense")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_answers_once_ready_and_stops_at_a_signal(tmp_path: Path, number: int) -> None:
    ready = tmp_path / "ready"
    with subprocess.Popen(
        [*COMMAND, "--ready-file", str(ready)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        for _ in range(500):
            if ready.exists():
                break
            time.sleep(0.01)
        url = ready.read_text(encoding="utf-8")
        assert line == f"Conferencing sandbox: {url}\n"
        with requests.Session() as session:  # a connection kept open does not hold up the end
            assert session.get(f"{url}/_control/health", timeout=10).status_code == 200
            process.send_signal(number)
            assert process.wait(10) == 0


def test_leaving_the_block_ends_the_process() -> None:
    with start_sandbox() as sandbox:
        assert sandbox.control.state()["clients"] == []
    assert sandbox.process.returncode == 0
    sandbox.stop()


def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import time\n"
        "from conferencing_app.sandbox.client import start_sandbox\n"
        "sandbox = start_sandbox()\n"
        "print(sandbox.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    for _ in range(1000):
        if not is_running(child):
            return
        time.sleep(0.01)
    pytest.fail("the sandbox outlived its parent")


def is_running(pid: int) -> bool:
    """A process that nobody has waited for yet (a zombie) has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
