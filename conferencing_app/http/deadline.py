"""An answer has so long and no longer, from its first byte to its last: its headers too.

A time limit for each piece alone is none: who sends a byte every few seconds, or "100 Continue" again and again, would
hold a thread for days.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

# Connections know a limit for each piece; a whole answer has so many times that.
PIECES = 2


class TimedReader(io.RawIOBase):
    """What comes from a socket, until a moment by the monotonic clock."""

    def __init__(self, raw: io.RawIOBase, connection: Any, until: float) -> None:
        super().__init__()
        self.raw = raw
        self.connection = connection
        self.until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer took too long.")
        if left < self.connection.gettimeout():
            self.connection.settimeout(left)
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class TimedResponse(HTTPResponse):
    """An answer that is read in time or not at all. A connection without a limit has none for the whole either."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = sock.gettimeout()
        if seconds is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(TimedReader(raw, sock, time.monotonic() + PIECES * seconds))


class TimedConnection(HTTPConnection):
    response_class = TimedResponse


class TimedSecureConnection(HTTPSConnection):
    response_class = TimedResponse


class TimedPool(HTTPConnectionPool):
    ConnectionCls = TimedConnection


class TimedSecurePool(HTTPSConnectionPool):
    ConnectionCls = TimedSecureConnection


class TimedAdapter(HTTPAdapter):
    """requests' adapter, with such connections, through a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _time(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        _time(manager)
        return manager


def _time(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedSecurePool}
