"""The wish that this process ends: slices then claim nothing more and finish what is under way."""

from __future__ import annotations

import mmap
import time

STEP_SECONDS = 0.1


class Stop:
    """A flag that may be set inside a signal's handler, and be seen by processes that are forked later.

    An Event of ``threading`` is neither: its lock may be held by the very code that the signal interrupts.
    """

    def __init__(self) -> None:
        self._asked = False
        self._shared: mmap.mmap | None = None

    def share(self) -> None:
        """From now on forked processes see it set as soon as any of them sets it."""
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Ask."""
        self._asked = True
        if self._shared is not None:
            self._shared[0] = 1

    def is_set(self) -> bool:
        """Whether it was asked for."""
        return self._asked or (self._shared is not None and self._shared[0] == 1)

    def wait(self, seconds: float) -> bool:
        """Sleep for so long, or until it is asked for; whether it was."""
        until = time.monotonic() + seconds
        while not self.is_set() and (left := until - time.monotonic()) > 0:
            time.sleep(min(STEP_SECONDS, left))
        return self.is_set()
