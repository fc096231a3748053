"""What the app must be allowed to do (Zoom API reference, "OAuth scopes", granular and classic)."""

from __future__ import annotations

# Each need under its granular name, with the classic scope that covers it too.
NEEDED = {
    "user:read:user": "user:read",
    "meeting:write:meeting": "meeting:write",
    "meeting:update:meeting": "meeting:write",
    "meeting:delete:meeting": "meeting:write",
    "meeting:read:meeting": "meeting:read",
    "meeting:read:list_meetings": "meeting:read",
}
WIDER = ("", ":admin", ":master")


def missing(granted: frozenset[str] | None) -> frozenset[str]:
    """The granular names of what is needed and not granted in any form; empty when Zoom did not say what it granted."""
    if granted is None:
        return frozenset()
    return frozenset(need for need, classic in NEEDED.items() if not granted & _names(need, classic))


def _names(*names: str) -> frozenset[str]:
    return frozenset(name + suffix for name in names for suffix in WIDER)
