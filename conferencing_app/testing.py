"""Pytest fixtures for the tests of a site that uses the app: a real sandbox over HTTP, and no account anywhere.

In the site's ``conftest.py``::

    pytest_plugins = ["conferencing_app.testing"]

A test that names ``conferencing_sandbox`` then has every provider answered by a sandbox on this machine, and
``drain()`` does what workers would do. The fixtures need pytest-django and the ``[sandbox]`` extra.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse

from conferencing_app.conf import PREFIX
from conferencing_app.conf import settings as conferencing_settings
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.notifications.catalogue import SIGNALS
from conferencing_app.provisioning import draining
from conferencing_app.sandbox.client import SandboxControl, SandboxProcess, start_sandbox
from conferencing_app.services import linking

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"
DEFAULT_BASE_URL = "http://testserver"
DEFAULT_ACCOUNT = "alice.zoom@example.com"


@pytest.fixture(scope="session")
def conferencing_sandbox_process() -> Iterator[SandboxProcess]:
    """One sandbox process for the whole run; ``.url`` is where it answers."""
    with start_sandbox(client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as process:
        yield process


@pytest.fixture
def conferencing_sandbox(conferencing_sandbox_process: SandboxProcess, settings: Any) -> SandboxControl:
    """The sandbox in its state at start, with Zoom configured to use it; returns its control client.

    ``conferencing_sandbox.url`` is its address; ``add_fault``, ``requests``, ``live_meetings``, ``advance`` and so on
    steer and question it. The site keeps its CONFERENCING_BASE_URL, or gets ``http://testserver``.
    """
    sandbox = conferencing_sandbox_process.control
    base_url = (conferencing_settings.BASE_URL or DEFAULT_BASE_URL).rstrip("/")
    settings.DEBUG = True  # a sandbox is only used under DEBUG
    for name, value in sandbox_settings(sandbox.url, base_url).items():
        setattr(settings, name, value)
    sandbox.reset()
    sandbox.register_client(CLIENT_ID, CLIENT_SECRET, [callback_url(base_url)])
    return sandbox


def callback_url(base_url: str, provider: str = "zoom") -> str:
    """Where the site, under this base URL, takes a provider's answer: what is registered with the provider."""
    return base_url.rstrip("/") + reverse("conferencing:callback", args=[provider])


def inbound_url(base_url: str, provider: str = "zoom") -> str:
    """Where the site, under this base URL, takes what a provider sends it: what is registered for its events."""
    return base_url.rstrip("/") + reverse("conferencing:inbound", args=[provider])


def sandbox_settings(sandbox_url: str, base_url: str) -> dict[str, Any]:
    """The settings that make a site use the sandbox at this address, by their full names."""
    zoom = {
        "BACKEND": "conferencing_app.providers.zoom.ZoomProvider",
        "OPTIONS": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    }
    return {
        PREFIX + "SANDBOX_URL": sandbox_url,
        PREFIX + "BASE_URL": base_url,
        PREFIX + "PROVIDERS": {"zoom": zoom},
    }


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


@pytest.fixture
def conferencing_notifications(db: None) -> Iterator[list[Told]]:
    """The signals that ``drain()`` sent in this test, in order: a list that grows.

    The site's own receivers hear them as well.
    """
    told: list[Told] = []
    types = {signal: type for type, signal in SIGNALS.items()}

    def listen(signal: Any, sender: Any, **arguments: Any) -> None:
        told.append(Told(types[signal], sender, **arguments))

    for signal in types:
        signal.connect(listen, dispatch_uid=__name__)
    yield told
    for signal in types:
        signal.disconnect(dispatch_uid=__name__)


class LinkProfile(Protocol):
    """What the fixture ``link_profile`` gives."""

    def __call__(self, user: Any, account: str = ..., *, untick: Sequence[str] = ()) -> ConferencingProfile: ...


@pytest.fixture
def link_profile(conferencing_sandbox: SandboxControl, db: None) -> LinkProfile:
    """Links an account of the sandbox to a person, through its consent page; returns the profile.

    ``link_profile(user, account="alice.zoom@example.com")``. Raises LinkError where a person would be refused;
    ``untick`` names scopes that the person does not allow.
    """

    def link(user: Any, account: str = DEFAULT_ACCOUNT, *, untick: Sequence[str] = ()) -> ConferencingProfile:
        browser = secrets.token_urlsafe(32)
        consent_page = linking.start(user, "zoom", browser=browser)
        answer = conferencing_sandbox.approve(consent_page, account, untick=untick)
        query = QueryDict(urlsplit(answer).query)
        return linking.finish(user, "zoom", browser=browser, query=query, absolute_uri=answer).profile

    return link
