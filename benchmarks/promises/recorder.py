"""A pytest plugin that writes down what each test came to, with its subtests, and what it measured
(``record_property``), as JSON.

``pytest -p benchmarks.promises.recorder`` with PROMISES_RECORD=path.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

tests: dict[str, dict[str, Any]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test passes when its call does, and neither its setting up nor its clearing up fails."""
    test = tests.setdefault(
        report.nodeid, {"outcome": "passed", "subtests": 0, "seconds": 0.0, "properties": {}, "why": ""}
    )
    test["subtests"] += isinstance(report, pytest.SubtestReport)
    test["seconds"] = round(test["seconds"] + report.duration, 3)
    test["properties"].update(dict(report.user_properties))
    if report.outcome != "passed":
        test["outcome"] = report.outcome
        test["why"] = report.longreprtext[-1500:]


def pytest_sessionfinish() -> None:
    Path(os.environ["PROMISES_RECORD"]).write_text(json.dumps(tests, default=str), encoding="utf-8")
