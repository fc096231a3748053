"""Who is calling the API, and whether they may: bearer token, scope, licence, limits."""

from __future__ import annotations

from typing import Any

from conferencing_app.sandbox.clock import iso, next_utc_midnight
from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.requestlog import fingerprint

from .errors import api_error
from .models import SCOPES_OF_OPERATION, Account
from .store import AccessToken

SCHEDULING = frozenset({"create", "update", "delete", "get"})
COUNTED_PER_DAY = frozenset({"create", "update"})


def bearer(exchange: Exchange) -> str:
    """The bearer token of a request, or an empty text."""
    scheme, _space, token = exchange.request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def identify(exchange: Exchange) -> None:
    """Note in the log whose token it is, dead or alive, and which meeting is meant."""
    token = bearer(exchange)
    if token:
        exchange.entry.token = fingerprint(token)
        known = exchange.sandbox.zoom.access_tokens.get(token)
        if known is not None:
            exchange.entry.account = known.grant.account.email
    meeting_id = exchange.request.path_params.get("meeting_id", "")
    if meeting_id.isascii() and meeting_id.isdigit() and len(meeting_id) < 20:
        exchange.entry.meeting_id = int(meeting_id)


def caller(exchange: Exchange) -> Account:
    """The account that may do this now; raises Refusal with Zoom's error otherwise."""
    token = _valid_token(exchange)
    account = token.grant.account
    if account.removed:
        raise api_error(404, 1001, f"User does not exist: {account.id}.")
    operation = exchange.entry.operation
    if not set(SCOPES_OF_OPERATION[operation]) & set(token.grant.scopes):
        granular = SCOPES_OF_OPERATION[operation][0]
        raise api_error(400, 4711, f"Invalid access token, does not contain scopes:[{granular}, {granular}:admin].")
    _check_rate(exchange, account)
    if operation in SCHEDULING and not account.hosting:
        raise api_error(400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities.")
    if operation in COUNTED_PER_DAY:
        _check_day(exchange, account)
    return account


def _valid_token(exchange: Exchange) -> AccessToken:
    store = exchange.sandbox.zoom
    token = store.access_tokens.get(bearer(exchange))
    if token is None or not token.grant.alive:
        raise api_error(401, 124, "Invalid access token.")
    if token.expires <= store.clock.timestamp():
        raise api_error(401, 124, "Access token is expired.")
    return token


def _check_rate(exchange: Exchange, account: Account) -> None:
    """Calls per second, where the account has such a limit (Zoom: by plan)."""
    if account.qps_limit is None:
        return
    store = exchange.sandbox.zoom
    now = store.clock.timestamp()
    recent = store.usage[account.email].recent_calls
    while recent and recent[0] <= now - 1:
        recent.popleft()
    if len(recent) >= account.qps_limit:
        message = "You have reached the maximum per-second rate limit for this API. Try again later."
        raise api_error(429, 429, message, _limit_headers("QPS", account.qps_limit))
    recent.append(now)


def _check_day(exchange: Exchange, account: Account) -> None:
    """Creates and updates of this UTC day (Zoom: 100 per user, whatever the plan)."""
    now = exchange.sandbox.clock.now()
    usage = exchange.sandbox.zoom.usage[account.email]
    today = now.date().isoformat()
    if usage.day != today:
        usage.day, usage.writes = today, 0
    if usage.writes >= account.daily_limit:
        message = (
            f"You have exceeded the daily rate limit ({account.daily_limit}) of Meeting Create/Update API requests "
            "permitted for this user. You may resume these requests at GMT 00:00:00."
        )
        headers = _limit_headers("Daily-limit", account.daily_limit)
        raise api_error(429, 429, message, {**headers, "Retry-After": iso(next_utc_midnight(now))})


def count_write(exchange: Exchange, account: Account) -> None:
    """Count a create or update that was carried out."""
    exchange.sandbox.zoom.usage[account.email].writes += 1


def _limit_headers(kind: str, limit: int) -> dict[str, str]:
    headers: dict[str, Any] = {
        "X-RateLimit-Category": "Light",
        "X-RateLimit-Type": kind,
        "X-RateLimit-Limit": limit,
        "X-RateLimit-Remaining": 0,
    }
    return {name: str(value) for name, value in headers.items()}
