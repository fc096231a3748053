"""The list of a user's meetings: unexpired only, agenda cut, pages by an opaque token."""

from __future__ import annotations

import secrets

from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.reply import Reply

from . import rendering
from .access import caller
from .errors import api_error, invalid
from .meetings import require_me
from .models import Account, Meeting

EXPIRY_SECONDS = 30 * 86400  # a scheduled meeting's number lapses 30 days after its end
PAGE_TOKEN_SECONDS = 15 * 60
LARGEST_PAGE = 300
KINDS = ("scheduled", "upcoming")


def list_meetings(exchange: Exchange) -> Reply:
    """`GET /users/{userId}/meetings` → 200 (Zoom API reference, List meetings)."""
    account = caller(exchange)
    require_me(exchange)
    query = exchange.request.query_params
    kind = query.get("type") or "scheduled"
    if kind not in KINDS:
        raise invalid("type", f"Invalid field. The value must be one of: {', '.join(KINDS)}.")
    size = _page_size(query.get("page_size", "30"))
    offset = _offset(exchange, account, kind, query.get("next_page_token", ""))
    records = _unexpired(exchange, account, kind)
    page = records[offset : offset + size]
    more = offset + size < len(records)
    return Reply(
        200,
        {
            "page_size": size,
            "total_records": len(records),
            "next_page_token": _page_token(exchange, account, kind, offset + size) if more else "",
            "meetings": [rendering.list_item(record) for record in page],
        },
    )


def _unexpired(exchange: Exchange, account: Account, kind: str) -> list[Meeting]:
    sandbox = exchange.sandbox
    now = sandbox.clock.timestamp()
    lag = max(sandbox.options.list_lag_seconds, sandbox.faults.list_lag_seconds("zoom", account.email))
    grace = EXPIRY_SECONDS if kind == "scheduled" else 0
    records = [
        record
        for record in sandbox.zoom.live_by_host[account.email].values()
        if record.type != 1
        and (lag == 0 or record.created + lag <= now)
        and (record.start is None or record.start + record.duration * 60 + grace > now)
    ]
    return sorted(records, key=lambda record: (record.start or 0, record.id))


def _page_size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise invalid("page_size", f"Invalid field. The value must be between 1 and {LARGEST_PAGE}.")
    return int(text)


def _offset(exchange: Exchange, account: Account, kind: str, token: str) -> int:
    if not token:
        return 0
    store = exchange.sandbox.zoom
    email, page_kind, offset, expires = store.pages.get(token, ("", "", 0, 0.0))
    if (email, page_kind) != (account.email, kind) or expires <= store.clock.timestamp():
        raise api_error(400, 300, "The next page token is invalid or expired.")
    return offset


def _page_token(exchange: Exchange, account: Account, kind: str, offset: int) -> str:
    store = exchange.sandbox.zoom
    token = secrets.token_urlsafe(24)
    store.pages[token] = (account.email, kind, offset, store.clock.timestamp() + PAGE_TOKEN_SECONDS)
    return token
