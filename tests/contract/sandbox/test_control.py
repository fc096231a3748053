"""The control interface: what it shows, what it changes, what it never tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from conferencing_app.sandbox.client import SandboxControl, SandboxControlError, SandboxProcess
from tests.contract.sandbox.zoomclient import ALICE, CALLBACK, CLIENT_ID, CLIENT_SECRET, ZoomApp, ZoomUser


def test_health_answers(control: SandboxControl) -> None:
    assert requests.get(f"{control.url}/_control/health", timeout=10).status_code == 200


def test_meetings_tell_the_whole_truth_of_live_and_deleted_ones(alice: ZoomUser, control: SandboxControl) -> None:
    kept = alice.created(topic="Kept", agenda="a" * 300, start_time="2031-01-01T10:00:00Z")
    lost = alice.created(topic="Lost")
    alice.update(kept["id"], topic="Renamed")
    alice.delete(lost["id"])
    first, second = control.meetings()
    assert (first["id"], first["topic"], first["live"], first["updates"]) == (kept["id"], "Renamed", True, 1)
    assert (first["host_email"], first["start_time"], first["agenda"]) == (ALICE, "2031-01-01T10:00:00Z", "a" * 300)
    assert first["join_url"] == kept["join_url"]
    assert (second["id"], second["live"], second["deleted_by"]) == (lost["id"], False, "api")
    assert second["created_at"] < second["deleted_at"]
    assert [meeting["id"] for meeting in control.live_meetings()] == [kept["id"]]


def test_a_host_can_edit_and_delete_by_hand(alice: ZoomUser, control: SandboxControl) -> None:
    meeting_id = alice.created(topic="Before")["id"]
    control.edit_meeting(meeting_id, topic="By hand")
    assert alice.get(meeting_id).json()["topic"] == "By hand"
    assert control.delete_meeting(meeting_id)["deleted_by"] == "hand"
    assert alice.get(meeting_id).status_code == 404
    assert [message["body"]["event"] for message in control.outbox()] == ["meeting.updated", "meeting.deleted"]
    with pytest.raises(SandboxControlError, match="No live meeting"):
        control.delete_meeting(meeting_id)


def test_an_edit_by_hand_is_checked_as_well(alice: ZoomUser, control: SandboxControl) -> None:
    with pytest.raises(SandboxControlError, match="duration"):
        control.edit_meeting(alice.created()["id"], duration=0)


def test_the_log_is_in_order_and_can_be_filtered(alice: ZoomUser, control: SandboxControl) -> None:
    meeting_id = alice.created()["id"]
    alice.get(meeting_id)
    alice.get(1)
    alice.delete(meeting_id)
    entries = control.requests(account=ALICE, since=3)
    assert [(entry["operation"], entry["status"]) for entry in entries] == [
        ("create", 201),
        ("get", 200),
        ("get", 404),
        ("delete", 204),
    ]
    assert [entry["sequence"] for entry in entries] == [4, 5, 6, 7]
    assert [entry["meeting_id"] for entry in entries] == [meeting_id, meeting_id, 1, meeting_id]
    assert [entry["sequence"] for entry in control.requests("get")] == [5, 6]
    assert len({entry["request_id"] for entry in entries}) == 4


def test_the_path_in_the_log_has_no_query(app: ZoomApp, control: SandboxControl) -> None:
    app.code(state="secret-state")
    assert "secret-state" not in json.dumps(control.requests())


def test_the_state_counts_what_is_under_way(alice: ZoomUser, control: SandboxControl) -> None:
    alice.created()
    requests_state = control.state()["requests"]
    assert (requests_state["in_flight"], requests_state["peak_in_flight"]) == (0, 1)
    assert requests_state["peak_in_flight_by_account"] == {ALICE: 1}


def test_the_clock_goes_forward_only(control: SandboxControl) -> None:
    before = control.now()
    assert control.advance(3600) > before
    assert control.advance_to_next_utc_midnight().split("T")[1].startswith("00:00:00")
    with pytest.raises(SandboxControlError, match="forward"):
        control.advance(-1)


def test_accounts_can_be_made_and_changed(app: ZoomApp, control: SandboxControl) -> None:
    control.create_account("carol@example.com", display_name="Carol", type=1, policy={"waiting_room": True})
    assert app.link("carol@example.com").created()["settings"]["waiting_room"] is True
    with pytest.raises(SandboxControlError, match="exists"):
        control.create_account("carol@example.com")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"colour": 1}, "colour"),
        ({"daily_limit": "many"}, "daily_limit"),
        ({"policy": {"colour": True}}, "colour"),
        ({"policy": {"waiting_room": 1}}, "waiting_room"),
    ],
)
def test_a_wrong_account_change_is_refused_by_name(
    control: SandboxControl, change: dict[str, object], named: str
) -> None:
    before = control.accounts()
    with pytest.raises(SandboxControlError, match=named):
        control.set_account(ALICE, **{"display_name": "Changed", **change})
    assert control.accounts() == before


def test_a_client_can_be_registered_and_given_more_addresses(app: ZoomApp, control: SandboxControl) -> None:
    control.register_client("second", "secret", [CALLBACK])
    answer = control.register_client("second", "secret", [CALLBACK, "http://127.0.0.1:9/other"])
    assert answer["redirect_uris"] == [CALLBACK, "http://127.0.0.1:9/other"]
    assert "client_secret" not in answer
    with pytest.raises(SandboxControlError, match="Unknown scopes"):
        control.register_client("second", "secret", scopes=["everything"])


@pytest.mark.parametrize(
    "options", [{"colour": 1}, {"reuse_kills_family": 1}, {"latency_seconds": True}, {"latency_seconds": -1}]
)
def test_a_wrong_option_is_refused_and_changes_nothing(control: SandboxControl, options: dict[str, object]) -> None:
    before = control.options()
    with pytest.raises(SandboxControlError, match=next(iter(options))):
        control.options(**{"code_seconds": 1, **options})
    assert control.options() == before


@pytest.mark.parametrize(("path", "body"), [("faults", "not json"), ("faults", "[1]"), ("clock", "{}")])
def test_a_body_that_cannot_be_used_is_400_with_a_reason(control: SandboxControl, path: str, body: str) -> None:
    reply = requests.post(f"{control.url}/_control/{path}", data=body, timeout=10)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_reset_returns_to_the_state_at_start(alice: ZoomUser, control: SandboxControl) -> None:
    alice.created()
    control.advance(5000)
    control.options(latency_seconds=0.01)
    control.add_fault("create", "status")
    control.register_client("second", "secret")
    control.reset()
    state = control.state()
    assert (state["meetings"], state["faults"], state["grants"]) == ({"total": 0, "live": 0}, [], [])
    assert state["options"]["latency_seconds"] == 0
    assert [client["client_id"] for client in state["clients"]] == [CLIENT_ID]
    assert state["requests"]["total"] == 0
    assert alice.create().status_code == 401


def test_nothing_secret_is_told_nor_written(alice: ZoomUser, control: SandboxControl, process: SandboxProcess) -> None:
    created = alice.created()
    told = json.dumps([control.state(), control.meetings(), control.requests(), control.outbox()])
    assert process.log is not None
    written = process.log.read_text(encoding="utf-8")
    host_key = created["start_url"].split("zak=")[1]
    for secret in (alice.tokens["access_token"], alice.tokens["refresh_token"], CLIENT_SECRET, host_key):
        assert secret not in told
        assert secret not in written


def test_the_journal_has_each_change_and_each_request_as_they_happen(
    alice: ZoomUser, control: SandboxControl, process: SandboxProcess
) -> None:
    log: Path | None = process.log
    assert log is not None
    before = len(log.read_text(encoding="utf-8").splitlines())
    meeting_id = alice.created(topic="T", agenda="marker")["id"]
    alice.update(meeting_id, topic="U")
    alice.delete(meeting_id)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()[before:]]
    assert [line["kind"] for line in lines] == [
        "meeting.created",
        "request",
        "meeting.updated",
        "request",
        "meeting.deleted",
        "request",
    ]
    assert lines[0]["meeting"]["agenda"] == "marker"
    assert (lines[4]["meeting"]["topic"], lines[4]["meeting"]["live"]) == ("U", False)
    assert (lines[5]["operation"], lines[5]["status"]) == ("delete", 204)


def test_a_join_link_leads_to_the_meeting_while_it_lives(alice: ZoomUser, control: SandboxControl) -> None:
    created = alice.created(topic="Verbs & nouns")
    assert created["join_url"].startswith(control.url)
    page = requests.get(created["join_url"], timeout=10)
    assert page.status_code == 200
    assert "Verbs &amp; nouns" in page.text
    assert requests.get(created["join_url"] + "x", timeout=10).status_code == 403
    alice.delete(created["id"])
    assert requests.get(created["join_url"], timeout=10).status_code == 404
