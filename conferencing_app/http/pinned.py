"""Connects only to an address that was approved: a name is looked up once, and what was checked is what is called.

Without this, a name that resolves to a public address when it is checked and to an inner one when it is called reaches
the inside (DNS rebinding).
"""

from __future__ import annotations

import queue
import socket
import threading
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests

from conferencing_app import addresses
from conferencing_app.addresses import Networks
from conferencing_app.http.deadline import TimedAdapter
from conferencing_app.http.failures import AddressRefused, never_sent
from conferencing_app.http.policy import CallPolicy

LOOK_UP_SECONDS = 3.0
MOST_ADDRESSES = 3  # that are tried, one after another
DEFAULT_PORTS = {"https": 443, "http": 80}
EVERYDAY_PORTS = (443, 8443)  # any other port of a public host may be something that is no web server
# Whoever gave the URL learns no more than this, or we would scan the inside for them.
UNREACHABLE = "it is not reachable from here"


class PinnedAdapter(TimedAdapter):
    """Looks the host up, refuses it unless each of its addresses may be called, and connects to those alone.

    The name stays in the Host header and in TLS, where it is what the certificate is checked against.
    """

    def __init__(self, policy: CallPolicy) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.networks = policy.networks
        self.address = ""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send to the first of the host's addresses that takes the connection; raises AddressRefused.

        A proxy is told the approved address to connect to, never a name that it would look up anew. What the operator
        listed is called without it: the way out does not lead inside.
        """
        parts = urlsplit(request.url or "")
        request.headers["Host"] = parts.netloc
        *first, last = approved(parts, self.networks)
        for address in first:
            try:
                return self._send_to(address, request, *args, **options)
            except requests.ConnectionError as error:
                if not never_sent(error):
                    raise
        return self._send_to(last, request, *args, **options)

    def _send_to(
        self, address: str, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        self.address = address
        if addresses.is_listed(address, self.networks):
            options["proxies"] = {}
        return super().send(request, *args, **options)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[Any, Any]:
        """What requests asks an adapter for before it connects: here the approved address, with the name for TLS."""
        host_params, given = super().build_connection_pool_key_attributes(request, verify, cert)
        pool_kwargs: dict[str, Any] = {**given}
        if host_params["scheme"] == "https":
            pool_kwargs["server_hostname"] = host_params["host"].strip("[]").rstrip(".")
        return {**host_params, "host": self.address}, pool_kwargs


def approved(parts: SplitResult, networks: Networks) -> list[str]:
    """The host's addresses, each of which may be called; raises AddressRefused where one may not, or none is found."""
    host, port = (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS[parts.scheme]
    if _is_number_in_disguise(host):
        raise AddressRefused(f"The address was not called: {UNREACHABLE}.")
    found = look_up(host, port)
    everyday = parts.scheme == "https" and port in EVERYDAY_PORTS
    if not found or not all(_may_be_called(address, networks, everyday) for address in found):
        raise AddressRefused(f"The address was not called: {UNREACHABLE}.")
    return found[:MOST_ADDRESSES]


def _may_be_called(address: str, networks: Networks, everyday: bool) -> bool:
    return addresses.is_listed(address, networks) or (everyday and addresses.is_public(address))


def _is_number_in_disguise(host: str) -> bool:
    """Whether resolvers may read this as an IPv4 address in another spelling: ``2130706433``, ``0x7f.1``."""
    last = host.rpartition(".")[2]
    if not last.isdigit() and not last.startswith("0x"):
        return False
    try:
        return str(ip_address(host)) != host
    except ValueError:
        return True


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, or the address itself, each once, in the system's order; none when none came in time."""
    answer: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    # The system's look-up has no time limit of its own. One that hangs ends by itself, later, in its own thread.
    threading.Thread(target=lambda: answer.put(_resolve(host, port)), daemon=True).start()
    try:
        return answer.get(timeout=LOOK_UP_SECONDS)
    except queue.Empty:
        return []


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(info[4][0]) for info in found))
