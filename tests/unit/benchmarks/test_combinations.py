"""What `make test-all` has written down of this very commit is not measured again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.promises import combinations, commands

NAME = "suite({1}, {0})"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record in which PostgreSQL passed with Redis and failed with RabbitMQ."""
    sessions = [
        {"name": NAME.format(broker, database), "result": result, "duration": seconds}
        for broker, database, result, seconds in [
            ("Redis", "SQLite", "SUCCESS", 400.0),
            ("Redis", "PostgreSQL", "SUCCESS", 510.4),
            ("RabbitMQ", "PostgreSQL", "FAILED", 60.0),
        ]
    ]
    path = tmp_path / "test-all-abc.json"
    path.write_text(json.dumps({"sessions": sessions}))
    monkeypatch.setattr(combinations, "record", lambda _target: path)
    return path


def test_a_combination_that_passed(written: Path) -> None:
    assert combinations.seconds_of("test-all", "PostgreSQL", "Redis") == 510.4
    assert combinations.seconds_of("test-all", "PostgreSQL", "RabbitMQ") is None
    assert combinations.seconds_of("test-all", "MariaDB", "Redis") is None


def test_what_it_says_of_a_changed_tree_or_nothing(written: Path) -> None:
    written.rename(written.with_stem("test-all-abc-dirty"))
    assert combinations.seconds_of("test-all", "PostgreSQL", "Redis") is None


@pytest.mark.parametrize(("limit", "kept"), [(600, True), (510, False)])
def test_a_suite_of_the_record_is_judged_by_its_time(
    written: Path, limit: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SUITE_SECONDS", limit)
    verdict = commands.suite_on_postgresql()
    assert (verdict.kept, verdict.values["suite_seconds"]) == (kept, 510.4)
