from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from conferencing_app import clock
from conferencing_app.conf import settings as conferencing_settings
from conferencing_app.provisioning.draining import drain_until_idle
from conferencing_app.sandbox.client import SandboxControl
from tests.hosts.models import Lesson
from tests.integration.provisioning.days import Days


@pytest.fixture
def alice(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("alice", "alice@example.com")


@pytest.fixture
def bob(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("bob", "bob@example.com")


@pytest.fixture
def save_lesson() -> Any:
    """Saves a lesson that begins in two hours and lasts one."""

    def save(owner: Any, title: str = "Scales", **values: Any) -> Lesson:
        start = (clock.read(conferencing_settings.DATABASE) + timedelta(hours=2)).replace(microsecond=0)
        values = {"starts_at": start, "ends_at": start + timedelta(hours=1), **values}
        return Lesson.objects.create(owner=owner, title=title, **values)

    return save


@pytest.fixture
def drain() -> Any:
    return drain_until_idle


@pytest.fixture
def days(conferencing_sandbox: SandboxControl) -> Iterator[Days]:
    """At the beginning of a day, so that no test runs into the next one by itself."""
    offset = clock.offset
    days = Days(conferencing_sandbox)
    days.next()
    yield days
    clock.offset = offset
