"""Zoom for the crash tests, which change more in a minute than an account may in a day."""

from __future__ import annotations

from conferencing_app.providers.zoom import ZoomProvider

PLENTY = 1_000_000


class PlentifulZoom(ZoomProvider):
    """The same provider: what an account does is counted as ever, and never used up."""

    daily_changes = PLENTY
