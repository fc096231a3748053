"""Outbound HTTP, the only way out: time limits, size caps, no redirects, proxies or cookies, no secrets in logs.

What needs requests is loaded when it is first asked for: a site starts without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from conferencing_app.http.policy import CallPolicy
from conferencing_app.http.tracing import Trace, request_id

if TYPE_CHECKING:
    from conferencing_app.http.outbound import Reply, call, transport_failure

__all__ = ["CallPolicy", "Reply", "Trace", "call", "request_id", "transport_failure"]

_LATER = ("Reply", "call", "transport_failure")


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("conferencing_app.http.outbound"), name)
