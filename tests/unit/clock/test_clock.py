"""One clock for all workers: the database's, which tests may set ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from conferencing_app import clock
from conferencing_app.models import Conference
from tests.hosts.wanted import lesson, row

NEAR = timedelta(seconds=30)


@pytest.mark.django_db
def test_it_is_the_present_in_utc() -> None:
    read = clock.read("default")
    assert read.tzinfo is UTC
    assert abs(read - datetime.now(UTC)) < NEAR


@pytest.mark.django_db
def test_travelling_adds_up_and_ends() -> None:
    with clock.travel(timedelta(days=2)), clock.travel(timedelta(hours=-1)):
        assert abs(clock.read("default") - datetime.now(UTC) - timedelta(days=2, hours=-1)) < NEAR
    assert clock.offset == timedelta(0)


@pytest.mark.django_db
def test_travelling_ends_with_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), clock.travel(timedelta(days=2)):
        1 / 0  # noqa: B018  # the error is what matters
    assert clock.offset == timedelta(0)


@pytest.mark.parametrize("plus", [timedelta(0), timedelta(seconds=0.25), timedelta(days=400), timedelta(days=-3)])
def test_queries_count_from_it(db: Any, plus: timedelta) -> None:
    lesson(None).save()
    Conference.objects.update(due_at=clock.now(plus))
    due_at = Conference.objects.get().due_at
    assert due_at is not None
    assert abs(due_at - datetime.now(UTC) - plus) < NEAR
    second = timedelta(seconds=1)
    assert Conference.objects.filter(due_at__gt=clock.now(plus + NEAR)).count() == 0
    assert Conference.objects.filter(due_at__gt=clock.now(plus - NEAR)).count() == 1
    with clock.travel(plus + second):
        assert Conference.objects.filter(due_at__lte=clock.now()).count() == 1


def test_a_statement_by_hand_and_the_orm_agree(db: Any) -> None:
    event = lesson(None)
    event.save()
    by_hand = row(event).due_at
    Conference.objects.update(due_at=clock.now())
    by_orm = row(event).due_at
    assert by_hand is not None
    assert by_orm is not None
    assert by_hand <= by_orm < by_hand + NEAR


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite", "mysql"])
def test_each_vendor_has_its_words(vendor: str) -> None:
    sql = clock.sql_now(vendor, timedelta(seconds=-1.5))
    assert "-1.500000" in sql
    assert connection.vendor in ("postgresql", "sqlite", "mysql")


@pytest.mark.postgresql
def test_what_is_due_is_found_by_the_index(db: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Conference.objects.filter(due_at__lte=clock.now()).explain()
    assert "Index Cond" in plan
