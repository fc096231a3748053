"""What the app must be allowed to do (Zoom API reference, "OAuth scopes", granular and classic)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

# Each need under its granular name, with the classic scope that covers it too.
NEEDED = {
    "user:read:user": "user:read",
    "meeting:write:meeting": "meeting:write",
    "meeting:update:meeting": "meeting:write",
    "meeting:delete:meeting": "meeting:write",
    "meeting:read:meeting": "meeting:read",
    "meeting:read:list_meetings": "meeting:read",
}
# What each of them allows, for the page that says what a person has left off.
WORDS = {
    "user:read:user": gettext_lazy("see whose account it is"),
    "meeting:write:meeting": gettext_lazy("make meetings"),
    "meeting:update:meeting": gettext_lazy("change meetings"),
    "meeting:delete:meeting": gettext_lazy("remove meetings"),
    "meeting:read:meeting": gettext_lazy("read a meeting, its link and its passcode"),
    "meeting:read:list_meetings": gettext_lazy("list meetings, to find one whose answer was lost"),
}
WIDER = ("", ":admin", ":master")


def missing(granted: frozenset[str] | None) -> frozenset[str]:
    """The granular names of what is needed and not granted in any form; empty when Zoom did not say what it granted."""
    if granted is None:
        return frozenset()
    return frozenset(need for need, classic in NEEDED.items() if not granted & _names(need, classic))


def for_administrators(granted: frozenset[str]) -> bool:
    """Whether the app is one that only an administrator can add: these act on other people's accounts."""
    return any(scope.endswith(WIDER[1:]) for scope in granted)


def _names(*names: str) -> frozenset[str]:
    return frozenset(name + suffix for name in names for suffix in WIDER)
