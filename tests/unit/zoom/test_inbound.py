"""Zoom's messages: its signature, its challenge, and what each body means.

The digests were made with ``openssl dgst -sha256 -hmac``, as Zoom's documentation describes it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conferencing_app.http import CallPolicy
from conferencing_app.providers.types import Deauthorized, MeetingChanged, MeetingDeleted
from conferencing_app.providers.zoom import ZoomProvider
from conferencing_app.providers.zoom.inbound import ZoomInbound

TOKEN = "vVT1eTxXQL2u3yTYhYb4Kg"
SENT_AT = 1739923528
BODY = b'{"event":"meeting.deleted","payload":{"object":{"id":"81234567890"}},"event_ts":1739923528000}'
HEADERS = {
    "x-zm-request-timestamp": str(SENT_AT),
    "x-zm-signature": "v0=7fa6b3f8a2117dc0a6626d914da6a5fdfd43a1d9af7dfec91b4c111d01dff13f",
}
NOW = datetime.fromtimestamp(SENT_AT, UTC)


def make(*tokens: str) -> ZoomInbound:
    options = {"client_id": "our-app", "client_secret": "secret", "webhook_secret_token": list(tokens)}
    inbound = ZoomProvider(options, policy=CallPolicy()).inbound
    assert isinstance(inbound, ZoomInbound)
    return inbound


def message(event: str, payload: Any, **more: Any) -> bytes:
    return json.dumps({"event": event, "payload": payload, "event_ts": SENT_AT * 1000, **more}).encode()


def test_the_documented_signature_is_taken() -> None:
    assert make(TOKEN).verify(HEADERS, BODY, NOW)


def test_while_tokens_change_the_old_one_is_taken_too() -> None:
    assert make("the-new-one", TOKEN).verify(HEADERS, BODY, NOW)
    assert not make("the-new-one").verify(HEADERS, BODY, NOW)


@pytest.mark.parametrize(("seconds", "taken"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_only_what_was_sent_within_five_minutes_is_taken(seconds: int, taken: bool) -> None:
    assert make(TOKEN).verify(HEADERS, BODY, NOW + timedelta(seconds=seconds)) is taken


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "1.5", " 1739923528", "1739923528 ", "9" * 400, "١٧٣٩٩٢٣٥٢٨"])
def test_a_timestamp_that_is_none_is_refused_even_when_signed(timestamp: str) -> None:
    inbound = make(TOKEN)
    headers = signed(b"{}", timestamp)
    assert not inbound.verify(headers, b"{}", NOW)


def signed(body: bytes, timestamp: str = str(SENT_AT)) -> dict[str, str]:
    digest = hmac.new(TOKEN.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": timestamp, "x-zm-signature": f"v0={digest}"}


CHALLENGE = message("endpoint.url_validation", {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"})
PROOF = "74cf9a112750580a5220c23cb93b1d7d4c6dd499ce5075d65d89e786f5eada6c"


def test_the_challenge_is_answered_as_documented() -> None:
    inbound = make("the-new-one", TOKEN)
    answer = inbound.challenge(signed(CHALLENGE), CHALLENGE)
    assert answer == {"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": PROOF}


def test_a_challenge_that_zoom_has_not_signed_gets_nothing_signed() -> None:
    """Else anybody could have us sign a message, and then send it to us in Zoom's name."""
    inbound = make(TOKEN)
    assert inbound.challenge({}, CHALLENGE) is None
    assert inbound.challenge(HEADERS, CHALLENGE) is None


@pytest.mark.parametrize("token", [f"v0:{SENT_AT}:{{}}", "", "a b", "a" * 129, 7, None, ["a"], "töken"])
def test_what_could_be_a_message_is_never_signed(token: Any) -> None:
    inbound, body = make(TOKEN), message("endpoint.url_validation", {"plainToken": token})
    assert inbound.challenge(signed(body), body) is None


def test_other_messages_are_no_challenge() -> None:
    assert make(TOKEN).challenge(HEADERS, BODY) is None


