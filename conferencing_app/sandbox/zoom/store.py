"""Zoom's state and its only writers: every change of a meeting or grant is noted in the journal."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field

from conferencing_app.sandbox.clock import SandboxClock
from conferencing_app.sandbox.journal import Journal

from .models import Account, Grant, Meeting, Policy
from .rendering import meeting_truth

DEFAULT_ACCOUNTS = (("alice.zoom@example.com", "Alice Archer"), ("bob.zoom@example.com", "Bob Baker"))
PASSCODE_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(slots=True)
class Authorization:
    """A consent page that was shown, and the code that it led to. Single use each."""

    client_id: str
    redirect_uri: str
    state: str | None
    challenge: str | None
    challenge_method: str | None
    expires: float
    account: Account | None = None
    scopes: tuple[str, ...] = ()


@dataclass(slots=True)
class AccessToken:
    """What a bearer token stands for."""

    grant: Grant
    expires: float


@dataclass(slots=True)
class Usage:
    """An account's counters: creates and updates of one UTC day, calls of the last second."""

    day: str = ""
    writes: int = 0
    recent_calls: deque[float] = field(default_factory=deque)


class ZoomStore:
    """All of Zoom's records, by the keys under which requests look them up."""

    def __init__(self, clock: SandboxClock, journal: Journal, site: str) -> None:
        self.site = site
        self.clock = clock
        self.journal = journal
        self.accounts: dict[str, Account] = {}
        self.grants: dict[tuple[str, str], Grant] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, Grant] = {}
        self.spent_refresh_tokens: dict[str, Grant] = {}
        self.consents: dict[str, Authorization] = {}
        self.codes: dict[str, Authorization] = {}
        self.spent_codes: dict[str, Authorization] = {}
        self.meetings: dict[int, Meeting] = {}
        self.live_by_host: dict[str, dict[int, Meeting]] = {}
        self.usage: dict[str, Usage] = {}
        self.pages: dict[str, tuple[str, str, int, float]] = {}
        self._last_number = 80_000_000_000 + secrets.randbelow(1_000_000_000)
        for email, name in DEFAULT_ACCOUNTS:
            self.add_account(email, name)

    def add_account(self, email: str, display_name: str) -> Account:
        """Register a licensed user with an account of its own."""
        account = Account(
            email=email,
            display_name=display_name,
            id=secrets.token_urlsafe(16),
            account_id=secrets.token_urlsafe(16),
            pmi=self.new_number() - 70_000_000_000,
            pmi_password=new_passcode(),
            site=self.site,
            policy=Policy(),
        )
        self.accounts[email] = account
        self.live_by_host[email] = {}
        self.usage[email] = Usage()
        return account

    def new_number(self) -> int:
        """An unused meeting number: eleven digits, beyond 32 bits."""
        self._last_number += 1 + secrets.randbelow(9)
        return self._last_number

    def add_meeting(self, meeting: Meeting) -> None:
        """Commit a new meeting."""
        self.meetings[meeting.id] = meeting
        self.live_by_host[meeting.host.email][meeting.id] = meeting
        self.note("meeting.created", meeting)

    def touch_meeting(self, meeting: Meeting) -> None:
        """Commit a change that was made to a meeting."""
        meeting.updated = self.clock.timestamp()
        meeting.updates += 1
        self.note("meeting.updated", meeting)

    def delete_meeting(self, meeting: Meeting, by: str) -> None:
        """Delete a live meeting; its record stays for whoever judges. `by`: api, hand or removal."""
        meeting.deleted = self.clock.timestamp()
        meeting.deleted_by = by
        self.live_by_host[meeting.host.email].pop(meeting.id, None)
        self.note("meeting.deleted", meeting)

    def live_meeting(self, meeting_id: int) -> Meeting | None:
        """The meeting of that number, unless deleted."""
        meeting = self.meetings.get(meeting_id)
        return meeting if meeting is not None and meeting.deleted is None else None

    def end_grant(self, grant: Grant, why: str) -> None:
        """Kill a grant and every token of it."""
        if not grant.alive:
            return
        grant.alive = False
        self.refresh_tokens.pop(grant.refresh_token, None)
        if grant.refresh_token:
            self.spent_refresh_tokens[grant.refresh_token] = grant
        self.journal.write("grant.ended", {**grant.as_dict(), "why": why})

    def note(self, kind: str, meeting: Meeting) -> None:
        """Write a meeting's whole truth to the journal."""
        if self.journal.enabled:
            self.journal.write(kind, {"meeting": meeting_truth(meeting)})


def new_passcode() -> str:
    """Six characters, as Zoom generates them."""
    return "".join(secrets.choice(PASSCODE_ALPHABET) for _ in range(6))
