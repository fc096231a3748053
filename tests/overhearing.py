"""What every logger says, and the forms in which a secret may be written."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote


class Everything(logging.Handler):
    """Keeps each line that any logger writes, with its arguments and its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.formatter = logging.Formatter("%(name)s %(message)s")
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args!r}")


@contextmanager
def everything_logged() -> Iterator[Everything]:
    """Every logger at DEBUG, those that don't propagate included."""
    handler = Everything()
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        if logger.parent is None or not logger.propagate:
            logger.addHandler(handler)
    yield handler
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers = handlers


def shapes(secret: str) -> list[str]:
    """The secret as it may be written."""
    raw = secret.encode()
    return [secret, quote(secret, safe=""), base64.b64encode(raw).decode().rstrip("="), raw.hex()]
