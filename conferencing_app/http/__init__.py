"""Outbound HTTP, the only way out: time limits, size caps, no redirects, proxies or cookies, no secrets in logs.

Each part is loaded when it is first asked for: a site starts without requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conferencing_app import later

if TYPE_CHECKING:
    from conferencing_app.http.outbound import Reply, call, transport_failure
    from conferencing_app.http.policy import CallPolicy
    from conferencing_app.http.tracing import Trace, request_id
else:
    __getattr__ = later.parts(
        __name__,
        {
            "outbound": ("Reply", "call", "transport_failure"),
            "policy": ("CallPolicy",),
            "tracing": ("Trace", "request_id"),
        },
    )

__all__ = ["CallPolicy", "Reply", "Trace", "call", "request_id", "transport_failure"]
