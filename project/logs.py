"""What the development server writes of each request: no query, as a provider's answer carries a code in its own."""

from __future__ import annotations

import logging
import re

QUERY = re.compile(r"\?\S*")


class WithoutQuery(logging.Filter):
    """Cuts the query off the addresses that a record is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(QUERY.sub("?…", value) if isinstance(value, str) else value for value in record.args)
        return True
