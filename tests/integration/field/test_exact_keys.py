"""Keys count letter by letter, also on a database whose texts do not."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.registration import Request
from conferencing_app.services import wanted
from tests.hosts.models import Lesson
from tests.hosts.wanted import lesson, profile, row, settle

LINK = "https://meet.example/Room"


def want(key: str, request: Request | None = None, is_new: bool = False) -> bool:
    snapshot = Lesson.conferencing.snapshot(lesson(None))
    return wanted.write(wanted.Want("hosts.badge", key, request, snapshot, "default", is_new), "default")


def test_keys_that_differ_in_case_or_accent_are_two_events(db: None) -> None:
    assert [want(key) for key in ("abc", "ABC", "äbc")] == [True] * 3
    assert Conference.objects.count() == 3
    assert Conference.objects.get(event_key="ABC").event_key == "ABC"
    assert not Conference.objects.filter(event_key="Abc").exists()


def test_accounts_that_differ_in_case_are_two(alice: User, bob: User) -> None:
    held = [profile(user, account_key=key) for user, key in ((alice, "zoom:aB3"), (bob, "zoom:Ab3"))]
    assert list(ConferencingProfile.objects.filter(account_key="zoom:aB3")) == [held[0]]
    assert not ConferencingProfile.objects.filter(public_id=held[0].public_id.upper()).exists()


@pytest.mark.parametrize(
    "changed", [Request("explicit", LINK.upper(), "Front desk"), Request("explicit", LINK, "front desk")]
)
def test_a_request_that_changes_in_case_alone_is_another(db: None, changed: Request) -> None:
    event = lesson(None)
    event.conferencing = {"profile_id": "explicit", "join_url": LINK, "provider_description": "Front desk"}
    event.save()
    before = settle(event)
    want_again(event, changed)
    assert row(event).version == before.version + 1
    assert row(event).due_at is not None


def want_again(event: Lesson, request: Request) -> bool:
    snapshot = Lesson.conferencing.snapshot(event)
    return wanted.write(wanted.Want("hosts.lesson", str(event.pk), request, snapshot, "default"), "default")


@pytest.mark.parametrize("is_new", [False, True])
def test_only_a_save_that_changed_something_rings(db: None, is_new: bool) -> None:
    """Also of a new event whose key another had before, so that a conference is there."""
    requests = (None, None, Request("none"), Request("none"))
    assert [want("1", request, is_new) for request in requests] == [True, False, True, False]
    assert Conference.objects.get().state == Conference.State.NOT_MADE


@pytest.mark.parametrize("is_new", [False, True])
def test_an_event_is_recorded_by_one_statement(db: None, django_assert_num_queries: Any, is_new: bool) -> None:
    with django_assert_num_queries(1):
        want("1", is_new=is_new)
