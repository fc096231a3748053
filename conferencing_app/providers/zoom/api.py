"""Calls to Zoom's REST API, with the person's bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from conferencing_app import addresses, http
from conferencing_app.providers.base import CallPolicy
from conferencing_app.providers.types import AccessToken
from conferencing_app.providers.zoom import errors
from conferencing_app.providers.zoom.options import ZoomOptions


class ZoomApi:
    """Safe to use from many threads at once: it holds nothing but configuration."""

    def __init__(self, options: ZoomOptions, policy: CallPolicy) -> None:
        self.options = options
        self.policy = policy

    def call(
        self,
        token: AccessToken,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The JSON object of the answer, empty for 204. Raises what Zoom's answer means, see ``errors``."""
        url = base_url(token.api_url, self.options) + path
        reply = http.call(self.policy, method, url, bearer=token.value, params=params, json=json)
        data = reply.data()
        if error := errors.api_error(reply, data, changes_something=method != "GET"):
            raise error
        return data if isinstance(data, dict) else {}


def base_url(assigned: str, options: ZoomOptions) -> str:
    """The base that Zoom assigned to this grant, if our token may be sent there; else the configured one."""
    configured = options.api_url
    if not assigned or addresses.objection(assigned, allow_loopback_http=configured.startswith("http:")):
        return configured
    same = addresses.origin(assigned) == addresses.origin(configured)
    parts = urlsplit(assigned)
    allowed = configured.startswith("https:") and parts.scheme == "https" and parts.port in (None, 443)
    listed = any(addresses.host_matches(parts.hostname or "", pattern) for pattern in options.api_hosts)
    if (same or (allowed and listed)) and not parts.query and not parts.fragment:
        return assigned.rstrip("/")
    return configured