MEETING = {"id": 81234567890, "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "x"}
CHANGED, DELETED = [MeetingChanged("81234567890")], [MeetingDeleted("81234567890")]


def updated(old: Any, new: Any) -> bytes:
    return message("meeting.updated", {"object": {**MEETING, **new}, "old_object": {**MEETING, **old}})


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (BODY, DELETED),
        (message("meeting.deleted", {"object": {"id": 81234567890}}), DELETED),
        (message("meeting.deleted", {"object": {"id": "../users"}}), []),
        (message("meeting.deleted", {"object": {"id": True}}), []),
        (message("meeting.deleted", {"object": []}), []),
        (message("meeting.deleted", None), []),
        (updated({"password": "a"}, {"password": "b"}), CHANGED),
        (updated({"settings": {"audio": "voip"}}, {"settings": {"audio": "both"}}), CHANGED),
        (updated({}, {"join_url": "https://zoom.us/j/1"}), CHANGED),
        (updated({"password": "a"}, {}), CHANGED),
        (message("meeting.updated", {"object": {**MEETING, "topic": "b"}}), CHANGED),
        (message("meeting.updated", {"object": {"topic": "b"}, "old_object": {"topic": "a"}}), []),
        (message("meeting.started", {"object": MEETING}), []),
        (message("user.deleted", {"object": {"id": "x"}}), []),
        (b"", []),
        (b"\xff", []),
        (b"[]", []),
        (b"null", []),
        (b"[" * 100_000, []),
    ],
)
def test_what_each_body_tells(body: bytes, events: list[Any]) -> None:
    assert make(TOKEN).parse(body) == events


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("topic", "Scales", "Arpeggios"),
        ("agenda", "a", "b"),
        ("start_time", "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z"),
        ("duration", 60, 45),
        ("timezone", "UTC", "Europe/London"),
    ],
)
def test_what_our_own_updates_change_is_no_news(name: str, old: Any, new: Any) -> None:
    assert make(TOKEN).parse(updated({name: old}, {name: new})) == []


GONE_FROM = {"account_id": "acc", "user_id": "usr", "client_id": "our-app"}


@pytest.mark.parametrize(
    ("payload", "account"),
    [
        (GONE_FROM, "acc:usr"),
        ({"account_id": "acc", "user_id": "usr"}, "acc:usr"),
        ({**GONE_FROM, "client_id": "the-development-version"}, None),
        ({**GONE_FROM, "user_id": ""}, None),
        ({**GONE_FROM, "account_id": 7}, None),
        ({}, None),
    ],
)
def test_who_has_removed_the_app(payload: Any, account: str | None) -> None:
    expected = [Deauthorized(account, NOW)] if account else []
    assert make(TOKEN).parse(message("app_deauthorized", payload)) == expected


@pytest.mark.parametrize("event_ts", [None, "x", 10**30, float("inf")])
def test_a_removal_without_its_time_is_not_believed(event_ts: Any) -> None:
    """It might be older than the link that the account has now."""
    assert make(TOKEN).parse(message("app_deauthorized", GONE_FROM, event_ts=event_ts)) == []


def test_without_a_secret_token_zoom_is_not_heard() -> None:
    assert ZoomProvider({"client_id": "i", "client_secret": "s"}, policy=CallPolicy()).inbound is None


@pytest.mark.parametrize("value", ["", [""], ["good", ""], 7, "a b", ["ä"], [None]])
def test_a_secret_token_that_can_not_be_one_is_told(value: Any) -> None:
    options = {"client_id": "i", "client_secret": "s", "webhook_secret_token": value}
    with pytest.raises(ValueError, match="webhook_secret_token must be"):
        ZoomProvider(options, policy=CallPolicy())


def test_under_the_sandbox_nothing_need_be_said() -> None:
    local = CallPolicy(allow_loopback_http=True)
    assert ZoomProvider({}, policy=local, sandbox_url="http://127.0.0.1:1").inbound is not None


def test_no_secret_token_in_any_repr() -> None:
    inbound = make("CANARY")
    assert "CANARY" not in repr(inbound) + repr(inbound.options) + repr(vars(inbound))
