"""The database that the suite runs on: SQLite, unless TEST_DATABASE_URL names another.

The suite uses threads and processes, so SQLite is a file, and one of its own for each run: two runs side by side do not
meet. Processes that a test starts inherit TEST_SQLITE_PATH or TEST_DATABASE_NAME, and so find the same database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

VAR_DIR = Path(__file__).resolve().parent.parent / "var"

# What a URL may begin with, and the marker of the tests that are about this database alone.
SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mariadb", "mariadb": "mariadb"}


def kind(url: str) -> str:
    """What this URL names: "sqlite" (empty), "postgresql" or "mariadb". Raises ValueError."""
    scheme = urlsplit(url).scheme
    if url and scheme not in SCHEMES:
        raise ValueError(f"TEST_DATABASE_URL must start with postgresql:// or mysql://, not {scheme}://")
    return SCHEMES[scheme] if url else "sqlite"


def configure(url: str) -> dict[str, Any]:
    """The entry in DATABASES for this URL; its query becomes OPTIONS. Raises ValueError."""
    return _CONFIGURED[kind(url)](url)


def _sqlite(_: str) -> dict[str, Any]:
    VAR_DIR.mkdir(exist_ok=True)
    path = os.environ.setdefault("TEST_SQLITE_PATH", str(VAR_DIR / f"test-{os.getpid()}.sqlite3"))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "TEST": {"NAME": path},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    test = {"CHARSET": "UTF8", "TEMPLATE": "template0"}
    return _server(url, 5432, test) | {"ENGINE": "tests.postgresql"}  # Django's own, emptied faster


def _mariadb(url: str) -> dict[str, Any]:
    # A collation that takes "A" and "a" for the same, as most servers have by default.
    test = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"}
    return _server(url, 3306, test) | {"ENGINE": "tests.mariadb"}  # Django's own, over PyMySQL, and emptied faster


def _server(url: str, port: int, test: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(url)
    name = parts.path.lstrip("/") or "conferencing"
    return {
        "NAME": os.environ.get("TEST_DATABASE_NAME", name),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": parts.port or port,
        "OPTIONS": dict(parse_qsl(parts.query)),
        "TEST": {"NAME": f"test_{name}", **test},
    }


_CONFIGURED: dict[str, Callable[[str], dict[str, Any]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mariadb": _mariadb,
}
