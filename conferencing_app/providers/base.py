"""The contract that every provider fulfils. Config in, frozen dataclasses out, our exceptions raised.

A provider knows nothing of models, requests, sessions or settings. Its folder holds ``oauth``, ``meetings`` and,
where the service calls us, ``inbound``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.utils.functional import Promise

from conferencing_app.http import CallPolicy
from conferencing_app.providers.types import (
    AccessToken,
    Capability,
    Identity,
    InboundEvent,
    MeetingDetails,
    MeetingSpec,
    Tokens,
)

__all__ = ["SANDBOX_CLIENT", "CallPolicy", "InboundParser", "MeetingClient", "OAuthFlow", "Provider"]

# The OPTIONS of a client that the site leaves out while a sandbox stands in for the service.
SANDBOX_CLIENT = {"client_id": "sandbox", "client_secret": "sandbox"}


class OAuthFlow(Protocol):
    """How a person's account is linked.

    Each method raises :class:`~conferencing_app.exceptions.ProviderError`'s subclasses and nothing else.
    """

    def authorization_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str:
        """Where to send the browser: with ``state`` and the S256 challenge of ``code_verifier``."""

    def exchange(self, *, redirect_uri: str, state: str, code_verifier: str, authorization_response: str) -> Tokens:
        """The grant for the callback URL ``authorization_response``, whose ``state`` the caller has checked."""

    def refresh(self, refresh_token: str) -> Tokens:
        """A new grant. Raises Relink only on the token endpoint's own verdict."""

    def revoke(self, token: AccessToken) -> None:
        """Give the grant back. A grant that is already dead is success."""

    def identify(self, token: AccessToken) -> Identity:
        """Whose grant it is."""

    def missing_scopes(self, tokens: Tokens) -> frozenset[str]:
        """The scopes that the app needs and was not granted; empty when all is well."""


class MeetingClient(Protocol):
    """Meetings in a person's account. ``marker`` is our key inside the meeting, by which it is found again."""

    def create(self, token: AccessToken, spec: MeetingSpec, marker: str) -> MeetingDetails: ...

    def find(self, token: AccessToken, marker: str, spec: MeetingSpec | None) -> tuple[MeetingDetails, ...]:
        """Every meeting with this marker, oldest first. ``spec`` None: what it was made for is no longer known."""

    def update(self, token: AccessToken, meeting_id: str, spec: MeetingSpec, marker: str) -> None:
        """Bring the meeting to the spec. Raises Gone."""

    def read(self, token: AccessToken, meeting_id: str) -> MeetingDetails:
        """The meeting as it is. Raises Gone."""

    def delete(self, token: AccessToken, meeting_id: str) -> None:
        """Remove the meeting; an unknown or deleted one is success."""


class InboundParser(Protocol):
    """What the service sends us. ``body`` is the raw body, as its signature is over these very bytes."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the service has sent this, and has done so lately."""

    def challenge(self, headers: Mapping[str, str], body: bytes) -> dict[str, str] | None:
        """The answer by which the service sees that this address is ours; None where it does not ask for that."""

    def parse(self, body: bytes) -> list[InboundEvent]:
        """What it tells; nothing for what is of no concern here. Only for what has been verified."""


class Provider:
    """One configured provider. Subclasses validate OPTIONS in ``__init__``; their ``ValueError`` says what to do.

    ``options`` are the OPTIONS of the setting. ``sandbox_url``, when given, is the base URL of the sandbox that
    stands in for the real service; the client is then ``SANDBOX_CLIENT`` as far as the OPTIONS do not name one.
    ``find_lag`` is how long after a create, in seconds, a meeting may still be absent from ``find``.
    ``daily_changes`` is how many creates and updates an account may make each UTC day; 0: they are not counted so.
    ``refresh_token_days`` is how long a refresh token lives that nobody uses; 0: it does not die of that.
    ``request_id_header`` names the header in which the service's answers carry its own reference for a call, to quote
    to its support. ``scope_words`` says, by scope, what it allows, in words for people. ``reaches`` are the addresses
    that calls go to, to try whether they can be reached. ``registration`` says, to whoever sets the site up, what kind
    of app to register with the service, and whose accounts it then serves.
    """

    key: str
    label: str
    capabilities: frozenset[Capability] = frozenset()
    find_lag: float = 0.0
    daily_changes: int = 0
    refresh_token_days: float = 0.0
    request_id_header: str = ""
    scope_words: Mapping[str, str | Promise] = {}
    reaches: tuple[str, ...] = ()
    registration: str = ""

    oauth: OAuthFlow | None = None
    meetings: MeetingClient
    # None where the service sends nothing, or the site has not said how to verify it.
    inbound: InboundParser | None = None

    def __init__(self, options: Mapping[str, Any], *, policy: CallPolicy, sandbox_url: str = "") -> None:
        raise NotImplementedError(f"{type(self).__name__} must take its OPTIONS in __init__")

    def unsuitable(self, scopes: frozenset[str]) -> str:
        """Why an app that was granted these is of the wrong kind for linking people's accounts; empty when it is not.

        A sentence that goes on after "accounts linked at …:".
        """
        return ""
