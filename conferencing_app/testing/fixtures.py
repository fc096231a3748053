"""The pytest fixtures. They need pytest-django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from conferencing_app.models import ConferencingProfile
from conferencing_app.sandbox.client import SandboxControl, SandboxProcess, start_sandbox
from conferencing_app.testing import site
from conferencing_app.testing.site import CLIENT_ID, CLIENT_SECRET, DEFAULT_ACCOUNT, LinkProfile, Told


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
    base_url = site.site_base_url()
    settings.DEBUG = True  # a sandbox is only used under DEBUG
    for name, value in site.sandbox_settings(sandbox.url, base_url).items():
        setattr(settings, name, value)
    site.begin(sandbox, base_url)
    return sandbox


@pytest.fixture
def conferencing_notifications(db: None) -> Iterator[list[Told]]:
    """The signals that ``drain()`` sent in this test, in order: a list that grows.

    The site's own receivers hear them as well.
    """
    with site.overhear_signals() as told:
        yield told


@pytest.fixture
def link_profile(conferencing_sandbox: SandboxControl, db: None) -> LinkProfile:
    """Links an account of the sandbox to a person, through its consent page; returns the profile.

    ``link_profile(user, account="alice.zoom@example.com")``. Raises LinkError where a person would be refused;
    ``untick`` names scopes that the person does not allow.
    """

    def link(user: Any, account: str = DEFAULT_ACCOUNT, *, untick: Sequence[str] = ()) -> ConferencingProfile:
        return site.link_account(conferencing_sandbox, user, account, untick)

    return link
