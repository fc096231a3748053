"""Linking a Zoom account (Zoom, "OAuth 2.0"; PKCE, HTTP Basic, refresh tokens that rotate on each use)."""

from __future__ import annotations

from typing import Any

from conferencing_app import http
from conferencing_app.exceptions import Relink, Unavailable
from conferencing_app.oauth import AuthorizationCodeFlow
from conferencing_app.providers.base import CallPolicy
from conferencing_app.providers.types import AccessToken, Identity, Tokens
from conferencing_app.providers.zoom import errors, scopes
from conferencing_app.providers.zoom.api import ZoomApi
from conferencing_app.providers.zoom.options import ZoomOptions

ACCESS_TOKEN_SECONDS = 3599.0  # Zoom's own, should an answer leave it out


class ZoomOAuth:
    """Zoom's side of linking. Which scopes are asked for is part of the app's registration at Zoom."""

    def __init__(self, options: ZoomOptions, policy: CallPolicy, api: ZoomApi) -> None:
        self.options = options
        self.policy = policy
        self.api = api
        self.flow = AuthorizationCodeFlow(
            client_id=options.client_id,
            client_secret=options.client_secret,
            authorize_url=options.authorize_url,
            token_url=options.token_url,
            policy=policy,
            judge=errors.token_error,
        )

    def authorization_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str:
        """Where to send the browser, with ``state`` and the S256 challenge."""
        return self.flow.authorization_url(redirect_uri=redirect_uri, state=state, code_verifier=code_verifier)

    def exchange(self, *, redirect_uri: str, state: str, code_verifier: str, authorization_response: str) -> Tokens:
        """The grant for the callback's URL. Zoom ends the account's earlier grant to this app with it."""
        grant = self.flow.exchange(
            redirect_uri=redirect_uri,
            state=state,
            code_verifier=code_verifier,
            authorization_response=authorization_response,
        )
        return to_tokens(grant)

    def refresh(self, refresh_token: str) -> Tokens:
        """A new pair; the refresh token that was used is dead from then on, so commit the new one before using it."""
        return to_tokens(self.flow.refresh(refresh_token))

    def revoke(self, token: AccessToken) -> None:
        """End the grant. Zoom answers ``{"status": "success"}``; a token that is dead already is success too."""
        credentials = (self.options.client_id, self.options.client_secret)
        reply = http.call(self.policy, "POST", self.options.revoke_url, basic=credentials, form={"token": token.value})
        error = errors.token_error(reply)
        if error is not None and not isinstance(error, Relink):
            raise error

    def identify(self, token: AccessToken) -> Identity:
        """Whose grant it is: Zoom's account and user id together, as e-mail addresses change."""
        user = self.api.call(token, "GET", "/v2/users/me")
        account_id, user_id = user.get("account_id"), user.get("id")
        if not account_id or not user_id:
            raise Unavailable("Zoom's answer does not say whose account it is.")
        email, name = user.get("email") or "", user.get("display_name") or ""
        return Identity(account_id=f"{account_id}:{user_id}", label=str(email or name or user_id), name=str(name))

    def missing_scopes(self, tokens: Tokens) -> frozenset[str]:
        """The scopes needed and not granted, by their granular names; classic and ``:admin`` names count."""
        return scopes.missing(tokens.scopes)


def to_tokens(grant: dict[str, Any]) -> Tokens:
    """The token endpoint's reply as our type."""
    refresh_token, scope, api_url = grant.get("refresh_token"), grant.get("scope"), grant.get("api_url")
    return Tokens(
        access_token=grant["access_token"],
        expires_in=_seconds(grant.get("expires_in")),
        refresh_token=refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
        api_url=api_url if isinstance(api_url, str) else "",
    )


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return ACCESS_TOKEN_SECONDS
    return seconds if 0 < seconds < 86400 * 366 else ACCESS_TOKEN_SECONDS
