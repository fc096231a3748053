"""A server on loopback that answers exactly what a test scripts, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.listening import Listening

Script = Callable[[socket.socket], None]


@dataclass
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(default=b"")


def answer(status: int = 200, body: bytes | dict[str, Any] = b"", headers: dict[str, str] | None = None) -> Script:
    """A whole, proper answer."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    lines = {"Content-Length": str(len(content)), "Content-Type": "application/json", **(headers or {})}
    if status == 204:
        lines.pop("Content-Length")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + content)


def raw(data: bytes) -> Script:
    """These bytes, and the connection stays open."""
    return lambda connection: connection.sendall(data)


def hang_up(data: bytes = b"") -> Script:
    """These bytes, and then nothing more."""

    def script(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return script


def silence(seconds: float, data: bytes = b"") -> Script:
    """These bytes, and then nothing for a while."""

    def script(connection: socket.socket) -> None:
        connection.sendall(data)
        time.sleep(seconds)

    return script


def trickle(pieces: Iterable[bytes], pause: float) -> Script:
    """One piece after another, with a pause after each; ends when the caller has had enough."""

    def script(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return script


class ScriptedServer(Listening):
    """``with ScriptedServer(answer(200), hang_up()) as server``: a script per request, the last one for the rest."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.tls = tls
        self.scripts = list(scripts)
        self.requests: list[Received] = []
        self.lock = threading.Lock()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self.open)

    def _serve(self, connection: socket.socket) -> None:
        if self.tls is not None:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                return  # the caller did not trust us
        reader = connection.makefile("rb")
        try:
            while (received := self._read(reader)) is not None:
                with self.lock:
                    self.requests.append(received)
                    script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                script(connection)
        except (OSError, ValueError):
            return  # the caller hung up, or the test is over
        finally:
            reader.close()
            connection.close()

    def _read(self, reader: Any) -> Received | None:
        line = reader.readline().decode()
        if not line:
            return None
        method, target, _ = line.split(" ", 2)
        headers: dict[str, str] = {}
        while (line := reader.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Received(method, target, headers, reader.read(int(headers.get("content-length", "0"))))
