"""Faults to order: what may go wrong on a provider's side, per operation, a number of times."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

ENVIRONMENT_VARIABLE = "CONFERENCING_SANDBOX_FAULTS"
ACTIONS = frozenset(
    {"status", "html", "malformed", "delay", "delay_before", "drop_after", "drop_before", "ignore", "list_lag"}
)
OPERATIONS = frozenset(
    {
        "authorize",
        "consent",
        "token.code",
        "token.refresh",
        "revoke",
        "me",
        "settings",
        "create",
        "get",
        "update",
        "delete",
        "list",
        "invitation",
        "join",
        "*",
    }
)
PROVIDERS = frozenset({"zoom"})
IGNORABLE = frozenset({"update", "delete"})
FIELDS = frozenset({"provider", "operation", "action", "status", "body", "headers", "seconds", "times", "account"})
HOSTING_OFF = {"code": 3161, "message": "Your user account is not allowed meeting hosting and scheduling capabilities."}
SHORT_WORDS: dict[str, dict[str, Any]] = {
    "refuse-creates": {"operation": "create", "action": "status", "status": 400, "body": HOSTING_OFF},
    "ignore-updates": {"operation": "update", "action": "ignore"},
    "ignore-deletes": {"operation": "delete", "action": "ignore"},
}


class FaultError(ValueError):
    """A fault that cannot be understood; the message says what to write instead."""


@dataclass(slots=True)
class Fault:
    """One ordered fault. `times` counts down to removal; None means for ever. `seconds` is a wait."""

    id: int
    provider: str
    operation: str
    action: str
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    times: int | None = None
    account: str | None = None
    used: int = 0

    def matches(self, provider: str, operation: str, account: str | None) -> bool:
        """Whether this fault is meant for that request."""
        return (
            self.provider == provider
            and self.operation in ("*", operation)
            and (self.account is None or self.account == account)
        )

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON, with its id and how often it has struck."""
        return {name: getattr(self, name) for name in ("id", *sorted(FIELDS), "used")}


class FaultBook:
    """The faults in force, in the order in which they were given; the first that matches strikes."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._last_id = 0

    def add(self, data: Any) -> Fault:
        """Validate and add one; raises FaultError."""
        fault = parse_fault(data, self._last_id + 1)
        self._last_id += 1
        self.faults.append(fault)
        return fault

    def take(self, provider: str, operation: str, account: str | None) -> Fault | None:
        """The fault that strikes this request, counted down."""
        if not self.faults:
            return None
        for fault in self.faults:
            if fault.action != "list_lag" and fault.matches(provider, operation, account):
                self._use(fault)
                return fault
        return None

    def list_lag_seconds(self, provider: str, account: str) -> float:
        """How long new meetings stay out of this account's list: the longest lag ordered."""
        lags = [
            fault for fault in self.faults if fault.action == "list_lag" and fault.matches(provider, "list", account)
        ]
        for fault in lags:
            self._use(fault)
        return max((fault.seconds for fault in lags), default=0.0)

    def remove(self, fault_id: int) -> bool:
        """Remove one by id; False when there is none."""
        before = len(self.faults)
        self.faults = [fault for fault in self.faults if fault.id != fault_id]
        return len(self.faults) < before

    def clear(self) -> None:
        """Remove all."""
        self.faults = []

    def _use(self, fault: Fault) -> None:
        fault.used += 1
        if fault.times is not None and fault.used >= fault.times:
            self.faults = [other for other in self.faults if other is not fault]


def parse_fault(data: Any, fault_id: int) -> Fault:
    """Build a Fault from JSON; raises FaultError naming the field and what it may hold."""
    if not isinstance(data, dict):
        raise FaultError(f"A fault is a JSON object, not {type(data).__name__}.")
    unknown = sorted(set(data) - FIELDS)
    if unknown:
        raise FaultError(f"Unknown field {unknown[0]!r}. A fault has: {', '.join(sorted(FIELDS))}.")
    values = {"provider": "zoom", "operation": "*", **data}
    _check_choice(values, "provider", PROVIDERS)
    _check_choice(values, "operation", OPERATIONS)
    _check_choice(values, "action", ACTIONS)
    _check_number(values, "seconds", float, 0)
    _check_number(values, "times", int, 1)
    _check_number(values, "status", int, 200)
    if values["action"] == "ignore" and values["operation"] not in IGNORABLE:
        raise FaultError("'ignore' answers success without doing anything: only for the operations update and delete.")
    headers = values.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
        raise FaultError("headers is an object of names and texts.")
    values["headers"] = headers
    values["seconds"] = float(values.get("seconds") or 0)
    return Fault(id=fault_id, **values)


def _check_choice(values: dict[str, Any], name: str, allowed: frozenset[str]) -> None:
    if values.get(name) not in allowed:
        raise FaultError(f"{name} is {values.get(name)!r}; it must be one of: {', '.join(sorted(allowed))}.")


def _check_number(values: dict[str, Any], name: str, kind: type[int] | type[float], minimum: int) -> None:
    value = values.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, kind)) or value < minimum:
        raise FaultError(f"{name} is {value!r}; it must be a number from {minimum} up.")


def parse_startup_faults(text: str) -> list[dict[str, Any]]:
    """Read the environment's faults: a JSON list as posted to `/_control/faults`, or short words with commas.

    Raises FaultError.
    """
    text = text.strip()
    if not text:
        return []
    if not text.startswith(("[", "{")):
        return [_short_word(word.strip()) for word in text.split(",") if word.strip()]
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise FaultError(f"not valid JSON ({error}).") from error
    if not isinstance(items, list):
        raise FaultError('a JSON list is needed, for example [{"operation": "create", "action": "status"}].')
    for item in items:
        parse_fault(item, 0)
    return items


def _short_word(word: str) -> dict[str, Any]:
    if word not in SHORT_WORDS:
        raise FaultError(f"unknown word {word!r}; use {', '.join(SHORT_WORDS)}, or a JSON list of faults.")
    return dict(SHORT_WORDS[word])
