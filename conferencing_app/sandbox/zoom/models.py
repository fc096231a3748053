"""What Zoom keeps: accounts with their policy, grants, meetings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# Both generations of names: Zoom API reference, "OAuth scopes" (classic and granular).
SCOPES_OF_OPERATION: dict[str, tuple[str, str]] = {
    "me": ("user:read:user", "user:read"),
    "settings": ("user:read:settings", "user:read"),
    "create": ("meeting:write:meeting", "meeting:write"),
    "update": ("meeting:update:meeting", "meeting:write"),
    "delete": ("meeting:delete:meeting", "meeting:write"),
    "get": ("meeting:read:meeting", "meeting:read"),
    "list": ("meeting:read:list_meetings", "meeting:read"),
    "invitation": ("meeting:read:invitation", "meeting:read"),
}
ALL_SCOPES = tuple(granular for granular, _classic in SCOPES_OF_OPERATION.values())
CLASSIC_SCOPES = ("meeting:read", "meeting:write", "user:read")


@dataclass(slots=True)
class Policy:
    """What the account's administrator decides, whatever a request says."""

    passcode_required: bool = False
    passcode_locked: bool = False
    passcode_minimum_length: int = 0
    waiting_room: bool = False
    waiting_room_locked: bool = False
    prefers_pmi: bool = False
    dial_in: bool = True


@dataclass(slots=True)
class Account:
    """One Zoom user, alone in a Zoom account. `type`: 1 basic, 2 licensed."""

    email: str
    display_name: str
    id: str
    account_id: str
    pmi: int
    pmi_password: str
    site: str  # the address under which this Zoom serves its links
    type: int = 2
    hosting: bool = True
    removed: bool = False
    timezone: str = "Europe/London"
    daily_limit: int = 100
    qps_limit: int | None = None
    policy: Policy = field(default_factory=Policy)

    def as_dict(self) -> dict[str, Any]:
        """The account as JSON for the control interface."""
        return asdict(self)


@dataclass(slots=True)
class Grant:
    """One account's permission to one client. Tokens are kept to answer for them, never shown."""

    account: Account
    client_id: str
    scopes: tuple[str, ...]
    refresh_token: str = field(repr=False, default="")
    refresh_expires: float = 0.0
    alive: bool = True
    refreshes: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The grant as JSON, without tokens."""
        return {
            "account": self.account.email,
            "client_id": self.client_id,
            "scopes": list(self.scopes),
            "alive": self.alive,
            "refreshes": self.refreshes,
        }


@dataclass(slots=True)
class Meeting:
    """One meeting. Times are in seconds since the epoch, `duration` in minutes."""

    id: int
    uuid: str
    host: Account
    topic: str
    type: int
    start: float | None
    duration: int
    timezone: str
    agenda: str
    password: str
    encrypted_password: str
    join_number: int
    settings: dict[str, Any]
    created: float
    tracking_fields: list[dict[str, Any]] = field(default_factory=list)
    pmi: bool = False
    updated: float | None = None
    updates: int = 0
    deleted: float | None = None
    created_by: str = "api"
    deleted_by: str | None = None
