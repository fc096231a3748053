"""Zoom's token and revocation endpoints (Zoom, "OAuth 2.0"; bodies as observed in production)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.reply import Reply
from conferencing_app.sandbox.requestlog import fingerprint
from conferencing_app.sandbox.state import Client

from .errors import token_error
from .models import Grant
from .store import AccessToken, Authorization


def identify_token_call(exchange: Exchange) -> None:
    """Name the call by its grant type and note whose code or refresh token it carries."""
    store = exchange.sandbox.zoom
    form = exchange.form()
    entry = exchange.entry
    if form.get("grant_type") == "refresh_token":
        entry.operation = "token.refresh"
        token = form.get("refresh_token", "")
        grant = store.refresh_tokens.get(token) or store.spent_refresh_tokens.get(token)
        entry.token = fingerprint(token)
        entry.account = grant.account.email if grant else None
        return
    authorization = store.codes.get(form.get("code", ""))
    if authorization and authorization.account:
        entry.account = authorization.account.email


def identify_revocation(exchange: Exchange) -> None:
    """Note whose token is to be revoked."""
    token = exchange.form().get("token", "")
    exchange.entry.token = fingerprint(token)
    known = exchange.sandbox.zoom.access_tokens.get(token)
    exchange.entry.account = known.grant.account.email if known else None


def token(exchange: Exchange) -> Reply:
    """`POST /oauth/token`: authorization_code or refresh_token."""
    form = exchange.form()
    client = _authenticated_client(exchange)
    grant_type = form.get("grant_type")
    if not grant_type:
        raise token_error(400, "invalid_request", "Missing grant type.")
    if grant_type == "authorization_code":
        return _exchange_code(exchange, client, form)
    if grant_type == "refresh_token":
        return _refresh(exchange, client, form.get("refresh_token", ""))
    raise token_error(400, "unsupported_grant_type", "Grant type is not supported from token endpoint.")


def revoke(exchange: Exchange) -> Reply:
    """`POST /oauth/revoke` with an access token: the whole grant ends; answers `{"status": "success"}`."""
    client = _authenticated_client(exchange)
    known = exchange.sandbox.zoom.access_tokens.get(exchange.form().get("token", ""))
    if known is None or not known.grant.alive or known.grant.client_id != client.client_id:
        raise token_error(400, "invalid_request", "Invalid Token!")
    exchange.sandbox.zoom.end_grant(known.grant, "revoked by the app")
    return Reply(200, {"status": "success"})


def _authenticated_client(exchange: Exchange) -> Client:
    scheme, _space, encoded = exchange.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise token_error(400, "invalid_client", "Client ID or client secret is missing.")
    try:
        client_id, _colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        client_id = secret = ""
    client = exchange.sandbox.clients.get(("zoom", client_id))
    if client is None or not hmac.compare_digest(client.client_secret.encode(), secret.encode()):
        raise token_error(401, "invalid_client", "Invalid client_id or client_secret")
    return client


def _exchange_code(exchange: Exchange, client: Client, form: dict[str, str]) -> Reply:
    store = exchange.sandbox.zoom
    code = form.get("code", "")
    authorization = store.codes.get(code)
    if authorization is None or authorization.client_id != client.client_id:
        raise token_error(400, "invalid_grant", f"Invalid authorization code {code}")
    if authorization.redirect_uri != form.get("redirect_uri"):
        raise token_error(400, "invalid_request", "Redirect URI mismatch.")
    del store.codes[code]  # single use, whatever comes now
    if authorization.expires <= store.clock.timestamp():
        raise token_error(400, "invalid_grant", f"Invalid authorization code {code}")
    if not _verifier_fits(authorization, form.get("code_verifier")):
        raise token_error(400, "invalid_grant", "Invalid code verifier.")
    account = authorization.account
    if account is None or account.removed:
        raise token_error(400, "invalid_grant", f"Invalid authorization code {code}")
    earlier = store.grants.get((account.email, client.client_id))
    if earlier is not None:
        store.end_grant(earlier, "replaced by a new authorization")
    grant = Grant(account, client.client_id, authorization.scopes)
    store.grants[account.email, client.client_id] = grant
    reply = _issue(exchange, grant)
    exchange.sandbox.journal.write("grant.issued", grant.as_dict())
    return reply


def _verifier_fits(authorization: Authorization, verifier: str | None) -> bool:
    if authorization.challenge is None:
        return True
    if not verifier or not 43 <= len(verifier) <= 128:
        return False
    expected = verifier
    if authorization.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return hmac.compare_digest(expected.encode(), authorization.challenge.encode())


def _refresh(exchange: Exchange, client: Client, refresh_token: str) -> Reply:
    store = exchange.sandbox.zoom
    grant = store.refresh_tokens.get(refresh_token)
    if grant is None or not grant.alive or grant.client_id != client.client_id:
        _punish_reuse(exchange, client, refresh_token)
        raise token_error(400, "invalid_grant", "Invalid Token!")
    if grant.refresh_expires <= store.clock.timestamp() or grant.account.removed:
        raise token_error(400, "invalid_grant", "Invalid Token!")
    if not set(grant.scopes) <= set(client.scopes):
        raise token_error(400, "invalid_grant", "The token scopes do not match with the client scopes.")
    del store.refresh_tokens[refresh_token]
    store.spent_refresh_tokens[refresh_token] = grant
    grant.refreshes += 1
    reply = _issue(exchange, grant)
    exchange.sandbox.journal.write("grant.refreshed", grant.as_dict())
    return reply


def _punish_reuse(exchange: Exchange, client: Client, refresh_token: str) -> None:
    """With the switch on, a replayed refresh token costs the whole grant, as OAuth 2.1 advises servers."""
    spent = exchange.sandbox.zoom.spent_refresh_tokens.get(refresh_token)
    if exchange.sandbox.options.reuse_kills_family and spent and spent.client_id == client.client_id:
        exchange.sandbox.zoom.end_grant(spent, "refresh token used twice")


def _issue(exchange: Exchange, grant: Grant) -> Reply:
    store = exchange.sandbox.zoom
    options = exchange.sandbox.options
    now = store.clock.timestamp()
    access = _opaque_token(860)
    grant.refresh_token = _opaque_token(480)
    grant.refresh_expires = now + options.refresh_token_seconds
    store.access_tokens[access] = AccessToken(grant, now + options.access_token_seconds)
    store.refresh_tokens[grant.refresh_token] = grant
    body = {
        "access_token": access,
        "token_type": "bearer",
        "refresh_token": grant.refresh_token,
        "expires_in": options.access_token_seconds,
        "scope": " ".join(sorted(grant.scopes)),
        "api_url": f"{exchange.sandbox.base_url}/zoom",
    }
    return Reply(200, body, {"Cache-Control": "no-store"})


def _opaque_token(random_bytes: int) -> str:
    """Three dotted parts, as long as Zoom's (access tokens about 1.2 KB), with nothing to read in them."""
    header = "eyJzdiI6IjAwMDAwMSIsImFsZyI6IkhTNTEyIiwidiI6IjIuMCIsImtpZCI6InNhbmRib3gifQ"
    return f"{header}.{secrets.token_urlsafe(random_bytes)}.{secrets.token_urlsafe(64)}"
