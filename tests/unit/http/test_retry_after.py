"""Retry-After in each of the forms that services send."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conferencing_app.http.retry_after import parse

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("7", 7), (" 120 ", 120), ("1.5", 1.5), ("99999999999999999999", 7 * 86400)],
)
def test_seconds(value, seconds):
    assert parse(value) == (seconds, None)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.000Z",
        "2026-11-21T13:00:00+01:00",
        "2026-11-21T12:00:00",
        "Sat, 21 Nov 2026 12:00:00 GMT",
    ],
)
def test_times(value):
    assert parse(value) == (None, NOON)


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.2.3", "٣", "2026-13-45T00:00:00Z", "Sat, 99 Nov", "inf", "nan"])
def test_nonsense_says_nothing(value):
    assert parse(value) == (None, None)
