from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from conferencing_app import clock
from conferencing_app.fields import Sealed
from conferencing_app.models import ConferencingProfile, Grant
from tests.unit.provisioning.model_provider import world
from tests.unit.provisioning.working import LEASE_SECONDS


@pytest.fixture
def two_accounts(db: None, settings: Any) -> Iterator[Any]:
    """A person with two accounts at the provider in memory; the first is the default."""
    model = {"BACKEND": "tests.unit.provisioning.model_provider.ModelProvider"}
    settings.CONFERENCING_PROVIDERS = {"model": model}
    settings.CONFERENCING_LEASE_SECONDS = LEASE_SECONDS
    world.reset()
    owner = get_user_model().objects.create_user("alice")
    for name in ("first", "second"):
        profile = ConferencingProfile.objects.create(
            user=owner,
            provider="model",
            account_key=f"model:{name}",
            linked_at=datetime.now(UTC),
            is_default=name == "first",
        )
        grant = Grant(profile=profile, expires_at=datetime(2100, 1, 1, tzinfo=UTC))
        grant.access_token = Sealed.seal("token", grant.place("access_token"))
        grant.refresh_token = Sealed.seal("token", grant.place("refresh_token"))
        grant.save()
    yield owner
    clock.offset = timedelta(0)
