"""Grants that nobody uses stay alive, dead ones that come back are noticed, and the token endpoint is not hammered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Grant
from conferencing_app.providers.zoom import ZoomProvider
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import grants, ownership, profiles

pytestmark = pytest.mark.django_db(transaction=True)
ALICE_ZOOM = "alice.zoom@example.com"
DEAD = {"action": "status", "status": 400, "body": {"reason": "Invalid Token!", "error": "invalid_grant"}}
DAY = timedelta(days=1)


@pytest.fixture
def live_on(conferencing_sandbox: SandboxControl, drain: Any) -> Iterator[Callable[[timedelta], None]]:
    """Lets time pass, here and at the sandbox, and does what is due on the way."""

    def live(span: timedelta) -> None:
        end = clock.read("default") + span
        while True:
            drain()
            now = clock.read("default")
            due = ConferencingProfile.objects.exclude(due_at=None).order_by("due_at").values_list("due_at", flat=True)
            step = min([end, *(at + timedelta(seconds=1) for at in due if at is not None)]) - now
            if step <= timedelta(0):
                return
            clock.offset += step
            conferencing_sandbox.advance(step.total_seconds())

    yield live
    clock.offset = timedelta(0)


def refreshes(sandbox: SandboxControl) -> int:
    return len(sandbox.requests("token.refresh"))


def state() -> str:
    return ConferencingProfile.objects.get().state


def test_zooms_refresh_tokens_are_known_to_die_of_idleness() -> None:
    assert ZoomProvider.refresh_token_days == 90


@pytest.mark.slow
def test_a_grant_that_nobody_uses_outlives_the_idleness_that_would_kill_it(
    conferencing_sandbox, link_profile, alice, save_lesson, drain, live_on
) -> None:
    conferencing_sandbox.options(refresh_token_seconds=10 * 86400)
    link_profile(alice)
    live_on(15 * DAY)
    assert 12 <= refreshes(conferencing_sandbox) <= 19, "once a day, give or take a fifth"
    save_lesson(alice)
    drain()
    assert Conference.objects.get().state == "assigned"


def test_a_grant_in_daily_use_costs_no_call_of_its_own(
    conferencing_sandbox, link_profile, alice, drain, live_on
) -> None:
    link_profile(alice)
    Grant.objects.update(refreshed_at=clock.now(DAY - timedelta(hours=2)))  # used shortly before its look
    live_on(timedelta(hours=30))
    assert refreshes(conferencing_sandbox) == 0


def test_where_refresh_tokens_do_not_die_of_idleness_nothing_is_asked(
    conferencing_sandbox, link_profile, alice, live_on, monkeypatch
) -> None:
    monkeypatch.setattr(ZoomProvider, "refresh_token_days", 0)
    link_profile(alice)
    live_on(3 * DAY)
    assert refreshes(conferencing_sandbox) == 0


def test_looks_are_spread(conferencing_sandbox, db) -> None:
    for number in range(40):
        person = get_user_model().objects.create_user(f"person{number}")
        ownership._create(person.pk, "zoom", f"zoom:{number}", "")
    looks = sorted(at for at in ConferencingProfile.objects.values_list("due_at", flat=True) if at is not None)
    assert looks[-1] - looks[0] > timedelta(hours=4)
    assert looks[0] > clock.read("default") + timedelta(hours=19)


def test_a_grant_that_came_back_by_itself_is_found_and_heals_what_waits(
    conferencing_sandbox, conferencing_notifications, link_profile, alice, save_lesson, drain, live_on
) -> None:
    profile = link_profile(alice)
    start = clock.read("default") + 3 * DAY
    save_lesson(alice, starts_at=start, ends_at=start + DAY)
    fault = conferencing_sandbox.add_fault("token.refresh", **DEAD)
    Grant.objects.update(expires_at=clock.now())
    drain()
    assert (state(), Conference.objects.get().cause_code) == ("disconnected", "credentials_expired")
    live_on(DAY)
    assert 3 <= refreshes(conferencing_sandbox) - 1 <= 5, "a few token calls a day, and nothing else"
    assert len(conferencing_sandbox.requests("create")) == 0
    conferencing_sandbox.remove_fault(fault["id"])
    live_on(timedelta(hours=8))
    assert state() == "connected"
    assert Conference.objects.get().state == "assigned"
    told = [each.type for each in conferencing_notifications]
    assert told.count("conferencing_profile_disconnected") == 1
    assert ConferencingProfile.objects.get().public_id == profile.public_id


def test_the_daily_use_notices_a_grant_that_died_unheard(
    conferencing_sandbox, link_profile, alice, drain, live_on
) -> None:
    link_profile(alice)
    conferencing_sandbox.revoke_grants(ALICE_ZOOM)
    live_on(timedelta(hours=30))
    assert state() == "disconnected"


@pytest.mark.parametrize("fault", [{"action": "status", "status": 503}, {"action": "html"}, {"action": "drop_before"}])
def test_an_outage_of_the_token_endpoint_disconnects_nobody_and_is_not_asked_more(
    fault, conferencing_sandbox, link_profile, alice, drain, live_on
) -> None:
    link_profile(alice)
    conferencing_sandbox.add_fault("token.refresh", **fault)
    live_on(4 * DAY)
    assert state() == "connected"
    assert refreshes(conferencing_sandbox) <= 5


def test_what_support_has_disconnected_and_what_was_removed_at_the_provider_is_left_alone(
    conferencing_sandbox, link_profile, alice, bob, drain, live_on
) -> None:
    profiles.disconnect(link_profile(alice))
    removed = link_profile(bob, "bob.zoom@example.com")
    with transaction.atomic():
        ownership.forget_account(removed)
    live_on(2 * DAY)
    assert refreshes(conferencing_sandbox) == 0
    assert set(ConferencingProfile.objects.values_list("state", "due_at")) == {("disconnected", None)}


def test_a_token_that_lacks_permissions_does_not_reconnect(
    conferencing_sandbox, link_profile, alice, drain, live_on
) -> None:
    profile = link_profile(alice)
    grants.disconnect(profile.pk, "scopes_missing")
    Grant.objects.update(expires_at=clock.now())
    conferencing_sandbox.add_fault(
        "token.refresh",
        "status",
        status=200,
        body={"access_token": "a", "refresh_token": "r", "expires_in": 3599, "scope": "user:read:user"},
    )
    live_on(timedelta(hours=8))
    profile.refresh_from_db()
    assert (profile.state, profile.cause) == ("disconnected", "scopes_missing")
