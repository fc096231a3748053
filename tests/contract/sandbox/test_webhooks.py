"""What the sandbox sends, as Zoom does: to whom, with which body, signed how; and what it takes for an answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from conferencing_app.sandbox.client import SandboxControl, SandboxControlError
from tests.contract.sandbox.zoomclient import CLIENT_ID, CLIENT_SECRET, ZoomUser
from tests.scripted import Received, ScriptedServer, answer, silence

SECRET_TOKEN = "webhook-secret-token"
ALICE = "alice.zoom@example.com"


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    """An application's address for events, which takes them all."""
    with ScriptedServer(answer(204)) as server:
        yield server


@pytest.fixture
def listening(control: SandboxControl, site: ScriptedServer) -> SandboxControl:
    register(control, site.url)
    return control


def register(control: SandboxControl, url: str) -> None:
    control.register_client(CLIENT_ID, CLIENT_SECRET, webhook_url=f"{url}/hook", webhook_secret_token=SECRET_TOKEN)


def body_of(request: Received) -> dict[str, Any]:
    return json.loads(request.body)


def test_each_message_is_signed_over_its_very_bytes(
    listening: SandboxControl, alice: ZoomUser, site: ScriptedServer
) -> None:
    listening.delete_meeting(alice.created(topic="Ärger")["id"])
    (message,) = listening.delivered()
    (request,) = site.requests
    assert (request.method, request.target) == ("POST", "/hook")
    timestamp = request.headers["x-zm-request-timestamp"]
    signed = f"v0:{timestamp}:".encode() + request.body
    digest = hmac.new(SECRET_TOKEN.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["x-zm-signature"] == f"v0={digest}"
    assert body_of(request) == message["body"]
    assert abs(int(timestamp) - message["body"]["event_ts"] / 1000) < 5
    ((delivery,), waiting) = message["deliveries"], message["waiting"]
    assert (delivery["status"], delivery["accepted"], waiting) == (204, True, 0)


def test_a_deletion_names_the_meeting_by_a_text(listening: SandboxControl, alice: ZoomUser) -> None:
    created = alice.created()
    listening.delete_meeting(created["id"])
    body = listening.delivered()[-1]["body"]
    assert body["event"] == "meeting.deleted"
    assert body["payload"]["operator"] == ALICE
    assert body["payload"]["object"]["id"] == str(created["id"])


def test_an_edit_tells_what_was_and_what_is_and_nothing_else(listening: SandboxControl, alice: ZoomUser) -> None:
    created = alice.created(topic="Before")
    listening.edit_meeting(created["id"], topic="After", settings={"mute_upon_entry": True})
    payload = listening.delivered()[-1]["body"]["payload"]
    assert payload["object"] == {"id": created["id"], "topic": "After", "settings": {"mute_upon_entry": True}}
    assert payload["old_object"]["topic"] == "Before"
    assert payload["old_object"].keys() <= {"id", "topic", "settings"}


def test_an_application_hears_of_its_own_calls_as_well(listening: SandboxControl, alice: ZoomUser) -> None:
    meeting_id = alice.created()["id"]
    alice.update(meeting_id, topic="By the application")
    alice.delete(meeting_id)
    messages = [message["body"] for message in listening.delivered()]
    assert [message["event"] for message in messages] == ["meeting.updated", "meeting.deleted"]
    assert messages[0]["payload"]["object"] == {"id": meeting_id, "topic": "By the application"}


def test_who_removes_the_app_is_named_to_that_app(listening: SandboxControl, alice: ZoomUser) -> None:
    assert listening.revoke_grants(ALICE) == 1
    body = listening.delivered()[-1]["body"]
    account = next(each for each in listening.accounts() if each["email"] == ALICE)
    assert body["event"] == "app_deauthorized"
    assert (body["payload"]["account_id"], body["payload"]["user_id"]) == (account["account_id"], account["id"])
    assert body["payload"]["client_id"] == CLIENT_ID


def test_without_an_address_or_a_grant_it_is_only_noted(
    control: SandboxControl, alice: ZoomUser, site: ScriptedServer
) -> None:
    meeting_id = alice.created()["id"]
    control.edit_meeting(meeting_id, topic="Nobody listens")
    register(control, site.url)
    control.revoke_grants(ALICE)
    control.delete_meeting(meeting_id)
    told = [(message["body"]["event"], bool(message["url"])) for message in control.outbox()]
    assert told == [("meeting.updated", False), ("app_deauthorized", True), ("meeting.deleted", False)]
    assert [message["body"]["event"] for message in control.delivered()] == ["app_deauthorized"]


def test_the_same_message_is_sent_again_when_asked_and_signed_anew(
    listening: SandboxControl, alice: ZoomUser, site: ScriptedServer
) -> None:
    listening.delete_meeting(alice.created()["id"])
    (message,) = listening.delivered()
    listening.advance(60)
    listening.send_again(message["sequence"])
    (message,) = listening.delivered()
    assert len(message["deliveries"]) == 2
    first, second = site.requests
    assert first.body == second.body
    assert first.headers["x-zm-signature"] != second.headers["x-zm-signature"]
    with pytest.raises(SandboxControlError, match="no such message"):
        listening.send_again(99)


def test_an_address_proves_itself(control: SandboxControl) -> None:
    def proof(connection: Any) -> None:
        token = json.loads(server.requests[-1].body)["payload"]["plainToken"]
        digest = hmac.new(SECRET_TOKEN.encode(), token.encode(), hashlib.sha256).hexdigest()
        answer(200, {"plainToken": token, "encryptedToken": digest})(connection)

    with ScriptedServer(proof, answer(200, {"plainToken": "x", "encryptedToken": "y"}), answer(204)) as server:
        register(control, server.url)
        assert [control.validate_webhook(CLIENT_ID) for _ in range(3)] == [True, False, False]
    with pytest.raises(SandboxControlError, match="webhook_url"):
        control.validate_webhook("unknown")


def test_who_does_not_answer_holds_up_no_call(control: SandboxControl, alice: ZoomUser) -> None:
    with ScriptedServer(silence(4.0), answer(500)) as slow:
        register(control, slow.url)
        meeting_id = alice.created()["id"]
        control.edit_meeting(meeting_id, topic="Slow")
        assert control.outbox()[0]["waiting"] == 1
        assert alice.get(meeting_id).status_code == 200
        control.edit_meeting(meeting_id, topic="Broken")
        first, second = (message["deliveries"][0] for message in control.delivered())
    assert (first["status"], first["accepted"], first["error"]) == (None, False, "ReadTimeout")
    assert (second["status"], second["accepted"]) == (500, False)


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/", "file:///x"]
)
def test_nothing_leaves_this_machine(control: SandboxControl, url: str) -> None:
    with pytest.raises(SandboxControlError, match="loopback"):
        control.register_client(CLIENT_ID, CLIENT_SECRET, webhook_url=url)


def test_the_secret_token_is_not_told(listening: SandboxControl, alice: ZoomUser) -> None:
    listening.delete_meeting(alice.created()["id"])
    told = json.dumps([listening.state(), listening.delivered()])
    assert SECRET_TOKEN not in told
