"""The guard that keeps the suite on this machine does refuse, and does not stand in the way."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests import loopback


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [
        ("203.0.113.1", 443, "not loopback"),
        ("10.0.0.1", 80, "not loopback"),
        ("2001:db8::1", 443, "not loopback"),
        ("127.0.0.1", 5672, "RABBITMQ_URL"),
    ],
)
def test_connections_that_leave_are_refused(host: str, port: int, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "allowed", set())
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(loopback.LeftLoopback, match=named):
        client.connect((host, port))
    assert len(loopback.take_refusals()) == 1  # taken, as this refusal was meant


def test_looking_up_a_foreign_name_is_refused() -> None:
    with pytest.raises(loopback.LeftLoopback, match=r"api\.example\.org"):
        socket.getaddrinfo("api.example.org", 443)
    assert len(loopback.take_refusals()) == 1


def test_a_process_that_a_test_starts_is_guarded_as_well() -> None:
    program = "import socket; socket.create_connection(('203.0.113.1', 443))"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Tests stay on this machine" in done.stderr
    assert loopback.take_refusals() == ["connection to 203.0.113.1:443, which is not loopback"]


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    assert loopback.take_refusals() == []


def test_a_server_whose_url_is_given_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "allowed", set())
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1/0")
    loopback.allow_given_servers()
    assert loopback.objection("socket.connect", (None, ("127.0.0.1", 6379))) == ""
