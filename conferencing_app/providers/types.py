"""What passes between the app and its providers: frozen dataclasses, no models, no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Capability(StrEnum):
    """What a provider can do, for the planner and for pages."""

    PASSCODE = "passcode"
    DIAL_IN = "dial_in"
    UPDATE = "update"
    DELETE = "delete"
    READ = "read"  # a meeting can be read back by its id
    FIND = "find"  # a meeting can be looked for by our marker
    IDEMPOTENT_CREATE = "idempotent_create"  # the same create call again gives the same meeting
    DAILY_CAP = "daily_cap"


@dataclass(frozen=True)
class MeetingSpec:
    """What a meeting should be, in no provider's terms. ``start`` and ``end`` are aware, in UTC."""

    title: str
    description: str
    start: datetime
    end: datetime
    tzid: str


@dataclass(frozen=True)
class DialIn:
    """One telephone number by which to join; ``country`` is ISO 3166-1 alpha-2."""

    number: str
    country: str = ""
    label: str = ""
    toll_free: bool = False


@dataclass(frozen=True)
class MeetingDetails:
    """A real meeting as the provider reports it. ``host_url`` starts it as its host: a secret, never shown to guests.

    An empty ``host_url`` in an answer means "not told". ``start`` is what the provider holds, where it says so.
    """

    meeting_id: str
    join_url: str
    passcode: str = ""
    dial_in: tuple[DialIn, ...] = ()
    host_url: str = field(default="", repr=False)
    start: datetime | None = None


@dataclass(frozen=True)
class AccessToken:
    """What a call needs to act for a person. ``api_url`` is the base that the provider assigned, or empty."""

    value: str = field(repr=False)
    api_url: str = ""


@dataclass(frozen=True)
class Tokens:
    """A grant as a token endpoint gave it. ``refresh_token`` None means: keep the one you have.

    ``expires_in`` is in seconds from the answer. ``scopes`` are those granted, or None where not told.
    """

    access_token: str = field(repr=False)
    expires_in: float
    refresh_token: str | None = field(default=None, repr=False)
    scopes: frozenset[str] | None = None
    api_url: str = ""


@dataclass(frozen=True)
class MeetingChanged:
    """A provider says that something of this meeting has changed that people may have been told: link, passcode…"""

    meeting_id: str


@dataclass(frozen=True)
class MeetingDeleted:
    """A provider says that this meeting was deleted."""

    meeting_id: str


@dataclass(frozen=True)
class Deauthorized:
    """A person has removed the app from their account at the provider: ``account_id`` as in :class:`Identity`.

    ``at`` is when, by the provider's clock.
    """

    account_id: str
    at: datetime


InboundEvent = MeetingChanged | MeetingDeleted | Deauthorized


@dataclass(frozen=True)
class Identity:
    """Who a grant belongs to. ``account_id`` never changes at the provider; ``label`` is for people (an e-mail)."""

    account_id: str
    label: str
    name: str = ""
