"""Which pages the demo site has, read from its URLconf. Run as a program: the suite itself has other settings.

python -m tests.browser.routes
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import django
from django.urls import URLPattern, URLResolver, get_resolver

# Of the admin only what the site and the app have put there, and their lists and forms: the rest is Django's own.
KINDS = "change|changelist|overview|try_now|test|disconnect|resend|recover|send_relink_mail"
OURS_IN_ADMIN = re.compile(f"admin:(bookings|conferencing_app)_.*_({KINDS})")


def routes(resolver: URLResolver, namespace: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """Name and whole route of each pattern."""
    for entry in resolver.url_patterns:
        whole = path + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name or whole}", whole
        else:
            yield from routes(entry, f"{entry.namespace}:" if entry.namespace else namespace, whole)


def main() -> None:
    django.setup()
    found = [
        (name, route)
        for name, route in routes(get_resolver())
        if not name.startswith("admin:") or OURS_IN_ADMIN.fullmatch(name)
    ]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
