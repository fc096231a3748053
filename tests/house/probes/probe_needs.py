"""What tests/house/test_needs.py runs; its name keeps it out of the suite itself."""

from __future__ import annotations

import pytest


def test_that_needs_nothing() -> None:
    assert 1 + 1 == 2


@pytest.mark.redis
def test_that_needs_redis() -> None:
    assert 1 + 1 == 2


def test_that_skips_itself() -> None:
    pytest.skip("decided by the test itself")
