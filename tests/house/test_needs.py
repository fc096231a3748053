"""The suite leaves nothing out in silence: each run here is a real one of pytest, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases, needs

ROOT = Path(__file__).resolve().parents[2]
PROBE = ROOT / "tests" / "house" / "probes" / "probe_needs.py"
SERVICES = ("REQUIRE_SERVICES", "TEST_DATABASE_URL", "POSTGRES_URL", "REDIS_URL", "RABBITMQ_URL", "CHROMIUM")


def run_probe(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in (*SERVICES, "TEST_SQLITE_PATH")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(PROBE)]
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_what_did_not_run_is_told_at_the_end_with_the_line_that_enables_it() -> None:
    done = run_probe()
    tail = done.stdout[done.stdout.index("what did not run") :]
    assert done.returncode == 0
    assert "1 tests: Redis: no REDIS_URL. To run them: REDIS_URL=redis://127.0.0.1:6379/0 make test" in tail
    assert "1 tests: decided by the test itself." in tail
    assert "1 passed, 2 skipped" in tail.splitlines()[-1]


def test_with_a_url_the_test_runs() -> None:
    done = run_probe(REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 0
    assert "2 passed, 1 skipped" in done.stdout


def test_missing_services_are_a_failure_where_services_are_required() -> None:
    done = run_probe(REQUIRE_SERVICES="1", CHROMIUM="/bin/true")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "PostgreSQL: this run's database is another" in said
    assert "Redis: no REDIS_URL" in said
    assert "browser" not in said


def test_a_test_that_skips_itself_is_a_failure_where_services_are_required() -> None:
    given = {
        "CHROMIUM": "/bin/true",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "POSTGRES_URL": "postgresql://127.0.0.1:1/a",
    }
    done = run_probe(REQUIRE_SERVICES="1", **given)
    assert done.returncode == 1
    assert "2 passed, 1 skipped" in done.stdout


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("", "sqlite"),
        ("postgres://a@127.0.0.1/b", "postgresql"),
        ("postgresql://a@127.0.0.1/b", "postgresql"),
        ("mysql://a@127.0.0.1/b", "mariadb"),
        ("mariadb://a@127.0.0.1/b", "mariadb"),
    ],
)
def test_the_database_of_the_run_follows_its_url(url: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", url)
    assert needs.database() == kind


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="mysql://, not oracle://"):
        databases.configure("oracle://a@127.0.0.1/b")


def test_chromium_is_found_by_its_variable_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/a/browser")
    assert needs.chromium_path() == "/a/browser"
