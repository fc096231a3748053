"""Zoom at the sandbox in a site that runs without DEBUG, as real sites do: the app itself refuses a sandbox there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conferencing_app.http import CallPolicy
from conferencing_app.providers.zoom import ZoomProvider


class SandboxedZoom(ZoomProvider):
    """The same provider, told where its service is."""

    def __init__(self, options: Mapping[str, Any], *, policy: CallPolicy, sandbox_url: str = "") -> None:
        policy = replace(policy, allow_loopback_http=True)
        super().__init__(options, policy=policy, sandbox_url=os.environ["CONFERENCING_SANDBOX_URL"])
