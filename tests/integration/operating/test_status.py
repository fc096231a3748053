"""How the work stands: told by rows alone, in the same number of queries, with an exit status for monitors."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock
from conferencing_app.models import Endpoint, Mail, Notification, NotificationDelivery
from conferencing_app.services import workers
from conferencing_app.services.workers import Program
from tests.integration.pages.rows import make_conference, make_profile, make_user

pytestmark = pytest.mark.django_db


def ask(*arguments: str) -> tuple[dict[str, Any], str]:
    """What it says, and the error that it ends with."""
    out, error = io.StringIO(), ""
    try:
        call_command("conferencing_status", "--json", *arguments, stdout=out)
    except CommandError as raised:
        error = f"{raised} [{raised.returncode}]"
    return json.loads(out.getvalue()), error


def queues(report: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    return {one["name"]: (one["due"], one["late_seconds"], one["retried"]) for one in report["queues"]}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_next_beat", {})
    workers.beat(Program.WORKER)


def ago(seconds: float) -> Any:
    return clock.now(timedelta(seconds=-seconds))


def test_a_site_at_rest(worker: None) -> None:
    report, error = ask()
    assert error == ""
    assert report["behind"] == []
    assert set(queues(report).values()) == {(0, 0, 0)}
    assert [(one["program"], one["seen_seconds_ago"]) for one in report["workers"]] == [("conferencing_worker", 0)]


def test_it_counts_what_waits_and_why(worker: None) -> None:
    owner = make_user("owner")
    make_conference(owner, state="assigned", due_at=None)
    make_conference(owner, state="pending", due_at=ago(40))
    make_conference(owner, state="pending", due_at=ago(70), lease_until=clock.now(timedelta(minutes=1)))  # in hand
    make_conference(owner, state="failing", cause_code="nothing_linked", due_at=None)
    make_conference(owner, state="failing", cause_code="nothing_linked", due_at=clock.now(timedelta(days=2)))  # its end
    make_conference(owner, state="failing", cause_code="outage", due_at=clock.now(timedelta(hours=1)), attempts=3)
    make_conference(owner, state="failing", cause_code="outage", due_at=None)
    make_profile(owner, state="leaving", due_at=ago(10))
    report, error = ask()
    assert error == ""
    assert report["conferences"] == {"pending": 2, "failing": 4, "assigned": 1, "not_made": 0}
    assert {(one["cause"], one["count"], one["parked"]) for one in report["waiting"]} == {
        ("", 2, 0),
        ("outage", 2, 1),
        ("nothing_linked", 2, 2),
    }
    told = queues(report)
    assert told["conferences"][0::2] == (1, 1)
    assert 40 <= told["conferences"][1] < 60
    assert told["profiles"][0] == 1
    assert report["late_seconds"] == told["conferences"][1]


def test_deliveries_and_mails_that_are_behind() -> None:
    make_deliveries(6 * 60)
    report, error = ask("--min-workers", "0")
    told = queues(report)
    assert {name: told[name][0] for name in ("notifications", "signals", "webhooks", "mails")} == {
        "notifications": 1,
        "signals": 1,
        "webhooks": 1,  # those of an endpoint that is off, paused or does not answer wait for it
        "mails": 1,
    }
    assert told["webhooks"][2] == 1
    assert report["endpoints"] == {"failing": 1, "off": 1}
    assert [part.split(":")[0] for part in report["behind"]] == ["notifications", "signals", "webhooks", "mails"]
    assert error.startswith("notifications: due for 36")
    assert ask("--min-workers", "0", "--max-late-seconds", "600")[1] == ""


def make_deliveries(late: float) -> None:
    owner, due = make_user("owner"), ago(late)
    endpoint = {"url": "https://hook.example/", "created_at": clock.now()}
    open_one = Endpoint.objects.create(**endpoint)
    off = Endpoint.objects.create(**endpoint, enabled=False)
    paused = Endpoint.objects.create(**endpoint, paused_until=clock.now(timedelta(hours=1)))
    down = Endpoint.objects.create(**endpoint, failing_since=due)
    note = Notification.objects.create(type="x", subject="cnf_1", sequence=1, created_at=due, due_at=due)
    for receiver, values in (
        ("a signal's", {}),
        ("open", {"endpoint": open_one, "attempts": 2}),
        ("off", {"endpoint": off}),
        ("paused", {"endpoint": paused}),
        ("down", {"endpoint": down, "attempts": 3}),
    ):
        NotificationDelivery.objects.create(notification=note, subject="cnf_1", receiver=receiver, due_at=due, **values)
    Mail.objects.create(
        user=owner, kind="x", language="en", created_at=due, due_at=due, expires_at=clock.now(timedelta(days=1))
    )


def test_no_worker_is_behind() -> None:
    report, error = ask()
    assert error == "workers: 0 seen, 1 needed. [1]"
    assert report["workers"] == []


def test_as_many_workers_as_are_asked_for(worker: None) -> None:
    assert ask("--min-workers", "2")[1] == "workers: 1 seen, 2 needed. [1]"


def test_more_failing_than_may(worker: None) -> None:
    owner = make_user("owner")
    for _ in range(2):
        make_conference(owner, state="failing", cause_code="outage", due_at=None)
    assert ask("--max-failing", "2")[1] == ""
    assert ask("--max-failing", "1")[1] == "failing: 2 conferences, more than 1. [1]"


def test_the_number_of_queries_does_not_grow(worker: None) -> None:
    with CaptureQueriesContext(connection) as few:
        ask()
    owner = make_user("busy")
    for number in range(20):
        make_conference(owner, state="failing", cause_code="outage" if number % 2 else "refused", due_at=ago(number))
    make_deliveries(1)
    with CaptureQueriesContext(connection) as many:
        ask()
    assert len(many) == len(few) <= 12


def test_in_words(worker: None) -> None:
    make_conference(make_user("owner"), state="failing", cause_code="nothing_linked", due_at=None)
    out = io.StringIO()
    call_command("conferencing_status", stdout=out)
    said = out.getvalue()
    assert "1 failing" in said
    assert "nothing_linked: 1, of which 1 wait for somebody" in said
    assert "conferences: 0 due" in said
    assert "(conferencing_worker), seen 0:00:00 ago" in said
