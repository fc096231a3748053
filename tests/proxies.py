"""Small proxies on loopback: one opens tunnels to the outside, one stands in front of a site and speaks TLS for it."""

from __future__ import annotations

import socket
import ssl
import threading

from tests.listening import Listening


class Joining(Listening):
    """What the proxies share: a connection beyond, and bytes that pass both ways."""

    def _join(
        self, connection: socket.socket, target: tuple[str, int], greeting: bytes = b"", sent: bytes = b""
    ) -> None:
        """Both ways, until either side hangs up; first ``greeting`` to who called, and ``sent`` to the target."""
        beyond = socket.create_connection(target)
        self.open.append(beyond)
        connection.sendall(greeting)
        beyond.sendall(sent)
        threading.Thread(target=_copy, args=(beyond, connection), daemon=True).start()
        _copy(connection, beyond)


def _head(connection: socket.socket) -> list[str]:
    """The lines of a request before its body."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
        head += byte
    return head.decode().removesuffix("\r\n\r\n").split("\r\n")


class TunnelProxy(Joining):
    """``with TunnelProxy({"203.0.113.7:443": ("127.0.0.1", port)}) as proxy``: any other target is refused with 403.

    ``asked`` holds the target of each CONNECT, ``headers`` what came with it in lower case.
    """

    def __init__(self, targets: dict[str, tuple[str, int]]) -> None:
        super().__init__()
        self.address = f"127.0.0.1:{self.port}"
        self.targets = targets
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def _serve(self, connection: socket.socket) -> None:
        line, *headers = _head(connection)
        method, target, _ = line.split(" ")
        self.asked.append(f"{method} {target}")
        self.headers.append({name.lower(): value for name, _, value in (one.partition(": ") for one in headers)})
        if method == "CONNECT" and target in self.targets:
            self._join(connection, self.targets[target], greeting=b"HTTP/1.1 200 Connection established\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        connection.close()


class FrontProxy(Joining):
    """Speaks TLS for a site behind it, and sets these headers of each request, in the place of those that came."""

    def __init__(self, target: tuple[str, int], tls: ssl.SSLContext, headers: dict[str, str]) -> None:
        super().__init__()
        self.target, self.tls, self.headers = target, tls, headers

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection = self.tls.wrap_socket(connection, server_side=True)
        except OSError:
            return  # the caller did not trust us
        self.open.append(connection)
        line, *came = _head(connection)
        kept = [one for one in came if one.partition(":")[0].title() not in self.headers]
        passed = [line, *kept, *(f"{name}: {value}" for name, value in self.headers.items())]
        self._join(connection, self.target, sent="\r\n".join([*passed, "", ""]).encode())


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # either side hung up
