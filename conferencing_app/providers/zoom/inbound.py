"""What Zoom sends us ("Using webhooks", Zoom developer documentation; bodies: "Meetings" and "App" events).

Pure: bytes and headers in, frozen dataclasses out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from conferencing_app.providers.types import Deauthorized, InboundEvent, MeetingChanged, MeetingDeleted
from conferencing_app.providers.zoom.options import ZoomOptions

SIGNATURE_HEADER = "x-zm-signature"
TIMESTAMP_HEADER = "x-zm-request-timestamp"
# What was signed longer ago than this, or is from that far ahead, may be somebody's recording.
WINDOW = timedelta(minutes=5)
TIMESTAMP = re.compile(r"[0-9]{1,12}")
# Zoom's own are 22 letters and digits. The answer to a challenge is a signature: with a colon in it, what is signed
# could be a message that the asker goes on to send in Zoom's name.
PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
# These say nothing that people were told: link, passcode and telephone numbers do not follow from them. They are also
# all that our own updates change, so that what comes back of those is no news.
NOTHING_SHOWN = frozenset({"id", "uuid", "host_id", "topic", "agenda", "start_time", "duration", "timezone"})

Json = dict[str, Any]


class ZoomInbound:
    """Verifies and reads Zoom's messages to the app."""

    def __init__(self, options: ZoomOptions) -> None:
        self.options = options

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether one of the secret tokens has signed this body, and has done so within the last five minutes."""
        return self._signer(headers, body) is not None and _is_recent(headers.get(TIMESTAMP_HEADER, ""), now)

    def challenge(self, headers: Mapping[str, str], body: bytes) -> dict[str, str] | None:
        """The answer to ``endpoint.url_validation``: its token, and that token signed as the question was."""
        message, signer = _message(body), self._signer(headers, body)
        token = _section(message, "payload").get("plainToken")
        if message.get("event") != "endpoint.url_validation" or signer is None:
            return None
        if not isinstance(token, str) or not PLAIN_TOKEN.fullmatch(token):
            return None
        return {"plainToken": token, "encryptedToken": _sign(signer, token.encode())}

    def parse(self, body: bytes) -> list[InboundEvent]:
        """What it tells; nothing for other types of events, and for changes of what nobody is shown."""
        message = _message(body)
        read = _READERS.get(str(message.get("event")))
        event = read(message, _section(message, "payload"), self.options) if read else None
        return [event] if event is not None else []

    def _signer(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The secret token that has signed this."""
        given = headers.get(SIGNATURE_HEADER, "").encode()
        signed = b"v0:" + headers.get(TIMESTAMP_HEADER, "").encode() + b":" + body
        tokens = self.options.webhook_secret_token
        matching = [token for token in tokens if hmac.compare_digest(f"v0={_sign(token, signed)}".encode(), given)]
        return matching[0] if matching else None


def _sign(token: str, message: bytes) -> str:
    return hmac.new(token.encode(), message, hashlib.sha256).hexdigest()


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not TIMESTAMP.fullmatch(timestamp):
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()


def _deleted(message: Json, payload: Json, options: ZoomOptions) -> MeetingDeleted | None:
    number = _number(_section(payload, "object"))
    return MeetingDeleted(number) if number else None


def _changed(message: Json, payload: Json, options: ZoomOptions) -> MeetingChanged | None:
    after, before = _section(payload, "object"), _section(payload, "old_object")
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    number = _number(after)
    # Without what was before, anything may have changed.
    return MeetingChanged(number) if number and not (before and changed <= NOTHING_SHOWN) else None


def _deauthorized(message: Json, payload: Json, options: ZoomOptions) -> Deauthorized | None:
    if payload.get("client_id", options.client_id) != options.client_id:
        return None  # Zoom's development version of the same app has another.
    account, user, at = payload.get("account_id"), payload.get("user_id"), _moment(message)
    if not (isinstance(account, str) and isinstance(user, str) and account and user and at):
        return None
    return Deauthorized(account_id=f"{account}:{user}", at=at)


_READERS: dict[str, Callable[[Json, Json, ZoomOptions], InboundEvent | None]] = {
    "meeting.deleted": _deleted,
    "meeting.updated": _changed,
    "app_deauthorized": _deauthorized,
}


def _message(body: bytes) -> Json:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _section(message: Json, name: str) -> Json:
    section = message.get(name)
    return section if isinstance(section, dict) else {}


def _number(meeting: Json) -> str:
    """The meeting's number as text, which it is in some events; empty where there is none."""
    number = meeting.get("id")
    text = str(number) if isinstance(number, int | str) and not isinstance(number, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 20 else ""


def _moment(message: Json) -> datetime | None:
    """When it happened: ``event_ts`` is in milliseconds."""
    try:
        return datetime.fromtimestamp(message["event_ts"] / 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
