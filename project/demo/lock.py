"""One demo at a time in a folder: two would share its database and its broker, and end each other's work."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from project.demo.processes import StartFailed


class Taken(StartFailed):
    """The folder belongs to a demo that is running."""


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold the folder while the block lasts, however it ends; gives the file to write down where the site is.

    Raises Taken, with what the holder has written down.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "serving"
    # Opened to append: whoever comes second must not empty what the first has written.
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = path.read_text().strip() or "it is just starting"
            raise Taken(f"It is running already in {folder}: {where}. Stop that one first.") from None
        path.write_text("")
        yield path
