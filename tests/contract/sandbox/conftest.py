"""One sandbox process for this folder, back in its state at start before every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conferencing_app.sandbox.client import SandboxControl, SandboxProcess, start_sandbox
from tests.contract.sandbox.zoomclient import CALLBACK, CLIENT_ID, CLIENT_SECRET, ZoomApp, ZoomUser


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    log: Path = tmp_path_factory.mktemp("sandbox") / "journal.jsonl"
    with start_sandbox(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[CALLBACK], log=log) as sandbox:
        yield sandbox


@pytest.fixture
def control(process: SandboxProcess) -> SandboxControl:
    process.control.reset()
    return process.control


@pytest.fixture
def app(control: SandboxControl) -> ZoomApp:
    return ZoomApp(control)


@pytest.fixture
def alice(app: ZoomApp) -> ZoomUser:
    return app.link()
