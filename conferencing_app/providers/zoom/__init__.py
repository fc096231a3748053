"""Zoom: meetings in a person's Zoom account (Zoom API reference, Meetings and Users)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conferencing_app.providers.base import CallPolicy, Provider
from conferencing_app.providers.types import Capability
from conferencing_app.providers.zoom import scopes
from conferencing_app.providers.zoom.api import ZoomApi
from conferencing_app.providers.zoom.errors import REQUEST_ID_HEADER
from conferencing_app.providers.zoom.inbound import ZoomInbound
from conferencing_app.providers.zoom.meetings import ZoomMeetings
from conferencing_app.providers.zoom.oauth import ZoomOAuth
from conferencing_app.providers.zoom.options import read_options
from conferencing_app.providers.zoom.scopes import for_administrators

__all__ = ["ZoomProvider"]


class ZoomProvider(Provider):
    """Zoom by OAuth as a user-managed app. Raises ValueError for OPTIONS that can't be used; see ``options``."""

    key = "zoom"
    label = "Zoom"
    request_id_header = REQUEST_ID_HEADER
    registration = (
        "A General app, user-managed. Until Zoom has reviewed it, it serves people of your own Zoom account alone; "
        "an admin-managed one is added by administrators, and a Server-to-Server one has nobody to ask."
    )
    scope_words = scopes.WORDS
    refresh_token_days = 90.0  # older pages say 15 years
    daily_changes = 100  # "Meeting/Webinar API" rate limits: per user, whatever the plan; removing does not count
    capabilities = frozenset(
        {
            Capability.PASSCODE,
            Capability.DIAL_IN,
            Capability.UPDATE,
            Capability.DELETE,
            Capability.READ,
            Capability.FIND,
            Capability.DAILY_CAP,
        }
    )

    oauth: ZoomOAuth
    meetings: ZoomMeetings

    def __init__(self, options: Mapping[str, Any], *, policy: CallPolicy, sandbox_url: str = "") -> None:
        self.options = read_options(options, policy=policy, sandbox_url=sandbox_url)
        self.reaches = (self.options.token_url, self.options.api_url)
        self.find_lag = self.options.find_lag_seconds
        api = ZoomApi(self.options, policy)
        self.oauth = ZoomOAuth(self.options, policy, api)
        self.meetings = ZoomMeetings(api)
        self.inbound = ZoomInbound(self.options) if self.options.webhook_secret_token else None

    def unsuitable(self, scopes: frozenset[str]) -> str:
        """Its ``:admin`` scopes show an admin-managed app: nobody but an administrator can link an account to it."""
        return "the app is admin-managed, so that only administrators can link." if for_administrators(scopes) else ""
