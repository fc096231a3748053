"""Each call to a provider leaves a row for support: when, what, its answer's status and reference, and what failed."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock
from conferencing_app.models import Attempt, Grant, Meeting
from conferencing_app.provisioning import draining, pruning
from conferencing_app.provisioning.reconcile import Conferences
from conferencing_app.services import profiles
from conferencing_app.services.workers import Program
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)


def kept() -> list[tuple[Any, ...]]:
    return list(Attempt.objects.order_by("pk").values_list("operation", "status", "cause_code"))


def request_ids(sandbox: Any, operation: str) -> list[str]:
    return [request["request_id"] for request in sandbox.requests(operation=operation)]


def test_each_call_is_kept_with_the_providers_own_reference(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    before = clock.read("default")
    lesson = save_lesson(alice)
    drain()
    lesson.title = "Arpeggios"
    lesson.save()
    drain()
    lesson.delete()
    drain()
    assert kept() == [("create", 201, ""), ("update", 204, ""), ("read", 200, ""), ("delete", 204, "")]
    meeting = Meeting.objects.get()
    for attempt in Attempt.objects.all():
        assert (attempt.provider, attempt.profile, attempt.meeting) == ("zoom", profile, meeting)
        assert attempt.conference == meeting.conference
        assert before <= attempt.started_at <= clock.read("default")
    operations = ("create", "update", "get", "delete")
    references = [one for operation in operations for one in request_ids(conferencing_sandbox, operation)]
    assert sorted(Attempt.objects.values_list("request_id", flat=True)) == sorted(references)


def test_when_a_call_began_is_kept_exactly_also_where_the_database_is_slow(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    before = clock.read("default")
    save_lesson(alice)

    def slowly(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("SELECT") and Grant._meta.db_table in sql and request_ids(conferencing_sandbox, "create"):
            time.sleep(1)  # between the database's time, read with the conference's row, and the row of the call
        return execute(sql, *rest)

    with connection.execute_wrapper(slowly):
        drain()
    assert before <= Attempt.objects.get().started_at


@pytest.mark.parametrize(
    ("fault", "status", "cause", "code"),
    [
        ({"action": "status", "status": 503}, 503, "outage", "503"),
        ({"action": "status", "status": 400, "body": {"code": 3161, "message": "Off."}}, 400, "refused", "3161"),
        ({"action": "drop_before"}, None, "outage", ""),
    ],
)
def test_a_call_that_fails_is_kept_with_its_cause(
    fault, status, cause, code, conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    save_lesson(alice)
    conferencing_sandbox.add_fault(provider="zoom", operation="create", **fault)
    drain()
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.cause_code, attempt.provider_code) == (status, cause, code)
    assert attempt.request_id == ("" if status is None else request_ids(conferencing_sandbox, "create")[0])


def test_how_long_it_took_is_kept(conferencing_sandbox, link_profile, alice, save_lesson, drain) -> None:
    link_profile(alice)
    conferencing_sandbox.options(latency_seconds=0.2)
    save_lesson(alice)
    drain()
    assert 200 <= Attempt.objects.get().milliseconds < 20_000


def test_a_refresh_is_kept_with_the_conference_that_needed_it(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    Grant.objects.update(expires_at=clock.now())
    lesson = save_lesson(alice)
    drain()
    assert kept() == [("refresh", 200, ""), ("create", 201, "")]
    refresh = Attempt.objects.get(operation="refresh")
    conference = Lesson.objects.get(pk=lesson.pk).conferencing
    assert (refresh.profile, refresh.conference) == (profile, conference)


def test_a_refused_refresh_is_kept_as_what_it_means(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    Grant.objects.update(expires_at=clock.now())
    conferencing_sandbox.revoke_grants("alice.zoom@example.com")
    save_lesson(alice)
    drain()
    assert kept() == [("refresh", 400, "credentials_expired")]


def test_an_access_token_that_is_no_longer_taken_is_no_failure(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    link_profile(alice)
    expired = {"code": 124, "message": "Access token is expired."}
    conferencing_sandbox.add_fault(
        provider="zoom", operation="create", action="status", status=401, body=expired, times=1
    )
    save_lesson(alice)
    drain()
    assert kept() == [("create", 401, ""), ("refresh", 200, ""), ("create", 201, "")]


def test_testing_an_account_is_kept(conferencing_sandbox, link_profile, alice) -> None:
    profile = link_profile(alice)
    assert profiles.test(profile).ok
    attempt = Attempt.objects.get()
    assert (attempt.operation, attempt.status, attempt.profile, attempt.conference) == ("identify", 200, profile, None)
    assert attempt.request_id in request_ids(conferencing_sandbox, "me")


def test_giving_a_grant_back_is_kept(conferencing_sandbox, link_profile, alice, drain) -> None:
    profiles.unlink(link_profile(alice), remove_meetings=True)
    drain()
    assert kept() == [("revoke", 200, "")]


def test_a_group_of_replies_costs_one_insert(conferencing_sandbox, link_profile, alice, bob, save_lesson) -> None:
    for person, account in ((alice, "alice.zoom@example.com"), (bob, "bob.zoom@example.com")):
        link_profile(person, account)
        save_lesson(person)
    handler = Conferences("default")
    jobs = handler.claim(8)
    handler.advance(jobs, True)
    for job in jobs:
        assert job.call is not None
        job.outcome = job.call()
    with CaptureQueriesContext(connection) as queries:
        handler.advance(jobs, True)
    assert [attempt.status for attempt in Attempt.objects.all()] == [201, 201]
    inserts = [query for query in queries if query["sql"].startswith("INSERT") and "_attempt" in query["sql"]]
    assert len(inserts) == 1


def test_nothing_of_a_grant_or_an_address_is_kept(
    conferencing_sandbox, link_profile, alice, save_lesson, drain
) -> None:
    profile = link_profile(alice)
    save_lesson(alice)
    drain()
    token = profile.grant.access_token.open(profile.grant.place("access_token"))
    values = [str(value) for row in Attempt.objects.values() for value in row.values()]
    assert values
    assert not [value for value in values if token in value or "://" in value or "Scales" in value]


def test_attempts_are_pruned_by_retention_batch_by_batch(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, settings, monkeypatch
) -> None:
    settings.CONFERENCING_RETENTION_DAYS = 30
    monkeypatch.setattr(pruning, "BATCH", 2)
    now = clock.read("default")
    ages = [29, 31, 32, 33]
    Attempt.objects.bulk_create(
        Attempt(provider="zoom", operation="create", milliseconds=1, started_at=now - timedelta(days=age))
        for age in ages
    )
    draining._process.prune_at = 0.0
    draining.sweep(Program.WORKER)
    assert Attempt.objects.count() == 2
    draining.sweep(Program.WORKER)
    assert [attempt.started_at for attempt in Attempt.objects.all()] == [now - timedelta(days=29)]
    assert draining._process.prune_at > 0
