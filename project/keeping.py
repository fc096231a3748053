"""Secrets of one checkout: made at first use, kept in a file that only its owner may read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """What the file holds; ``make`` writes it the first time.

    Several processes may start at once: the first to link its finished file into place wins, and all read that one.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(make())
            os.link(draft, path)
        except FileExistsError:
            pass  # Another process was first; its secret counts.
        finally:
            os.unlink(draft)
    return path.read_text(encoding="utf-8").strip()
