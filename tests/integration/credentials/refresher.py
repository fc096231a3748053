"""A process of its own that wants a token many times at once; started by the tests of this folder.

Arguments: the sandbox's URL, the profile's primary key, how many tasks. Reads a line before it begins, so that
several can begin together. Prints one line of JSON: how many calls were served, and every error.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402  Django must be set up first

from conferencing_app.services import credentials, grants  # noqa: E402
from conferencing_app.testing import sandbox_settings  # noqa: E402


def serve(profile_id: int) -> str:
    """One task: get a token and call with it; empty, or what went wrong."""
    try:
        token = credentials.access_token(profile_id)
        grants.flow_of("zoom").identify(token)
    except Exception as error:  # whatever it is, the test wants to read it
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    url, profile_id, tasks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    settings.DEBUG = True
    for name, value in sandbox_settings(url, settings.CONFERENCING_BASE_URL).items():
        setattr(settings, name, value)
    threads = 8  # a server has a limited number of connections
    if connection.vendor == "sqlite":
        # All at once. They want the one write lock, which is given to nobody in particular: longer than a slow machine
        # takes to serve them all.
        threads = tasks
        connection.settings_dict["OPTIONS"]["timeout"] = 90
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        errors: list[Any] = [text for text in pool.map(serve, [profile_id] * tasks) if text]
    print(json.dumps({"served": tasks - len(errors), "errors": errors}), flush=True)


main()
