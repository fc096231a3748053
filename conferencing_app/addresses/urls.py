"""Which addresses the app may call: https everywhere, plain http only to this machine and where that is allowed."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without blanks, control characters and the backslash
HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")  # a name (in IDNA form) or an address


@lru_cache(maxsize=256)  # it is asked for each call, of few addresses
def objection(url: str, *, allow_loopback_http: bool = False, allow_http: bool = False) -> str:
    """Why this URL must not be called, in words that do not repeat it; empty when it may be."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  reading it is what checks it
    except ValueError:
        return "it is not a well-formed URL"
    if not parts.hostname:
        return "it names no host"
    if not PRINTABLE.fullmatch(url) or not HOST.fullmatch(parts.hostname):
        # Libraries disagree on where the host ends in such a URL, and so would what is checked and what is called.
        return "it holds characters that have no place in it"
    if "@" in parts.netloc:
        return "it carries a user name or password"
    if parts.scheme == "https" or (parts.scheme == "http" and allow_http):
        return ""
    if parts.scheme == "http" and is_loopback(parts.hostname):
        return "" if allow_loopback_http else "plain http to this machine is only for development (DEBUG)"
    return "it must start with https://"


def is_loopback(host: str) -> bool:
    """Whether this host name or address, without brackets, is this machine by definition; nothing is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a well-formed URL, the port filled in; equal for URLs that reach the same server."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", _port(parts)


def host_matches(host: str, pattern: str) -> bool:
    """Whether a host is the one named, or, for ``*.example.com``, any below it."""
    host, pattern = host.lower(), pattern.lower()
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"https": 443, "http": 80}.get(parts.scheme)
