"""What the contract suite must know of a provider. Each has a small file with its case; conftest lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conferencing_app.providers.types import InboundEvent


@dataclass(frozen=True)
class Answer:
    """An answer that the sandbox is told to give instead of carrying the operation out."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    action: str = "status"


@dataclass(frozen=True)
class InboundCase:
    """How a service signs what it sends, by its own documentation.

    ``sign`` makes the headers for a secret, a body and the moment of sending (seconds since the epoch). ``told`` are
    bodies with what they mean, ``of_no_concern`` some that mean nothing to the app. ``challenge`` is a body that asks
    for a proof, ``proof`` the answer to it under a secret; None where the service does not ask.
    """

    option: str
    sign: Callable[[str, bytes, int], Mapping[str, str]]
    told: tuple[tuple[bytes, InboundEvent], ...]
    of_no_concern: tuple[bytes, ...]
    window_seconds: int
    challenge: bytes | None = None
    proof: Callable[[str], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class ProviderCase:
    """One provider as the suite sees it.

    ``operations`` maps the contract's methods to the sandbox's names for them. ``refusals`` are answers by which the
    service refuses a create for good, ``lost_user`` those that mean that the person is gone there.
    """

    alias: str
    backend: str
    credentials: Mapping[str, str]
    account: str
    other_account: str
    operations: Mapping[str, str]
    refusals: tuple[Answer, ...]
    lost_user: tuple[Answer, ...]
    rate_limits: tuple[Answer, ...]
    refresh_tokens_rotate: bool
    scopes_to_untick: tuple[str, ...]
    title_limit: int
    inbound: InboundCase | None = None
