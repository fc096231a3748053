"""What the account decides, whatever the request says: passcode, waiting room, PMI, licence, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conferencing_app.sandbox.client import SandboxControl
from tests.contract.sandbox.zoomclient import ALICE, BOB, ZoomApp, ZoomUser


def test_nothing_asked_means_a_generated_passcode_and_the_users_waiting_room(
    alice: ZoomUser, control: SandboxControl
) -> None:
    control.set_account(ALICE, policy={"waiting_room": True})
    body = alice.created()
    assert len(body["password"]) == 6
    assert body["settings"]["waiting_room"] is True


def test_a_required_passcode_is_made_where_none_was_wanted(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, policy={"passcode_required": True})
    assert alice.created(password="", settings={"waiting_room": True})["password"]


def test_a_required_passcode_cannot_be_taken_away(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, policy={"passcode_required": True})
    created = alice.created()
    alice.update(created["id"], password="")
    assert alice.get(created["id"]).json()["password"] == created["password"]


def test_a_locked_passcode_policy_overwrites_the_one_that_was_sent(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, policy={"passcode_locked": True})
    assert alice.created(password="mine123")["password"] not in ("", "mine123")


def test_default_password_makes_one(alice: ZoomUser) -> None:
    assert alice.created(default_password=True, settings={"waiting_room": True})["password"]


def test_a_passcode_that_is_too_short_for_the_account_is_refused(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, policy={"passcode_minimum_length": 8})
    [error] = alice.create(password="short1").json()["errors"]
    assert error["field"] == "password"


def test_a_locked_waiting_room_stays_on_and_switches_join_before_host_off(
    alice: ZoomUser, control: SandboxControl
) -> None:
    control.set_account(ALICE, policy={"waiting_room_locked": True})
    settings = {"waiting_room": False, "join_before_host": True}
    body = alice.created(settings=settings)
    assert (body["settings"]["waiting_room"], body["settings"]["join_before_host"]) == (True, False)
    alice.update(body["id"], settings=settings)
    assert alice.get(body["id"]).json()["settings"]["waiting_room"] is True


def test_a_meeting_without_passcode_is_given_a_waiting_room(alice: ZoomUser) -> None:
    body = alice.created(password="", settings={"waiting_room": False})
    assert "password" not in body
    assert body["settings"]["waiting_room"] is True
    assert "pwd=" not in body["join_url"]


@pytest.mark.parametrize(("settings", "personal"), [({}, True), ({"use_pmi": False}, False), ({"use_pmi": True}, True)])
def test_use_pmi_left_out_follows_the_users_preference(
    alice: ZoomUser, control: SandboxControl, settings: dict[str, bool], personal: bool
) -> None:
    control.set_account(ALICE, policy={"prefers_pmi": True})
    first, second = (alice.created(topic=topic, settings=settings) for topic in ("A", "B"))
    assert (first["join_url"] == second["join_url"]) is personal
    assert ("pmi" in first) is personal


@pytest.mark.parametrize("change", [{"type": 1}, {"policy": {"dial_in": False}}])
def test_basic_users_and_accounts_without_audio_plan_have_no_dial_in(
    alice: ZoomUser, control: SandboxControl, change: dict[str, Any]
) -> None:
    control.set_account(ALICE, **change)
    assert alice.created()["settings"]["global_dial_in_numbers"] == []


@pytest.mark.parametrize("change", [{"hosting": False}, {"licensed": False}])
def test_without_hosting_scheduling_is_400_code_3161_until_it_is_back(
    alice: ZoomUser, control: SandboxControl, change: dict[str, Any]
) -> None:
    meeting_id = alice.created()["id"]
    control.set_account(ALICE, **change)
    for reply in (alice.create(), alice.get(meeting_id), alice.update(meeting_id, topic="x"), alice.delete(meeting_id)):
        assert (reply.status_code, reply.json()["code"]) == (400, 3161)
    assert alice.call("GET", "/users/me").status_code == 200
    control.set_account(ALICE, licensed=True)
    assert alice.create().status_code == 201


def test_a_removed_user_is_404_code_1001_and_cannot_refresh(
    app: ZoomApp, alice: ZoomUser, control: SandboxControl
) -> None:
    control.set_account(ALICE, removed=True)
    for reply in (alice.call("GET", "/users/me"), alice.create()):
        assert (reply.status_code, reply.json()["code"]) == (404, 1001)
    assert app.refresh(alice.tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert control.outbox()[0]["body"]["event"] == "user.deleted"


def test_a_hundred_creates_and_updates_a_utc_day_then_429_until_midnight(
    app: ZoomApp, alice: ZoomUser, control: SandboxControl
) -> None:
    control.advance_to_next_utc_midnight()
    alice = app.link()
    meeting_id = alice.created()["id"]
    statuses = {alice.update(meeting_id, topic=str(number)).status_code for number in range(99)}
    assert statuses == {204}
    refused = alice.create()
    midnight = datetime.fromisoformat(control.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    midnight += timedelta(days=1)
    assert refused.status_code == 429
    assert refused.json()["code"] == 429
    assert "daily rate limit (100)" in refused.json()["message"]
    assert refused.headers["X-RateLimit-Type"] == "Daily-limit"
    assert refused.headers["Retry-After"] == midnight.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert alice.update(meeting_id, topic="x").status_code == 429
    assert alice.get(meeting_id).status_code == alice.list().status_code == 200
    assert alice.delete(meeting_id).status_code == 204
    assert app.link(BOB).create().status_code == 201
    control.advance_to_next_utc_midnight()
    assert app.link().create().status_code == 201


def test_the_daily_limit_can_be_set_and_refused_calls_do_not_count(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, daily_limit=2)
    assert [alice.create(duration=0).status_code for _ in range(3)] == [400] * 3
    assert [alice.create().status_code for _ in range(3)] == [201, 201, 429]
    [account] = [account for account in control.accounts() if account["email"] == ALICE]
    assert account["writes_today"] == 2


def test_calls_per_second_can_be_limited(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, qps_limit=2)
    replies = [alice.call("GET", "/users/me") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[2].headers["X-RateLimit-Type"] == "QPS"
    assert "Retry-After" not in replies[2].headers
    control.advance(1)
    assert alice.call("GET", "/users/me").status_code == 200
