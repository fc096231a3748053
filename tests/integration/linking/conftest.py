"""People, and their way through the consent page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.http import QueryDict

from conferencing_app import clock
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import linking

ALICE_ZOOM = "alice.zoom@example.com"
BOB_ZOOM = "bob.zoom@example.com"


@dataclass
class Journey:
    """One person in one browser."""

    sandbox: SandboxControl
    user: Any
    browser: str

    def to_consent(self, **options: Any) -> str:
        """Start; the address of the consent page."""
        return linking.start(self.user, "zoom", browser=self.browser, **options)

    def to_callback(self, account: str = ALICE_ZOOM, *, deny: bool = False, untick: Any = (), **options: Any) -> str:
        """Start and answer the consent page; the address to which the browser is sent back."""
        return self.sandbox.approve(self.to_consent(**options), account, deny=deny, untick=untick)

    def arrive(
        self, uri: str, *, user: Any = None, browser: str | None = None, provider: str = "zoom"
    ) -> linking.Linked:
        """Come back to the site at this address."""
        return linking.finish(
            user or self.user,
            provider,
            browser=self.browser if browser is None else browser,
            query=QueryDict(urlsplit(uri).query),
            absolute_uri=uri,
        )

    def link(self, account: str = ALICE_ZOOM, **options: Any) -> linking.Linked:
        """The whole way."""
        return self.arrive(self.to_callback(account, **options))

    def token_calls(self) -> int:
        """How often the sandbox's token endpoint was asked for a grant."""
        return len(self.sandbox.requests("token.code"))


@pytest.fixture
def alice(db: None) -> Any:
    return get_user_model().objects.create_user("alice", "alice@example.com")


@pytest.fixture
def bob(db: None) -> Any:
    return get_user_model().objects.create_user("bob", "bob@example.com")


@pytest.fixture
def alices(conferencing_sandbox: SandboxControl, alice: Any) -> Journey:
    """Alice in her browser."""
    return Journey(conferencing_sandbox, alice, "the secret of Alice's browser")


@pytest.fixture
def bobs(conferencing_sandbox: SandboxControl, bob: Any) -> Journey:
    """Bob in his browser."""
    return Journey(conferencing_sandbox, bob, "the secret of Bob's browser")


@pytest.fixture
def clock_ahead() -> Any:
    """``with clock_ahead(seconds):`` the app lives that much later."""
    return lambda seconds: clock.travel(timedelta(seconds=seconds))
