"""Everything that the sandbox holds, in memory: clients, accounts, meetings, faults, the log."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .clock import SandboxClock
from .faults import FaultBook
from .journal import Journal
from .outbox import Outbox
from .requestlog import RequestLog
from .zoom.models import ALL_SCOPES
from .zoom.store import ZoomStore

# What events are signed with where nothing else is said.
SANDBOX_SECRET_TOKEN = "sandbox"


@dataclass(slots=True)
class Options:
    """Switches for what vendors leave open, and for speed. Times in seconds."""

    reuse_kills_family: bool = False
    list_lag_seconds: float = 0.0
    latency_seconds: float = 0.0
    access_token_seconds: int = 3599
    refresh_token_seconds: int = 90 * 86400
    code_seconds: int = 300

    def change(self, values: dict[str, Any]) -> None:
        """Set some of them; raises ValueError for an unknown name or a wrong kind, and then changes none."""
        known = {option.name: type(getattr(self, option.name)) for option in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"Unknown option {name!r}. There are: {', '.join(known)}.")
            if (
                (known[name] is bool) != isinstance(value, bool)
                or not isinstance(value, (bool, int, float))
                or value < 0
            ):
                raise ValueError(f"Option {name} is {value!r}; it must be a {known[name].__name__}, not negative.")
        for name, value in values.items():
            setattr(self, name, known[name](value))


def webhook_objection(url: str) -> str:
    """Why nothing is sent there; empty when it may be. Nothing that the sandbox does leaves this machine."""
    host = urlsplit(url).hostname or ""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    return "" if is_loopback and url.startswith("http://") else "webhook_url must be an http:// address of loopback."


@dataclass(slots=True)
class Client:
    """An application registered with a provider."""

    client_id: str
    client_secret: str = field(repr=False)
    provider: str = "zoom"
    redirect_uris: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))
    allow_plain_pkce: bool = False
    # Where events are sent, signed with this token; nowhere while it is empty.
    webhook_url: str = ""
    webhook_secret_token: str = field(default=SANDBOX_SECRET_TOKEN, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The client as JSON, without its secrets."""
        values = asdict(self)
        del values["client_secret"], values["webhook_secret_token"]
        return values


@dataclass(frozen=True)
class Startup:
    """What the sandbox begins with, and returns to at a reset."""

    clients: tuple[Client, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    log: Path | None = None
    base_url: str = ""


class Sandbox:
    """The whole state, and its way back to the beginning."""

    def __init__(self, startup: Startup | None = None) -> None:
        self.startup = startup or Startup()
        self.clock = SandboxClock()
        self.journal = Journal(self.startup.log, self.clock)
        self.base_url = self.startup.base_url
        self._begin()

    def _begin(self) -> None:
        self.clock.offset_seconds = 0.0
        self.options = Options()
        self.faults = FaultBook()
        self.log = RequestLog()
        self.outbox = Outbox()
        self.clients: dict[tuple[str, str], Client] = {}
        for client in self.startup.clients:
            self.clients[client.provider, client.client_id] = _copy(client)
        for fault in self.startup.faults:
            self.faults.add(fault)
        self.zoom = ZoomStore(self.clock, self.journal, f"{self.base_url}/zoom")

    def reset(self) -> None:
        """Return to the state at start; the journal notes it and goes on."""
        self.outbox.close()
        self._begin()
        self.journal.write("reset", {})


def _copy(client: Client) -> Client:
    values = asdict(client)
    return Client(**values)
