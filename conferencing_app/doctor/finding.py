"""What a look brings up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. ``level`` is "error" or "warning", ``hint`` the line to paste or to run."""

    id: str
    level: str
    message: str
    hint: str


Look = Callable[[], Iterator[Finding]]
