"""People of these tests."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User


@pytest.fixture
def alice(db: Any) -> User:
    return User.objects.create_user("alice", email="alice@example.com")


@pytest.fixture
def bob(db: Any) -> User:
    return User.objects.create_user("bob", email="bob@example.com")
