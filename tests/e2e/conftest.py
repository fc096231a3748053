from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from conferencing_app import clock
from conferencing_app.sandbox.client import SandboxProcess, start_sandbox
from tests.e2e import checker
from tests.e2e.processes import Nursery, open_nursery
from tests.e2e.provider import PLENTY
from tests.e2e.site import Site
from tests.e2e.variant import CALLBACK_URL, CLIENT_ID, CLIENT_SECRET, at_sandbox


@pytest.fixture(scope="session")
def recorded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for all crash tests, which writes down everything that happens to a meeting."""
    journal = tmp_path_factory.mktemp("sandbox") / "journal"
    with start_sandbox(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, log=journal) as process:
        yield process


@pytest.fixture(scope="session")
def nursery(
    recorded_sandbox: SandboxProcess, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nursery]:
    """Where processes come from."""
    nursery = open_nursery(recorded_sandbox.url, tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@pytest.fixture
def site(
    transactional_db: None,
    settings: Any,
    recorded_sandbox: SandboxProcess,
    nursery: Nursery,
) -> Iterator[Site]:
    """A site with one person, whose Zoom account is linked."""
    for name, value in at_sandbox(recorded_sandbox.url).items():
        setattr(settings, name, value)
    sandbox = recorded_sandbox.control
    sandbox.reset()
    sandbox.set_account("alice.zoom@example.com", daily_limit=PLENTY)
    sandbox.register_client(CLIENT_ID, CLIENT_SECRET, [CALLBACK_URL])
    owner = get_user_model().objects.create_user("alice", "alice@example.com")
    assert recorded_sandbox.log is not None
    with checker.LinkHistory() as history:
        site = Site(nursery, sandbox, recorded_sandbox.log, owner, history)
        site.link_account()
        yield site
    nursery.end_all()
    clock.offset = timedelta(0)
    connections.close_all()
