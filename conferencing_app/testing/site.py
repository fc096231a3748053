"""A site at a sandbox, whichever program runs its tests: its settings, its accounts, its work, its signals."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.http import QueryDict
from django.urls import reverse

from conferencing_app.conf import PREFIX
from conferencing_app.conf import settings as conferencing_settings
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.notifications.catalogue import SIGNALS
from conferencing_app.provisioning import draining
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import linking

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"
DEFAULT_BASE_URL = "http://testserver"
DEFAULT_ACCOUNT = "alice.zoom@example.com"


def callback_url(base_url: str, provider: str = "zoom") -> str:
    """Where the site, under this base URL, takes a provider's answer: what is registered with the provider."""
    return base_url.rstrip("/") + reverse("conferencing:callback", args=[provider])


def inbound_url(base_url: str, provider: str = "zoom") -> str:
    """Where the site, under this base URL, takes what a provider sends it: what is registered for its events."""
    return base_url.rstrip("/") + reverse("conferencing:inbound", args=[provider])


def sandbox_settings(sandbox_url: str, base_url: str) -> dict[str, Any]:
    """The settings that make a site use the sandbox at this address, by their full names; DEBUG must be on as well."""
    zoom = {
        "BACKEND": "conferencing_app.providers.zoom.ZoomProvider",
        "OPTIONS": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    }
    return {
        PREFIX + "SANDBOX_URL": sandbox_url,
        PREFIX + "BASE_URL": base_url,
        PREFIX + "PROVIDERS": {"zoom": zoom},
    }


def site_base_url() -> str:
    """Where the site is in its tests: what it sets, or where Django's test client has it."""
    return (conferencing_settings.BASE_URL or DEFAULT_BASE_URL).rstrip("/")


def begin(sandbox: SandboxControl, base_url: str) -> None:
    """Put the sandbox into its state at start, with this site registered."""
    sandbox.reset()
    sandbox.register_client(CLIENT_ID, CLIENT_SECRET, [callback_url(base_url)])


def drain(limit_seconds: float = 30.0) -> int:
    """Do in the test's own thread what workers would do, until nothing is due; returns how many rows were finished."""
    return draining.drain_until_idle(limit_seconds)


@dataclass(frozen=True)
class Told:
    """One signal as it was sent: its type, such as ``conferencing_assigned``, its sender and its arguments.

    Those that the signal does not have are None.
    """

    type: str
    sender: Any
    notification_id: str
    sequence: int
    cause: str
    subtype: str | None = None
    event: Any = None
    conference: Conference | None = None
    conferencing: dict[str, Any] | None = None
    profile: ConferencingProfile | None = None
    relink_url: str | None = None


@contextmanager
def overhear_signals() -> Iterator[list[Told]]:
    """The signals that ``drain()`` sends inside the block, in order: a list that grows."""
    told: list[Told] = []
    types = {signal: type for type, signal in SIGNALS.items()}

    def listen(signal: Any, sender: Any, **arguments: Any) -> None:
        told.append(Told(types[signal], sender, **arguments))

    for signal in types:
        signal.connect(listen, dispatch_uid=__name__)
    try:
        yield told
    finally:
        for signal in types:
            signal.disconnect(dispatch_uid=__name__)


class LinkProfile(Protocol):
    """What the fixture ``link_profile`` gives."""

    def __call__(self, user: Any, account: str = ..., *, untick: Sequence[str] = ()) -> ConferencingProfile: ...


def link_account(sandbox: SandboxControl, user: Any, account: str, untick: Sequence[str]) -> ConferencingProfile:
    """Link an account of the sandbox to a person, through its consent page. Raises LinkError."""
    browser = secrets.token_urlsafe(32)
    consent_page = linking.start(user, "zoom", browser=browser)
    answer = sandbox.approve(consent_page, account, untick=untick)
    query = QueryDict(urlsplit(answer).query)
    return linking.finish(user, "zoom", browser=browser, query=query, absolute_uri=answer).profile
