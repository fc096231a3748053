"""The durable record: one JSON line for each change of state and each request, flushed at once.

Whoever judges a run reads this file afterwards. It holds no token, code, secret or host link.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from .clock import SandboxClock, iso_precise


class Journal:
    """Appends to a file, or does nothing when there is none."""

    def __init__(self, path: Path | None, clock: SandboxClock) -> None:
        self._clock = clock
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None

    @property
    def enabled(self) -> bool:
        """Whether lines go anywhere; lets hot paths skip the making of them."""
        return self._file is not None

    def write(self, kind: str, facts: dict[str, Any]) -> None:
        """Append one line: `{"kind": …, "at": …, **facts}`."""
        if self._file is None:
            return
        line = {"kind": kind, "at": iso_precise(self._clock.timestamp()), **facts}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        if self._file is not None:
            self._file.close()
            self._file = None
