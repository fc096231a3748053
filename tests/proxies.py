"""A small proxy on loopback: it opens tunnels, to where a test says, and remembers what it was asked."""

from __future__ import annotations

import socket
import threading
from types import TracebackType


class TunnelProxy:
    """``with TunnelProxy({"203.0.113.7:443": ("127.0.0.1", port)}) as proxy``: any other target is refused with 403.

    ``asked`` holds the target of each CONNECT, ``headers`` what came with it in lower case.
    """

    def __init__(self, targets: dict[str, tuple[str, int]]) -> None:
        self.targets = targets
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.open: list[socket.socket] = []

    def __enter__(self) -> TunnelProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        line, *headers = self._head(connection).decode().split("\r\n")
        method, target, _ = line.split(" ")
        self.asked.append(f"{method} {target}")
        self.headers.append({name.lower(): value for name, _, value in (one.partition(": ") for one in headers)})
        if method != "CONNECT" or target not in self.targets:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            connection.close()
            return
        beyond = socket.create_connection(self.targets[target])
        self.open.append(beyond)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=_copy, args=(beyond, connection), daemon=True).start()
        _copy(connection, beyond)

    def _head(self, connection: socket.socket) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        return head.removesuffix(b"\r\n\r\n")


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # either side hung up
