"""Promises that tests of the suite keep: run at full size, and judged by what they came to."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.promises.running import run
from benchmarks.services import fresh_database, fresh_mariadb
from benchmarks.stamp import ROOT
from benchmarks.verdict import Promise, Verdict

LIMIT_SECONDS = 1500
FRESH = {"PostgreSQL": fresh_database, "MariaDB": fresh_mariadb}


@dataclass(frozen=True)
class Tests:
    """Which tests: nodes as pytest names them, a choice among those by keyword, how many there must be at least, each
    subtest counted.

    ``exactly`` are properties that the tests record, and what each must be.
    """

    nodes: tuple[str, ...]
    keyword: str = ""
    at_least: int = 1
    exactly: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        chosen = f" -k “{self.keyword}”" if self.keyword else ""
        recorded = "".join(f", {name} == {value}" for name, value in self.exactly)
        return f"{' '.join(self.nodes)}{chosen} ({self.at_least} or more{recorded})"


def kept_by(name: str, bound: str, tests: Tests, database: str = "SQLite", *, alone: bool = False) -> Promise:
    """``alone``: they measure a time, so nothing else may run meanwhile."""
    measure = partial(run_tests, name, tests, database)
    return Promise(name, bound, measure, f"{tests} on {database}", beside=not alone)


def run_tests(name: str, tests: Tests, database: str) -> Verdict:
    """All of them pass, none is left out, and what they measured is as it must be."""
    with ExitStack() as stack:
        record = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "tests.json"
        services = {"PROMISES_FULL": "1", "PROMISES_RECORD": str(record)}
        if database in FRESH:
            services["TEST_DATABASE_URL"] = stack.enter_context(FRESH[database]())
        done = run(command(tests), ROOT, LIMIT_SECONDS, name, services)
        results = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    verdict = judge(tests, results)
    return verdict if results else Verdict(False, f"no test ran, exit {done.status}", why=done.end)


def command(tests: Tests) -> list[str]:
    chosen = ["-k", tests.keyword] if tests.keyword else []
    plugins = ["-p", "benchmarks.promises.recorder", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", "--quiet", *plugins, *chosen, *tests.nodes]


def judge(tests: Tests, results: dict[str, Any]) -> Verdict:
    passed = [node for node, test in results.items() if test["outcome"] == "passed"]
    properties: dict[str, Any] = {}
    for test in results.values():
        properties.update(test["properties"])
    wrong = [
        f"{key} is {properties.get(key)!r}, not {value!r}"
        for key, value in tests.exactly
        if properties.get(key) != value
    ]
    subtests = sum(test["subtests"] for test in results.values())
    kept = len(passed) == len(results) and len(results) + subtests >= tests.at_least and not wrong
    counted = f"{len(passed)} of {len(results)} tests" + (f", {subtests} subtests" if subtests else "")
    measured = ", ".join([counted, *tell(properties), *wrong])
    if len(results) + subtests < tests.at_least:
        measured += f" (there must be {tests.at_least})"
    failed = [f"{node} {test['outcome']}: {test['why']}" for node, test in results.items() if node not in passed]
    values = {"passed": len(passed), "tests": len(results), "subtests": subtests, "properties": properties}
    return Verdict(kept, measured, values, "\n".join(failed))


def tell(properties: dict[str, Any]) -> Sequence[str]:
    return [f"{name} {value}" for name, value in properties.items()]
