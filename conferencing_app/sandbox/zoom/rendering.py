"""How Zoom writes its records as JSON (Zoom API reference, Users and Meetings)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

from conferencing_app.sandbox.clock import iso, iso_precise

from .models import Account, Meeting

LIST_AGENDA_CHARACTERS = 250
DIAL_IN_NUMBERS = [
    {"country": "US", "country_name": "US", "city": "New York", "number": "+1 6465588656", "type": "toll"},
    {"country": "DE", "country_name": "Germany", "city": "Frankfurt", "number": "+49 6971049922", "type": "toll"},
]


def user(account: Account) -> dict[str, Any]:
    """The body of `GET /users/me`."""
    first, _space, last = account.display_name.partition(" ")
    return {
        "id": account.id,
        "first_name": first,
        "last_name": last,
        "display_name": account.display_name,
        "email": account.email,
        "type": account.type,
        "role_name": "Owner",
        "pmi": account.pmi,
        "use_pmi": account.policy.prefers_pmi,
        "personal_meeting_url": f"{account.site}/j/{account.pmi}?pwd={link_password(account.pmi_password)}",
        "timezone": account.timezone,
        "verified": 1,
        "account_id": account.account_id,
        "status": "active",
        "language": "en-US",
        "created_at": "2021-03-01T09:00:00Z",
    }


def user_settings(account: Account) -> dict[str, Any]:
    """The body of `GET /users/me/settings`: the part that concerns scheduling."""
    policy = account.policy
    return {
        "schedule_meeting": {
            "default_password_for_scheduled_meetings": "",
            "require_password_for_scheduling_new_meetings": policy.passcode_required,
            "use_pmi_for_scheduled_meetings": policy.prefers_pmi,
            "join_before_host": False,
            "meeting_password_requirement": {"length": policy.passcode_minimum_length},
        },
        "in_meeting": {"waiting_room": policy.waiting_room or policy.waiting_room_locked},
        "telephony": {"third_party_audio": False, "show_international_numbers_link": has_dial_in(account)},
        "feature": {"meeting_capacity": 100 if account.type == 1 else 300},
    }


def meeting(record: Meeting) -> dict[str, Any]:
    """The body of create and get: with `start_url`, which logs its bearer in as the host."""
    body = {
        **_summary(record),
        "host_email": record.host.email,
        "status": "waiting",
        "agenda": record.agenda,
        "start_url": f"{record.host.site}/s/{record.join_number}?zak={secrets.token_urlsafe(48)}",
        "settings": {
            **record.settings,
            "global_dial_in_numbers": DIAL_IN_NUMBERS if has_dial_in(record.host) else [],
            "global_dial_in_countries": ["US", "DE"] if has_dial_in(record.host) else [],
        },
        "creation_source": "open_api",
        "pre_schedule": False,
    }
    if record.tracking_fields:
        body["tracking_fields"] = record.tracking_fields
    if record.pmi:
        body["pmi"] = str(record.join_number)
    return body | _passcodes(record)


def list_item(record: Meeting) -> dict[str, Any]:
    """One item of a list: no passcode, no settings, and only the beginning of the agenda."""
    item = _summary(record)
    item["agenda"] = record.agenda[:LIST_AGENDA_CHARACTERS]
    if record.pmi:
        item["pmi"] = str(record.join_number)
    return item


def meeting_truth(record: Meeting) -> dict[str, Any]:
    """Everything about a meeting but the host's link, for the control interface and the journal."""
    return {
        **_summary(record),
        "agenda": record.agenda,
        "host_email": record.host.email,
        "password": record.password,
        "settings": record.settings,
        "pmi": record.pmi,
        "live": record.deleted is None,
        "created_at": iso_precise(record.created),
        "updated_at": _maybe(record.updated),
        "updates": record.updates,
        "deleted_at": _maybe(record.deleted),
        "created_by": record.created_by,
        "deleted_by": record.deleted_by,
    }


def invitation(record: Meeting) -> dict[str, Any]:
    """The body of `GET /meetings/{id}/invitation`."""
    lines = [
        f"{record.host.display_name} is inviting you to a scheduled Zoom meeting.",
        "",
        f"Topic: {record.topic}",
        f"Time: {start_text(record) or 'at any time'}",
        "",
        "Join Zoom Meeting",
        join_url(record),
        "",
        f"Meeting ID: {record.join_number}",
    ]
    if record.password:
        lines.append(f"Passcode: {record.password}")
    return {"invitation": "\r\n".join(lines) + "\r\n", "sip_links": []}


def join_url(record: Meeting) -> str:
    """The guests' link; it carries the passcode in a form of its own, so it changes with the passcode."""
    base = f"{record.host.site}/j/{record.join_number}"
    return f"{base}?pwd={record.encrypted_password}" if record.encrypted_password else base


def link_password(password: str) -> str:
    """The `pwd=` form of a passcode: opaque, and always the same for the same passcode."""
    if not password:
        return ""
    digest = hashlib.sha256(b"sandbox" + password.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")[:30] + ".1"


def start_text(record: Meeting) -> str | None:
    """The start in UTC, or None for a meeting without a time."""
    return iso(datetime.fromtimestamp(record.start, UTC)) if record.start is not None else None


def has_dial_in(account: Account) -> bool:
    """Basic users have no telephone numbers, nor has an account without an audio plan."""
    return account.type == 2 and account.policy.dial_in


def _summary(record: Meeting) -> dict[str, Any]:
    summary = {
        "uuid": record.uuid,
        "id": record.id,
        "host_id": record.host.id,
        "topic": record.topic,
        "type": record.type,
        "duration": record.duration,
        "timezone": record.timezone,
        "created_at": iso(datetime.fromtimestamp(record.created, UTC)),
        "join_url": join_url(record),
    }
    if record.start is not None:
        summary["start_time"] = start_text(record)
    return summary


def _passcodes(record: Meeting) -> dict[str, Any]:
    if not record.password:
        return {}
    digits = str(int(hashlib.sha256(record.password.encode()).hexdigest(), 16))[:6]
    return {
        "password": record.password,
        "h323_password": digits,
        "pstn_password": digits,
        "encrypted_password": record.encrypted_password,
    }


def _maybe(timestamp: float | None) -> str | None:
    return iso_precise(timestamp) if timestamp is not None else None
