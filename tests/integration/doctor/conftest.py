from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site has the broker that a test gives it, whatever the run was given: Celery reads this by itself."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
