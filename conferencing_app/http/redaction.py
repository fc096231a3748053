"""Keeps what we send and receive out of logs, whatever level the site logs at.

requests-oauthlib and oauthlib log tokens and secrets at DEBUG, urllib3 logs each address with its query. Their
loggers belong to the whole process, so only what is logged during our own calls is held back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SILENT = frozenset({"requests_oauthlib", "oauthlib", "requests", "urllib3", "charset_normalizer"})

_state = threading.local()


class _HoldBack(logging.Filter):
    """Lets nothing through that is logged while the current thread is inside ``silence``."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_state, "depth", 0)


_hold_back = _HoldBack()


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that the libraries log about a call gets out of this block."""
    _state.depth = getattr(_state, "depth", 0) + 1
    try:
        yield
    finally:
        _state.depth -= 1


def guard_loggers() -> None:
    """Put the filter on each logger of these libraries, once they are imported: a filter does not reach children."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in SILENT:
            logging.getLogger(name).addFilter(_hold_back)
