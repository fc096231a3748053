"""Meetings: create, get, update, delete, list, invitation (Zoom API reference, Meetings).

Nothing here recognises a repeated create, searches by a marker or forgives what Zoom does not.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.reply import Reply

from . import rendering, webhooks
from .access import caller, count_write
from .errors import api_error, no_such_meeting
from .models import Account, Meeting
from .policy import check_passcode, decide_passcode, decide_settings, uses_pmi
from .validation import check_fields, parse_start, read_json

DEFAULT_TOPIC = "Zoom Meeting"
DEFAULT_DURATION = 60


def create(exchange: Exchange) -> Reply:
    """`POST /users/{userId}/meetings` → 201 with the meeting as the host's policy made it."""
    account = caller(exchange)
    require_me(exchange)
    data = read_json(exchange.body)
    check_fields(data)
    meeting = _new_meeting(exchange, account, data)
    count_write(exchange, account)
    exchange.sandbox.zoom.add_meeting(meeting)
    exchange.entry.meeting_id = meeting.id
    return Reply(201, rendering.meeting(meeting))


def _new_meeting(exchange: Exchange, account: Account, data: dict[str, Any]) -> Meeting:
    store = exchange.sandbox.zoom
    now = store.clock.timestamp()
    kind = data.get("type") or 2
    start = parse_start(data, account.timezone)
    if kind == 3:
        start = None
    elif kind == 1 or start is None or start < now:
        start = float(int(now))  # Zoom: missing or past means now
    pmi = uses_pmi(account, data)
    number = store.new_number()
    passcode = account.pmi_password if pmi else decide_passcode(account, data)
    wished = {**(data.get("settings") or {}), "use_pmi": pmi}
    return Meeting(
        id=number,
        uuid=base64.b64encode(secrets.token_bytes(16)).decode(),
        host=account,
        topic=data.get("topic") or DEFAULT_TOPIC,
        type=kind,
        start=start,
        duration=data.get("duration") or DEFAULT_DURATION,
        timezone=data.get("timezone") or account.timezone,
        agenda=data.get("agenda") or "",
        password=passcode,
        encrypted_password=rendering.link_password(passcode),
        join_number=account.pmi if pmi else number,
        settings=decide_settings(account, wished, {}, passcode),
        created=now,
        tracking_fields=data.get("tracking_fields") or [],
        pmi=pmi,
    )


def get(exchange: Exchange) -> Reply:
    """`GET /meetings/{meetingId}` → 200, with a fresh `start_url`."""
    return Reply(200, rendering.meeting(own_meeting(exchange, caller(exchange))))


def update(exchange: Exchange) -> Reply:
    """`PATCH /meetings/{meetingId}` → 204 without a body."""
    account = caller(exchange)
    meeting = own_meeting(exchange, account)
    data = read_json(exchange.body)
    check_fields(data)
    before = webhooks.editable(meeting)
    change_meeting(exchange.sandbox.clock.timestamp(), meeting, data)
    count_write(exchange, account)
    exchange.sandbox.zoom.touch_meeting(meeting)
    if webhooks.clients_of(exchange.sandbox, account):
        webhooks.meeting_updated(exchange.sandbox, meeting, before)
    return Reply(204)


def change_meeting(now: float, meeting: Meeting, data: dict[str, Any]) -> None:
    """Apply checked fields to a meeting; raises Refusal before anything is changed. `now`: seconds since the epoch."""
    account = meeting.host
    start = parse_start(data, meeting.timezone)
    passcode = meeting.password
    if data.get("password") and not account.policy.passcode_locked:
        passcode = check_passcode(account, data["password"])
    elif data.get("password") == "" and not account.policy.passcode_required:
        passcode = ""
    if start is not None and start >= now:
        meeting.start = start  # a past value is ignored without a word
    for name in ("topic", "duration", "timezone", "agenda", "type", "tracking_fields"):
        if data.get(name) is not None:
            setattr(meeting, name, data[name])
    if not meeting.pmi:
        meeting.password = passcode
        meeting.encrypted_password = rendering.link_password(passcode)
    wished = {**(data.get("settings") or {}), "use_pmi": meeting.pmi}
    meeting.settings = decide_settings(account, wished, meeting.settings, meeting.password)


def delete(exchange: Exchange) -> Reply:
    """`DELETE /meetings/{meetingId}` → 204; a second time 404 code 3001."""
    account = caller(exchange)
    if exchange.entry.meeting_id == account.pmi:
        raise api_error(400, 3018, "Not allowed to delete PMI.")
    meeting = own_meeting(exchange, account)
    exchange.sandbox.zoom.delete_meeting(meeting, by="api")
    if webhooks.clients_of(exchange.sandbox, account):
        webhooks.meeting_deleted(exchange.sandbox, meeting)
    return Reply(204)


def invitation(exchange: Exchange) -> Reply:
    """`GET /meetings/{meetingId}/invitation` → 200."""
    return Reply(200, rendering.invitation(own_meeting(exchange, caller(exchange))))


def own_meeting(exchange: Exchange, account: Account) -> Meeting:
    """The live meeting of the path, if the caller hosts it; raises Refusal otherwise."""
    meeting_id = exchange.entry.meeting_id
    meeting = exchange.sandbox.zoom.live_meeting(meeting_id) if meeting_id is not None else None
    if meeting is None or meeting.host is not account:
        raise no_such_meeting(exchange.request.path_params["meeting_id"])
    return meeting


def require_me(exchange: Exchange) -> None:
    """User-managed apps must say `me`: even one's own user id is refused."""
    if exchange.request.path_params["user_id"] != "me":
        raise api_error(400, 4700, "Invalid access token, does not contain scopes.")
