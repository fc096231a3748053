"""Promises that ``nox`` keeps: every combination of ``make matrix`` or ``make test-all`` passes.

Each takes longer than all other promises together. A record of this very commit, which the command writes, is taken as
it is; where there is none, or something is not committed, the command is run.

A suite that such a record tells of is not run again for a promise of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.promises.running import run
from benchmarks.services import given
from benchmarks.stamp import RESULTS, ROOT, git
from benchmarks.verdict import Verdict

LIMIT_SECONDS = 3 * 3600
SERVERS = ("POSTGRES_URL", "MARIADB_URL", "REDIS_URL", "RABBITMQ_URL")


def all_databases_and_brokers() -> Verdict:
    """Raises NotGiven."""
    if not is_of_this_commit(record("test-all")):
        for server in SERVERS:
            given(server)
    return all_passed("test-all", 6)


def all_versions() -> Verdict:
    return all_passed("matrix", 5)


def all_passed(target: str, at_least: int) -> Verdict:
    path = record(target)
    why = "" if is_of_this_commit(path) else run(["make", target], ROOT, LIMIT_SECONDS, target).end
    sessions = json.loads(path.read_text())["sessions"] if path.exists() else []
    passed = [session for session in sessions if session["result"].lower() == "success"]
    minutes = sum(session["duration"] for session in sessions) / 60
    failed = "".join(f", not {session['name']}" for session in sessions if session not in passed)
    measured = f"{len(passed)} of {len(sessions)} combinations in {minutes:.0f} minutes{failed}"
    kept = len(passed) == len(sessions) >= at_least
    return Verdict(kept, measured, values(sessions), "" if kept else why or f"see {path}")


def seconds_of(target: str, *words: str) -> float | None:
    """How long the combination with all these words in its name took to pass; None where no record says that."""
    path = record(target)
    if not is_of_this_commit(path):
        return None
    sessions = json.loads(path.read_text())["sessions"]
    passed = [session for session in sessions if session["result"].lower() == "success"]
    return next((each["duration"] for each in passed if all(word in each["name"] for word in words)), None)


def values(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    return {session["name"]: [session["result"], session["duration"]] for session in sessions}


def record(target: str) -> Path:
    """Where the Makefile has nox write what came out, for the tree as it is now."""
    return RESULTS / f"{target}-{git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*')}.json"


def is_of_this_commit(path: Path) -> bool:
    """Whether there is a record, of what is committed: of a changed tree nobody knows when it changed."""
    return path.exists() and not path.stem.endswith("-dirty")
