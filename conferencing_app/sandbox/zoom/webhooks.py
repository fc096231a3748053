"""What Zoom sends to an application ("Using webhooks", Zoom developer documentation; "Meetings" and "App" events)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conferencing_app.sandbox.clock import iso_precise
from conferencing_app.sandbox.outbox import Judge, Message, accepted

from .models import Account, Grant, Meeting
from .rendering import start_text

if TYPE_CHECKING:
    from conferencing_app.sandbox.state import Client, Sandbox

Json = dict[str, Any]


def clients_of(sandbox: Sandbox, account: Account) -> list[Client]:
    """The applications with an address for events that this account has allowed."""
    grants = sandbox.zoom.grants
    listening = [client for client in sandbox.clients.values() if client.webhook_url]
    allowed = [(client, grants.get((account.email, client.client_id))) for client in listening]
    return [client for client, grant in allowed if grant is not None and grant.alive]


def meeting_updated(sandbox: Sandbox, meeting: Meeting, before: Json) -> None:
    """A meeting was changed from ``before``, by whomever: an application hears of its own changes as well."""
    after = editable(meeting)
    old, new = _differing(before, after), _differing(after, before)
    number = {"id": meeting.id}
    payload = {
        **_by_host(meeting),
        "scope": "all",
        "object": {**number, **new},
        "old_object": {**number, **old},
        "time_stamp": int(sandbox.clock.timestamp() * 1000),
    }
    _tell(sandbox, meeting.host, "meeting.updated", payload)


def meeting_deleted(sandbox: Sandbox, meeting: Meeting) -> None:
    """A meeting was deleted, by whomever. Its number is a text here."""
    described = {
        "uuid": meeting.uuid,
        "id": str(meeting.id),
        "host_id": meeting.host.id,
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": start_text(meeting),
        "duration": meeting.duration,
        "timezone": meeting.timezone,
    }
    _tell(sandbox, meeting.host, "meeting.deleted", {**_by_host(meeting), "operation": "all", "object": described})


def app_deauthorized(sandbox: Sandbox, grant: Grant) -> None:
    """The person has removed the application; it goes to that one alone."""
    payload = {
        "account_id": grant.account.account_id,
        "user_id": grant.account.id,
        "signature": secrets.token_hex(32),
        "deauthorization_time": sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "client_id": grant.client_id,
    }
    client = sandbox.clients.get(("zoom", grant.client_id))
    _send(sandbox, client if client is not None and client.webhook_url else None, "app_deauthorized", payload)


def user_deleted(sandbox: Sandbox, account: Account) -> None:
    """The user was removed from their Zoom account."""
    payload = {"account_id": account.account_id, "object": {"id": account.id, "email": account.email}}
    _tell(sandbox, account, "user.deleted", payload)


def url_validation(sandbox: Sandbox, client: Client) -> int:
    """Ask whether the address is the application's; returns the message's sequence number."""
    token = secrets.token_urlsafe(16)
    proof = {"plainToken": token, "encryptedToken": _hmac(client.webhook_secret_token, token.encode())}

    def is_proof(status: int, answer: str) -> bool:
        try:
            return status == 200 and json.loads(answer) == proof
        except ValueError:
            return False

    return _send(sandbox, client, "endpoint.url_validation", {"plainToken": token}, is_proof)


def editable(meeting: Meeting) -> Json:
    """What an edit may change, as events name it."""
    return {
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": start_text(meeting),
        "duration": meeting.duration,
        "timezone": meeting.timezone,
        "agenda": meeting.agenda,
        "password": meeting.password,
        "settings": dict(meeting.settings),
    }


def signed(secret_token: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The headers by which an application knows Zoom."""
    digest = _hmac(secret_token, b"v0:%d:%s" % (timestamp, body))
    return {"x-zm-request-timestamp": str(timestamp), "x-zm-signature": f"v0={digest}"}


def _hmac(secret_token: str, message: bytes) -> str:
    return hmac.new(secret_token.encode(), message, hashlib.sha256).hexdigest()


def _differing(one: Json, other: Json) -> Json:
    """The values of ``one`` that the other has not; of settings those alone that differ."""
    return {
        name: _differing(value, other[name]) if isinstance(value, dict) else value
        for name, value in one.items()
        if value != other.get(name)
    }


def _by_host(meeting: Meeting) -> Json:
    # With an application's token it is the host who acts, too.
    host = meeting.host
    return {"account_id": host.account_id, "operator": host.email, "operator_id": host.id}


def _tell(sandbox: Sandbox, account: Account, event: str, payload: Json) -> None:
    """Send it to all who may hear of this account, or note that nobody does."""
    clients = clients_of(sandbox, account)
    for client in clients:
        _send(sandbox, client, event, payload)
    if not clients:
        _send(sandbox, None, event, payload)


def _send(sandbox: Sandbox, client: Client | None, event: str, payload: Json, judge: Judge = accepted) -> int:
    now = sandbox.clock.timestamp()
    body = {"event": event, "payload": payload, "event_ts": int(now * 1000)}
    token = client.webhook_secret_token if client else ""

    def sign(content: bytes) -> Mapping[str, str]:
        return signed(token, int(sandbox.clock.timestamp()), content)

    client_id, url = (client.client_id, client.webhook_url) if client else ("", "")
    sequence = len(sandbox.outbox.messages) + 1
    sandbox.outbox.add(Message(sequence, iso_precise(now), "zoom", client_id, url, body, sign, judge))
    return sequence
