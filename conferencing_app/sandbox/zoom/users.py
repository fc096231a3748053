"""Identity and settings of the signed-in user (Zoom API reference, Users)."""

from __future__ import annotations

from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.reply import Reply

from . import rendering
from .access import caller
from .meetings import require_me


def me(exchange: Exchange) -> Reply:
    """`GET /users/me` → 200."""
    account = caller(exchange)
    require_me(exchange)
    return Reply(200, rendering.user(account))


def settings(exchange: Exchange) -> Reply:
    """`GET /users/me/settings` → 200."""
    account = caller(exchange)
    require_me(exchange)
    return Reply(200, rendering.user_settings(account))
