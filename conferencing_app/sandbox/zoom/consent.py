"""Zoom's authorization page: who is signed in, what is granted, approve or deny."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.pages import consent_page, problem_page
from conferencing_app.sandbox.reply import Refusal, Reply
from conferencing_app.sandbox.state import Client

from .models import Account
from .store import Authorization

PAGE_SECONDS = 3600
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
}


def identify(exchange: Exchange) -> None:
    """Nobody is known before the page is answered."""
    account = exchange.form_list("account")
    if account and account[0] in exchange.sandbox.zoom.accounts:
        exchange.entry.account = account[0]


def authorize(exchange: Exchange) -> Reply:
    """`GET /oauth/authorize`: the consent page, or an error page, or an error sent to the checked redirect_uri."""
    query = exchange.request.query_params
    client = _client(exchange, query.get("client_id"))
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise _problem(4709, "Redirect URI mismatch.", "The redirect_uri is not exactly one that the app registered.")
    challenge = query.get("code_challenge")
    authorization = Authorization(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        state=query.get("state"),
        challenge=challenge,
        challenge_method=(query.get("code_challenge_method") or "plain") if challenge else None,
        expires=exchange.sandbox.clock.timestamp() + PAGE_SECONDS,
    )
    if query.get("response_type") != "code":
        return _back(authorization, {"error": "unsupported_response_type"})
    if not _challenge_allowed(authorization, client):
        return _back(authorization, {"error": "invalid_request", "error_description": "code_challenge_method"})
    transaction = secrets.token_urlsafe(24)
    exchange.sandbox.zoom.consents[transaction] = authorization
    accounts = [account for account in exchange.sandbox.zoom.accounts.values() if not account.removed]
    page = consent_page(client.client_id, transaction, accounts, query.get("login_hint", ""), client.scopes)
    return Reply(200, page, dict(PAGE_HEADERS))


def decide(exchange: Exchange) -> Reply:
    """`POST /oauth/consent`: back to the app with a code, or with `error=access_denied`."""
    form = exchange.form()
    authorization = exchange.sandbox.zoom.consents.pop(form.get("transaction", ""), None)
    if authorization is None or authorization.expires <= exchange.sandbox.clock.timestamp():
        raise _problem(4700, "This page was used or has expired.", "Go back to the app and start linking again.")
    client = _client(exchange, authorization.client_id)
    if form.get("decision") != "approve":
        return _back(authorization, {"error": "access_denied"})
    account = _account(exchange, form.get("account", ""))
    authorization.account = account
    authorization.scopes = tuple(scope for scope in exchange.form_list("scope") if scope in client.scopes)
    authorization.expires = exchange.sandbox.clock.timestamp() + exchange.sandbox.options.code_seconds
    code = secrets.token_urlsafe(24)
    exchange.sandbox.zoom.codes[code] = authorization
    return _back(authorization, {"code": code})


def _client(exchange: Exchange, client_id: str | None) -> Client:
    client = exchange.sandbox.clients.get(("zoom", client_id or ""))
    if client is None:
        raise _problem(4702, "Invalid client.", "No app with this client_id is registered with the sandbox.")
    return client


def _account(exchange: Exchange, email: str) -> Account:
    account = exchange.sandbox.zoom.accounts.get(email)
    if account is None or account.removed:
        raise _problem(4700, "No account was chosen.", "Go back and choose which Zoom account is signed in.")
    return account


def _challenge_allowed(authorization: Authorization, client: Client) -> bool:
    method = authorization.challenge_method
    return method is None or method == "S256" or (method == "plain" and client.allow_plain_pkce)


def _back(authorization: Authorization, answer: dict[str, str]) -> Reply:
    """302 to the app's redirect_uri, keeping the query that it registered."""
    parts = urlsplit(authorization.redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *answer.items()]
    if authorization.state is not None:
        query.append(("state", authorization.state))
    return Reply(302, None, dict(PAGE_HEADERS), redirect=urlunsplit(parts._replace(query=urlencode(query))))


def _problem(code: int, title: str, advice: str) -> Refusal:
    return Refusal(Reply(400, problem_page(code, title, advice), dict(PAGE_HEADERS)))
