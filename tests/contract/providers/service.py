"""A provider at the sandbox, and what the suite does with both."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from conferencing_app import conf
from conferencing_app.providers.base import OAuthFlow, Provider
from conferencing_app.providers.types import AccessToken, MeetingSpec, Tokens
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import callback_url
from tests.contract.providers.case import Answer, ProviderCase


@dataclass
class Service:
    """A provider, the sandbox that stands in for its service, and shorthands for what tests do with both."""

    case: ProviderCase
    provider: Provider
    sandbox: SandboxControl

    @property
    def oauth(self) -> OAuthFlow:
        assert self.provider.oauth is not None
        return self.provider.oauth

    @property
    def callback(self) -> str:
        return callback_url(conf.settings.BASE_URL, self.case.alias)

    def link(self, account: str | None = None, untick: tuple[str, ...] = ()) -> Tokens:
        """Go through the whole flow as a person does."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        url = self.oauth.authorization_url(redirect_uri=self.callback, state=state, code_verifier=verifier)
        response = self.sandbox.approve(url, account or self.case.account, untick=untick)
        return self.oauth.exchange(
            redirect_uri=self.callback, state=state, code_verifier=verifier, authorization_response=response
        )

    def token(self, account: str | None = None) -> AccessToken:
        return bearer(self.link(account))

    def strike(self, method: str, answer: Answer, times: int | None = 1) -> None:
        """Let the sandbox give this answer to the contract's method."""
        operation = self.case.operations[method]
        details = {"status": answer.status, "body": answer.body, "headers": dict(answer.headers)}
        self.sandbox.add_fault(operation, answer.action, provider=self.case.alias, times=times, **details)

    def fail(self, method: str, action: str, times: int | None = 1, **details: float) -> None:
        """Let the sandbox go wrong in this way at the contract's method."""
        self.sandbox.add_fault(self.case.operations[method], action, provider=self.case.alias, times=times, **details)

    def calls(self, method: str) -> int:
        """How often the sandbox was asked for this."""
        return len(self.sandbox.requests(self.case.operations[method]))


def bearer(tokens: Tokens) -> AccessToken:
    return AccessToken(tokens.access_token, tokens.api_url)


def make_spec(**changes) -> MeetingSpec:
    """An event of tomorrow."""
    start = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    usual = {
        "title": "Piano lesson",
        "description": "Bring the score.",
        "start": start,
        "end": start + timedelta(minutes=45),
        "tzid": "Europe/Berlin",
    }
    return MeetingSpec(**{**usual, **changes})


def new_marker() -> str:
    return "cnf_" + secrets.token_hex(12)
