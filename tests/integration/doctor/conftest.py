from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conferencing_app.services import workers
from conferencing_app.services.workers import Program
from tests.integration.doctor.examining import celery_with


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site has the broker that a test gives it, whatever the run was given: Celery reads this by itself."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)


@pytest.fixture
def deployed(settings: Any, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Any]:
    """A site that has nothing wrong, with a worker, and no broker unless a test gives it one."""
    settings.CONFERENCING_BASE_URL = "https://example.com"
    settings.LOGIN_URL = "/conferencing/"
    settings.DEFAULT_FROM_EMAIL = "conferencing@example.com"
    settings.ADMINS = [("Operators", "operators@example.com")]
    settings.CELERY_BROKER_URL = ""
    monkeypatch.setattr(workers, "_next_beat", {})
    workers.beat(Program.WORKER)
    with celery_with(broker_url="", broker_write_url=""):
        yield settings


@pytest.fixture
def unvisited(deployed: Any) -> Any:
    """The same at an address that is not called: plain http, and not on this machine."""
    deployed.CONFERENCING_BASE_URL = "http://testserver"
    return deployed
