"""Faults to order: each action, where it strikes, and how often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from conferencing_app.sandbox.client import SandboxControl, SandboxControlError, start_sandbox
from tests.contract.sandbox.zoomclient import ALICE, BOB, CALLBACK, CLIENT_ID, CLIENT_SECRET, ZoomApp, ZoomUser


def test_a_status_strikes_as_often_as_ordered_and_nothing_is_done(alice: ZoomUser, control: SandboxControl) -> None:
    body = {"code": 5001, "message": "Try later."}
    control.add_fault("create", "status", status=503, body=body, headers={"Retry-After": "7"}, times=2)
    replies = [alice.create() for _ in range(3)]
    assert [reply.status_code for reply in replies] == [503, 503, 201]
    assert replies[0].json() == body
    assert replies[0].headers["Retry-After"] == "7"
    assert len(control.meetings()) == 1
    assert [entry["fault"] for entry in control.requests("create")] == ["status", "status", None]


def test_without_times_it_stays_until_taken_back(alice: ZoomUser, control: SandboxControl) -> None:
    fault = control.add_fault("create", "status")
    assert {alice.create().status_code for _ in range(3)} == {503}
    control.remove_fault(fault["id"])
    assert alice.create().status_code == 201
    assert control.faults() == []


def test_drop_after_commits_and_cuts_the_connection(alice: ZoomUser, control: SandboxControl) -> None:
    control.add_fault("create", "drop_after", times=1)
    with pytest.raises(requests.ConnectionError):
        alice.create(topic="Ghost")
    assert [meeting["topic"] for meeting in control.live_meetings()] == ["Ghost"]
    [entry] = control.requests("create")
    assert (entry["status"], entry["fault"]) == (None, "drop_after")
    assert entry["meeting_id"] == control.live_meetings()[0]["id"]


def test_drop_before_does_nothing_and_cuts_the_connection(alice: ZoomUser, control: SandboxControl) -> None:
    control.add_fault("create", "drop_before", times=1)
    with pytest.raises(requests.ConnectionError):
        alice.create()
    assert control.meetings() == []
    assert alice.create().status_code == 201


def test_malformed_commits_and_answers_half_a_body(alice: ZoomUser, control: SandboxControl) -> None:
    control.add_fault("create", "malformed", times=1)
    reply = alice.create()
    assert reply.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        reply.json()
    assert len(control.live_meetings()) == 1


def test_html_answers_an_edge_servers_page(alice: ZoomUser, control: SandboxControl) -> None:
    control.add_fault("*", "html", status=504, times=1)
    reply = alice.call("GET", "/users/me")
    assert (reply.status_code, reply.headers["Content-Type"]) == (504, "text/html; charset=utf-8")
    assert reply.text.startswith("<html>")


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_ignore_answers_success_and_does_nothing(alice: ZoomUser, control: SandboxControl, operation: str) -> None:
    meeting_id = alice.created(topic="Before")["id"]
    control.add_fault(operation, "ignore")
    reply = alice.update(meeting_id, topic="After") if operation == "update" else alice.delete(meeting_id)
    assert (reply.status_code, reply.content) == (204, b"")
    assert alice.get(meeting_id).json()["topic"] == "Before"


@pytest.mark.parametrize(("action", "made_meanwhile"), [("delay", 1), ("delay_before", 0)])
def test_a_slow_answer_comes_after_the_deed_or_the_deed_waits_too(
    alice: ZoomUser, control: SandboxControl, action: str, made_meanwhile: int
) -> None:
    control.add_fault("create", action, seconds=0.5, times=1)
    with ThreadPoolExecutor() as pool:
        reply = pool.submit(alice.create)
        for _ in range(500):
            if control.requests("create"):
                break
            time.sleep(0.01)
        assert control.requests("create")[0]["finished_at"] is None
        assert len(control.live_meetings()) == made_meanwhile
        assert reply.result().status_code == 201
    assert len(control.live_meetings()) == 1


def test_a_fault_can_be_meant_for_one_account(app: ZoomApp, alice: ZoomUser, control: SandboxControl) -> None:
    bob = app.link(BOB)
    control.add_fault("create", "status", account=BOB)
    assert alice.create().status_code == 201
    assert bob.create().status_code == 503


@pytest.mark.parametrize("operation", ["token.code", "token.refresh"])
def test_the_token_endpoint_can_fail_by_grant_type(app: ZoomApp, control: SandboxControl, operation: str) -> None:
    user = app.link()
    code = app.code()
    body = {"reason": "Invalid Token!", "error": "invalid_request"}
    control.add_fault(operation, "status", status=400, body=body, account=ALICE)
    replies = {"token.refresh": app.refresh(user.tokens["refresh_token"]), "token.code": app.exchange(code)}
    assert replies.pop(operation).json() == body
    assert [reply.status_code for reply in replies.values()] == [200]


def test_a_refresh_whose_answer_is_lost_has_rotated(app: ZoomApp, alice: ZoomUser, control: SandboxControl) -> None:
    control.add_fault("token.refresh", "drop_after", times=1)
    with pytest.raises(requests.ConnectionError):
        app.refresh(alice.tokens["refresh_token"])
    assert app.refresh(alice.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_list_lag_hides_what_is_new(alice: ZoomUser, control: SandboxControl) -> None:
    control.add_fault("list", "list_lag", seconds=30)
    alice.created(start_time="2031-01-01T00:00:00Z")
    assert alice.list().json()["total_records"] == 0
    control.advance(31)
    assert alice.list().json()["total_records"] == 1


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"operation": "create", "action": "explode"}, "action"),
        ({"operation": "destroy", "action": "status"}, "operation"),
        ({"operation": "create", "action": "ignore"}, "ignore"),
        ({"operation": "create", "action": "status", "times": 0}, "times"),
        ({"operation": "create", "action": "delay", "seconds": "1"}, "seconds"),
        ({"operation": "create", "action": "status", "status": 99}, "status"),
        ({"operation": "create", "action": "status", "headers": ["x"]}, "headers"),
        ({"operation": "create", "action": "status", "colour": 1}, "colour"),
        ({"operation": "create", "action": "status", "provider": "nobody"}, "provider"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_by_name(
    control: SandboxControl, fault: dict[str, object], named: str
) -> None:
    reply = requests.post(f"{control.url}/_control/faults", json=fault, timeout=10)
    assert reply.status_code == 400
    assert named in reply.json()["error"]
    assert control.faults() == []


def startup_user(faults: str) -> Iterator[tuple[SandboxControl, ZoomUser]]:
    with start_sandbox(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[CALLBACK], faults=faults
    ) as process:
        yield process.control, ZoomApp(process.control).link()


def test_short_words_in_the_environment_order_faults_that_survive_a_reset() -> None:
    for control, _user in startup_user("refuse-creates, ignore-updates,ignore-deletes"):
        control.reset()
        refused = ZoomApp(control).link().create()
        assert (refused.status_code, refused.json()["code"]) == (400, 3161)
        assert [fault["operation"] for fault in control.faults()] == ["create", "update", "delete"]


def test_json_in_the_environment_orders_faults() -> None:
    for _control, user in startup_user('[{"operation": "create", "action": "status", "status": 500, "times": 1}]'):
        assert [user.create().status_code, user.create().status_code] == [500, 201]


def test_an_unknown_account_in_a_control_call_says_which_there_are(control: SandboxControl) -> None:
    with pytest.raises(SandboxControlError, match=ALICE):
        control.revoke_grants("nobody@example.com")
