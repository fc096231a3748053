"""How calls are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from conferencing_app.addresses import Networks


@dataclass(frozen=True)
class CallPolicy:
    """How calls are made: time limits in seconds, the largest answer in bytes, and which addresses are let through.

    A whole answer, its headers included, has twice ``read_seconds``, which is the limit for each piece of it.

    ``allow_loopback_http``: plain http to a loopback address. ``untrusted``: somebody outside gave the URL, so it must
    lead to the public internet, or into one of ``networks``, which the operator listed. ``proxy``: the way out, for
    https; plain http stays on this machine or in those networks, and needs none.
    """

    connect_seconds: float = 3.05
    read_seconds: float = 15.0
    max_body_bytes: int = 4 * 1024 * 1024
    allow_loopback_http: bool = False
    untrusted: bool = False
    networks: Networks = ()
    proxy: str = field(default="", repr=False)  # it may hold a password
