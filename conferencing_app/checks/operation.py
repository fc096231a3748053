"""Checks of what those who run the site set: how long rows are kept, and the way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error

from conferencing_app.conf import settings
from conferencing_app.doctor import lines
from conferencing_app.provisioning import pruning


def check_operation() -> Iterator[CheckMessage]:
    """How long rows are kept, and the way out."""
    yield from _retention(settings.RETENTION)
    if settings.HTTP_PROXY and not _is_proxy(settings.HTTP_PROXY):
        yield Error(  # without the value: it may hold a password
            "CONFERENCING_HTTP_PROXY is not the address of a proxy: http or https, a host, maybe a port.",
            hint=lines.HTTP_PROXY,
            id="conferencing.E026",
        )


def _retention(given: Any) -> Iterator[CheckMessage]:
    if not isinstance(given, Mapping):
        return  # said by check_types
    for name, days in given.items():
        if name not in pruning.OLD:
            problem = f"{name!r} is not a table of which the retention can be chosen"
        elif isinstance(days, bool) or not isinstance(days, int) or days < 1:
            problem = f"{name!r} must have a whole number of days above 0"
        else:
            continue
        hint = f"CONFERENCING_RETENTION = {{{', '.join(f'{table!r}: 90' for table in pruning.OLD)}}}"
        yield Error(f"CONFERENCING_RETENTION: {problem}.", hint=hint, id="conferencing.E027")


def _is_proxy(url: Any) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, TypeError, AttributeError):
        return False
    return usable and parts.path in ("", "/") and not parts.query and not parts.fragment
