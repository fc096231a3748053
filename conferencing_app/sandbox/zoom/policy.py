"""What becomes of the wishes for passcode and waiting room under the account's policy.

Zoom keeps one security option on every meeting and overwrites what a request says where the
administrator has decided (Zoom changelog, "meeting API security enhancements").
"""

from __future__ import annotations

from typing import Any

from .errors import invalid
from .models import Account
from .store import new_passcode

DEFAULT_SETTINGS: dict[str, Any] = {
    "host_video": False,
    "participant_video": False,
    "join_before_host": False,
    "jbh_time": 0,
    "mute_upon_entry": False,
    "watermark": False,
    "use_pmi": False,
    "approval_type": 2,
    "audio": "both",
    "auto_recording": "none",
    "alternative_hosts": "",
    "meeting_authentication": False,
    "email_notification": True,
    "private_meeting": False,
    "waiting_room": False,
}


def decide_passcode(account: Account, data: dict[str, Any]) -> str:
    """The passcode that a new meeting gets."""
    wished = data.get("password")
    waiting_room = (data.get("settings") or {}).get("waiting_room")
    if data.get("default_password") is True or account.policy.passcode_locked:
        return new_passcode()
    if wished:
        return check_passcode(account, wished)
    # Both left out: the user's settings apply and a passcode is generated (Zoom, 2025-03-24).
    if account.policy.passcode_required or (wished is None and waiting_room is None):
        return new_passcode()
    return ""


def check_passcode(account: Account, wished: str) -> str:
    """The wished passcode; raises Refusal when the account asks for a longer one."""
    if len(wished) < account.policy.passcode_minimum_length:
        shortest = account.policy.passcode_minimum_length
        raise invalid("password", f"Passcode must have at least {shortest} characters.")
    return wished


def decide_settings(account: Account, wished: dict[str, Any], current: dict[str, Any], passcode: str) -> dict[str, Any]:
    """The settings that a meeting really has: the wishes over the current ones, then the policy over both."""
    settings = {**current, **wished}
    if "waiting_room" not in wished and not current:
        settings["waiting_room"] = account.policy.waiting_room
    settings = {**DEFAULT_SETTINGS, **settings}
    secured = passcode or settings["meeting_authentication"]
    if account.policy.waiting_room_locked or not secured:
        settings["waiting_room"] = True
    if settings["waiting_room"]:
        settings["join_before_host"] = False
    return settings


def uses_pmi(account: Account, data: dict[str, Any]) -> bool:
    """Left out, the user's own preference decides: the reason why everybody's meetings can be one and the same."""
    wished = (data.get("settings") or {}).get("use_pmi")
    return account.policy.prefers_pmi if wished is None else bool(wished)
