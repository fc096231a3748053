from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conferencing_app.notifications import signing
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import LinkProfile, Told
from tests.integration.causes.world import World
from tests.scripted import ScriptedServer, answer


@pytest.fixture
def world(
    conferencing_sandbox: SandboxControl,
    link_profile: LinkProfile,
    live_server: Any,
    conferencing_notifications: list[Told],
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[World]:
    settings.CONFERENCING_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.CONFERENCING_WEBHOOK_SECRETS = [signing.new_secret()]
    settings.CONFERENCING_READ_TIMEOUT_SECONDS = 0.5  # what is slow in these tests is slower than that
    caplog.set_level("INFO", "conferencing_app.notifications.announcing")
    with ScriptedServer(answer(204)) as receiver:
        yield World(
            conferencing_sandbox, link_profile, live_server.url, settings, receiver, conferencing_notifications, caplog
        )
