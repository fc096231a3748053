"""What Zoom accepts in a meeting's fields; everything else is 400 code 300."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from .errors import api_error, invalid

TOPIC_CHARACTERS = 200
AGENDA_CHARACTERS = 2000
PASSCODE = re.compile(r"[A-Za-z0-9@\-_*!#]{0,10}")
START_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z?")
MEETING_TYPES = (1, 2, 3)  # Zoom knows 8 and 10 as well; the sandbox refuses what it does not play
BOOLEAN_SETTINGS = frozenset(
    {
        "host_video",
        "participant_video",
        "join_before_host",
        "mute_upon_entry",
        "watermark",
        "use_pmi",
        "waiting_room",
        "meeting_authentication",
        "email_notification",
        "registrants_email_notification",
        "private_meeting",
        "push_change_to_calendar",
        "focus_mode",
        "show_share_button",
        "allow_multiple_devices",
    }
)
CHOICE_SETTINGS: dict[str, tuple[object, ...]] = {
    "audio": ("both", "telephony", "voip", "thirdParty"),
    "auto_recording": ("local", "cloud", "none"),
    "approval_type": (0, 1, 2),
    "jbh_time": (0, 5, 10, 15),
    "calendar_type": (1, 2),
}


def read_json(body: bytes) -> dict[str, Any]:
    """The request's JSON object; raises Refusal when it is something else."""
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        raise api_error(400, 300, "Request Body should be a valid JSON object.") from None
    if not isinstance(data, dict):
        raise api_error(400, 300, "Request Body should be a valid JSON object.")
    return data


def check_fields(data: dict[str, Any]) -> None:
    """Check every field but the times; raises Refusal for the first that is wrong. Unknown fields are ignored."""
    _check_text(data, "topic", TOPIC_CHARACTERS)
    _check_text(data, "agenda", AGENDA_CHARACTERS)
    _check_type(data)
    duration = data.get("duration")
    if duration is not None and (not _is_integer(duration) or not 1 <= duration <= 1440):
        raise invalid("duration", "The value must be an integer between 1 and 1440.")
    zone = data.get("timezone")
    if zone is not None and zone not in zones():
        raise invalid("timezone", "Invalid timezone.")
    password = data.get("password")
    if password is not None and (not isinstance(password, str) or not PASSCODE.fullmatch(password)):
        raise invalid("password", "Passcode may only contain a-z A-Z 0-9 @ - _ * ! # and have 10 characters at most.")
    _check_settings(data.get("settings"))


def parse_start(data: dict[str, Any], default_zone: str) -> float | None:
    """`start_time` in seconds since the epoch, or None when it is missing; raises Refusal for another form."""
    text = data.get("start_time")
    if text is None or text == "":
        return None
    if not isinstance(text, str) or not START_TIME.fullmatch(text):
        raise invalid("start_time", "Invalid field. The format is yyyy-MM-ddTHH:mm:ssZ or yyyy-MM-ddTHH:mm:ss.")
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        raise invalid("start_time", "Invalid field. There is no such date or time.") from None
    if text.endswith("Z"):
        return moment.replace(tzinfo=UTC).timestamp()
    return moment.replace(tzinfo=ZoneInfo(data.get("timezone") or default_zone)).timestamp()


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of time zones that are accepted."""
    return frozenset(available_timezones())


def _check_text(data: dict[str, Any], name: str, limit: int) -> None:
    text = data.get(name)
    if text is None:
        return
    if not isinstance(text, str):
        raise invalid(name, "Invalid field. A string is required.")
    if len(text) > limit:
        raise invalid(name, f"The length must be less than or equal to {limit}.")


def _check_type(data: dict[str, Any]) -> None:
    kind = data.get("type")
    if kind is not None and (not _is_integer(kind) or kind not in MEETING_TYPES):
        raise invalid("type", "Invalid field. The value must be 1, 2 or 3.")


def _check_settings(settings: Any) -> None:
    if settings is None:
        return
    if not isinstance(settings, dict):
        raise invalid("settings", "Invalid field. An object is required.")
    for name, value in settings.items():
        if name in BOOLEAN_SETTINGS and not isinstance(value, bool):
            raise invalid(f"settings.{name}", "Invalid field. A boolean is required.")
        if name in CHOICE_SETTINGS and value not in CHOICE_SETTINGS[name]:
            raise invalid(f"settings.{name}", "Invalid field. The value is not one of those allowed.")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
