"""What is old enough goes, each table by its own retention, batch by batch; what is still needed stays."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from conferencing_app import clock
from conferencing_app.models import Attempt, Conference, Mail, Notification
from conferencing_app.provisioning import pruning
from tests.integration.pages.rows import make_user

pytestmark = pytest.mark.django_db


def prune() -> str:
    out = io.StringIO()
    call_command("conferencing_prune", stdout=out)
    return out.getvalue()


def make_attempts(*ages: int) -> None:
    now = clock.read("default")
    Attempt.objects.bulk_create(
        Attempt(provider="zoom", operation="create", milliseconds=1, started_at=now - timedelta(days=age))
        for age in ages
    )


def make_others(age: int) -> None:
    """One row of each other table that may go, of this age in days."""
    then = clock.read("default") - timedelta(days=age)
    Notification.objects.create(type="x", subject="cnf_1", sequence=age, created_at=then)
    Mail.objects.create(user=make_user(f"u{age}"), kind="x", language="en", created_at=then, expires_at=then)
    Conference.objects.create(event_model="x.Y", event_key=str(age), created_at=then, event_deleted=True)


def test_it_deletes_batch_by_batch_until_nothing_is_left_and_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 3)
    make_attempts(*range(87, 90), *range(91, 99))
    make_others(100)
    said = prune().splitlines()
    assert said == ["attempts: 8 deleted.", "notifications: 1 deleted.", "mails: 1 deleted.", "conferences: 1 deleted."]
    assert Attempt.objects.count() == 3
    assert prune() == "Nothing is old enough.\n"


def test_each_table_has_a_retention_of_its_own(settings: Any) -> None:
    settings.CONFERENCING_RETENTION_DAYS = 50
    settings.CONFERENCING_RETENTION = {"attempts": 10, "mails": 70}
    make_attempts(9, 11)
    make_others(60)
    assert prune().splitlines() == ["attempts: 1 deleted.", "notifications: 1 deleted.", "conferences: 1 deleted."]
    assert Mail.objects.count() == 1


def test_what_is_still_to_be_done_is_kept_however_old(settings: Any) -> None:
    make_others(400)
    Mail.objects.update(due_at=clock.now())
    Conference.objects.update(due_at=clock.now())
    assert prune() == "notifications: 1 deleted.\n"
