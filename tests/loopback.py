"""Keeps the suite on this machine: Python's own audit events see each connection and each name that is looked up.

Refused are addresses that are not loopback, and the usual ports of database and broker servers unless their URL was
given. Each refusal is also noted in a file, so that the test fails even where the code under test swallowed the error.
Python processes that a test starts are guarded as well: they find guarded_children/sitecustomize.py on PYTHONPATH.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SERVER_PORTS = {5432: "POSTGRES_URL", 3306: "MARIADB_URL", 6379: "REDIS_URL", 5672: "RABBITMQ_URL"}
NOTES_VARIABLE = "TEST_REFUSALS_FILE"
URL_VARIABLES = (*SERVER_PORTS.values(), "TEST_DATABASE_URL", "CELERY_BROKER_URL", "DATABASE_URL")


class LeftLoopback(ConnectionRefusedError):
    """A test tried to reach something outside of its reach."""


allowed: set[tuple[str, int]] = set()
allowed_names = {"", "localhost", socket.gethostname()}


def allow_given_servers() -> None:
    """Whoever gives a server's URL wants the tests to reach it, wherever it is."""
    for url in filter(None, map(os.environ.get, URL_VARIABLES)):
        parts = urlsplit(url)
        if not parts.hostname:
            continue
        default_port = {"redis": 6379, "amqp": 5672, "mysql": 3306, "mariadb": 3306}.get(parts.scheme, 5432)
        port = parts.port or default_port
        allowed_names.add(parts.hostname)
        allowed.update((str(info[4][0]), port) for info in socket.getaddrinfo(parts.hostname, port))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return host in allowed_names or host.endswith(".localhost")


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True


def objection(event: str, args: tuple[Any, ...]) -> str:
    """Why this audit event is refused; empty when it is not."""
    if event == "socket.connect" and isinstance(args[1], tuple):
        host, port = str(args[1][0]), args[1][1]
        if (host, port) in allowed:
            return ""
        if not is_loopback(host):
            return f"connection to {host}:{port}, which is not loopback"
        if port in SERVER_PORTS:
            return f"connection to {host}:{port}, a server whose URL was not given ({SERVER_PORTS[port]})"
    if event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0] or ""
        if not is_address(host) and not is_loopback(host):
            return f"look-up of the name {host}"
    return ""


def note(refused: str) -> None:
    with Path(os.environ[NOTES_VARIABLE]).open("a") as file:
        file.write(f"{refused}\n")


def take_refusals() -> list[str]:
    """What this process and its children were refused since the last call."""
    path = Path(os.environ[NOTES_VARIABLE])
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


def guard(event: str, args: tuple[Any, ...]) -> None:
    if event.startswith("socket.") and (refused := objection(event, args)):
        note(refused)
        raise LeftLoopback(f"Tests stay on this machine: {refused}")


def install() -> None:
    """Once a process; an audit hook can not be taken away again."""
    os.environ.setdefault(NOTES_VARIABLE, str(Path(tempfile.gettempdir()) / f"test-refusals-{os.getpid()}"))
    allow_given_servers()
    sys.addaudithook(guard)


def guard_children() -> None:
    """Python imports sitecustomize at every start, so a child is guarded before its first line."""
    folders = [str(Path(__file__).parent / "guarded_children"), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
