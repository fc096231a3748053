"""The authorization code flow with PKCE (RFC 6749, RFC 7636), as a confidential client."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth

from conferencing_app import addresses
from conferencing_app.exceptions import Misconfigured, ProviderError, Refused, Unavailable
from conferencing_app.http import CallPolicy, Reply, transport_failure
from conferencing_app.http.redaction import silence
from conferencing_app.oauth.session import OAuthSession, is_plain_loopback, shown, truth

# What a token endpoint's reply means: our exception, or None for a grant. Decided from status and body alone.
Judge = Callable[[Reply], ProviderError | None]
Step = Callable[[OAuthSession], None]
Hook = Literal["access_token_response", "refresh_token_response"]


@dataclass(frozen=True)
class AuthorizationCodeFlow:
    """One client of one authorization server.

    ``client_secret_in_body``: the server wants id and secret in the form instead of HTTP Basic. ``judge`` is the
    provider's reading of a reply; the library's own exceptions decide nothing, since it reports an outage as an
    OAuth error.
    """

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    policy: CallPolicy
    judge: Judge
    client_secret_in_body: bool = False

    def authorization_url(self, *, redirect_uri: str, state: str, code_verifier: str, **extra: str) -> str:
        """Where the browser goes to be asked for consent. Raises Misconfigured when it can't be sent there."""
        self._check(self.authorize_url)
        with silence():
            url, _ = self._session(redirect_uri=redirect_uri, state=state).authorization_url(
                shown(self.authorize_url, self.policy),
                state=state,
                code_challenge=s256(code_verifier),
                code_challenge_method="S256",
                **extra,
            )
        return truth(url) if is_plain_loopback(self.authorize_url) else str(url)

    def exchange(
        self, *, redirect_uri: str, state: str, code_verifier: str, authorization_response: str
    ) -> dict[str, Any]:
        """The token endpoint's reply to the code in ``authorization_response``, the callback's whole URL.

        Raises what ``judge`` says, Unavailable, Misconfigured, or Refused when the callback carries no usable code.
        """
        # The library reads the query alone, and insists on https even where the site itself is reached without.
        callback = f"https://callback.invalid/?{urlsplit(authorization_response).query}"
        credentials = {"include_client_id": True, "client_secret": self.client_secret}

        def step(session: OAuthSession) -> None:
            session.fetch_token(
                shown(self.token_url, self.policy),
                authorization_response=callback,
                code_verifier=code_verifier,
                **(credentials if self.client_secret_in_body else self._basic()),
            )

        return self._take_step(step, "access_token_response", redirect_uri=redirect_uri, state=state)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """The token endpoint's reply to a refresh token, as it came: what it does not hold is not made up."""
        credentials = {"client_id": self.client_id, "client_secret": self.client_secret}

        def step(session: OAuthSession) -> None:
            session.refresh_token(
                shown(self.token_url, self.policy),
                refresh_token=refresh_token,
                **(credentials if self.client_secret_in_body else self._basic()),
            )

        return self._take_step(step, "refresh_token_response")

    def _take_step(self, step: Step, hook: Hook, **session_options: Any) -> dict[str, Any]:
        self._check(self.token_url)
        session = self._session(**session_options)
        received: list[dict[str, Any]] = []

        def read(response: requests.Response) -> requests.Response:
            received.append(self._grant(Reply(response.status_code, response.headers, response.content)))
            return response

        session.register_compliance_hook(hook, read)
        failure = ProviderError()
        try:
            with silence():
                step(session)
        except ProviderError as error:
            failure = error
        except requests.RequestException as error:
            failure = transport_failure(error, changes_something=True)
        except (OAuth2Error, ValueError, TypeError, AttributeError, OverflowError):
            # The last three: it takes whatever a grant holds for what it should be.
            failure = Refused("The callback carries no usable code.", code="bad_callback")
        if received:
            # Judged to be a grant: whatever the library thinks of it, a rotated token must not be lost.
            return received[0]
        # Outside of the except clause, without the library's exception: that holds the request with its secrets.
        raise failure.with_traceback(None)

    def _grant(self, reply: Reply) -> dict[str, Any]:
        if error := self.judge(reply):
            raise error
        data = reply.data()
        if not isinstance(data, Mapping) or not isinstance(data.get("access_token"), str) or not data["access_token"]:
            raise Unavailable("The service's answer holds no grant.", outcome_unknown=True)
        return dict(data)

    def _session(self, **options: Any) -> OAuthSession:
        # No scope on sessions: the library raises a Warning when another one is granted. Scopes are compared by us.
        return OAuthSession(policy=self.policy, server_url=self.token_url, client_id=self.client_id, **options)

    def _basic(self) -> dict[str, Any]:
        return {"auth": HTTPBasicAuth(self.client_id, self.client_secret)}

    def _check(self, url: str) -> None:
        if refused := addresses.objection(url, allow_loopback_http=self.policy.allow_loopback_http):
            raise Misconfigured(f"The authorization server's address can't be used: {refused}.")


def s256(code_verifier: str) -> str:
    """The code challenge of a verifier (RFC 7636 4.2)."""
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
