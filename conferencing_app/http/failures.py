"""What can be told from the exceptions of requests and urllib3."""

from __future__ import annotations

from collections.abc import Iterator
from ssl import SSLCertVerificationError

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class AddressRefused(requests.exceptions.InvalidURL):
    """The address must not be called; the message says why and does not repeat it."""


def never_sent(error: BaseException) -> bool:
    """Whether the request surely never left, so that asking again can't do anything twice."""
    kinds = (ConnectTimeoutError, NewConnectionError, SSLCertVerificationError)
    return any(isinstance(link, kinds) or _is_refused_tunnel(link) for link in _chain(error))


def refused_by_proxy(error: BaseException) -> bool:
    """Whether the proxy did not let the connection through, or was not there."""
    return isinstance(error, requests.exceptions.ProxyError) and never_sent(error)


def _is_refused_tunnel(error: BaseException) -> bool:
    """What ``http.client`` raises when a proxy does not connect. ProxyError says less: a lost answer is one, too."""
    return type(error) is OSError and str(error).startswith("Tunnel connection failed")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that it wraps: requests and urllib3 hand the real one over as ``args`` or ``reason``."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (link.__cause__, link.__context__, getattr(link, "reason", None), *link.args)
        waiting.extend(one for one in inner if isinstance(one, BaseException))
