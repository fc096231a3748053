"""A way to a server that a test can cut, as a restart of the server or a firewall would."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Listens on a port of its own and passes everything on to the server that a URL names, and back."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.taken = 0
        self.open = 0
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def url(self) -> str:
        """The same URL, by this way."""
        who, at, _ = self._parts.netloc.rpartition("@")
        return urlunsplit(self._parts._replace(netloc=f"{who}{at}127.0.0.1:{self._listener.getsockname()[1]}"))

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        while self._ends:
            end(self._ends.pop())

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._listener.close()
        self.cut()

    def _take(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            server = socket.create_connection((str(self._parts.hostname), int(self._parts.port or 0)))
            self._ends += [client, server]
            self.taken += 1
            self.open += 1
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target, source is client), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):  # cut
            while some := source.recv(65536):
                target.sendall(some)
        end(target)
        self.open -= counts


def end(connected: socket.socket) -> None:
    """Say to both sides that it is over; whoever reads from it is let go."""
    with suppress(OSError):  # the other side was first
        connected.shutdown(socket.SHUT_RDWR)
