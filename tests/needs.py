"""What a test may need beyond Python, whether it is there, and the line that gives it.

Markers say what a test needs (pyproject.toml); the suite runs without any of it, and says at its end what it left out.
With REQUIRE_SERVICES=1 whatever is missing is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.databases import kind

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> str | None:
    """The browser's program: CHROMIUM, or the first of the usual names on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def database() -> str:
    """This run's: "sqlite", "postgresql" or "mariadb"."""
    return kind(os.environ.get("TEST_DATABASE_URL", ""))


def given(variable: str) -> bool:
    return bool(os.environ.get(variable))


@dataclass(frozen=True)
class Need:
    label: str
    present: Callable[[], bool]
    why: str
    enable: str
    elsewhere: Callable[[], bool] = lambda: False
    """True when another run of the suite covers these tests."""
    always: bool = False
    """REQUIRE_SERVICES asks for it even where no test of this run does."""

    def is_lacking(self) -> bool:
        return not self.present() and not self.elsewhere()


NEEDS = {
    "browser": Need(
        "browser",
        lambda: chromium_path() is not None,
        "no Chromium found",
        "apt-get install chromium, or CHROMIUM=/path/to/chromium make test",
        always=True,
    ),
    "sqlite": Need(
        "SQLite",
        lambda: database() == "sqlite",
        "this run's database is another",
        "make test",
        elsewhere=lambda: True,
    ),
    "postgresql": Need(
        "PostgreSQL",
        lambda: database() == "postgresql",
        "this run's database is another",
        "TEST_DATABASE_URL=postgresql://user:password@127.0.0.1:5432/conferencing make test",
        elsewhere=lambda: given("POSTGRES_URL"),  # whoever gives it runs the suite there as well
        always=True,
    ),
    "mariadb": Need(
        "MariaDB",
        lambda: database() == "mariadb",
        "this run's database is another",
        "TEST_DATABASE_URL=mysql://user:password@127.0.0.1:3306/conferencing make test",
        elsewhere=lambda: True,  # make test-all runs the suite there
    ),
    "redis": Need(
        "Redis",
        lambda: given("REDIS_URL"),
        "no REDIS_URL",
        "REDIS_URL=redis://127.0.0.1:6379/0 make test",
        always=True,
    ),
    "rabbitmq": Need(
        "RabbitMQ",
        lambda: given("RABBITMQ_URL"),
        "no RABBITMQ_URL",
        "RABBITMQ_URL=amqp://guest:guest@127.0.0.1:5672// make test",
        elsewhere=lambda: True,  # make test-all gives it
    ),
}


def services_required() -> bool:
    return os.environ.get("REQUIRE_SERVICES", "") not in ("", "0")
