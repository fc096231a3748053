"""Promises about the repository's commands, each run in a fresh checkout as a person would."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from benchmarks.promises.checkouts import archive, clone
from benchmarks.promises.combinations import seconds_of
from benchmarks.promises.running import NOTHING, Run, run
from benchmarks.services import fresh_database, given
from benchmarks.verdict import Verdict

DEMO_SECONDS = 240
SUITE_SECONDS = 600
LINT_SECONDS = 600
STORY = ("then the link: http", "same link, http", "is gone at Zoom", "orphans 0", "Every step held.")
USUAL_PORTS = (8000, 8080)


def demo_from_cold() -> Verdict:
    """Nothing is installed and nothing cached."""
    shutil.rmtree(archive() / ".venv", ignore_errors=True)
    done = play("demo-cold", {"PIP_NO_CACHE_DIR": "1"})
    return story_held(done, DEMO_SECONDS)


def demo_twice() -> Verdict:
    first, second = play("demo-first"), play("demo-second")
    verdict = story_held(second, DEMO_SECONDS)
    return verdict if first.status == 0 else Verdict(False, f"the first: exit {first.status}", why=first.end)


def demo_on_terminal() -> Verdict:
    return story_held(play("demo-terminal", {"TERM": "xterm"}, terminal=True), DEMO_SECONDS)


def demo_with_ports_taken() -> Verdict:
    with taken_ports():
        return story_held(play("demo-ports-taken"), DEMO_SECONDS)


def demo_with_fault(fault: str, step: str) -> Verdict:
    """The sandbox does not do what it is asked to: the story must notice, and say where."""
    done = play(f"demo-{fault}", {"CONFERENCING_SANDBOX_FAULTS": fault})
    words = " ".join(done.output.split())
    told = re.search(r"Step \d+ did not hold", words)
    kept = done.status != 0 and step in words and not done.left
    measured = f"exit {done.status}, {told[0] if told else 'no step is named'}, {len(done.left)} processes left"
    return Verdict(kept, measured, {"status": done.status, "left": done.left}, "" if kept else done.end)


def play(name: str, variables: Mapping[str, str] = NOTHING, *, terminal: bool = False) -> Run:
    return run(["make", "demo"], archive(), DEMO_SECONDS, name, variables, terminal=terminal)


def story_held(done: Run, limit_seconds: float) -> Verdict:
    """Exit 0 in time, the story told, no process left."""
    words = " ".join(done.output.split())
    missing = [part for part in STORY if part not in words and part != STORY[0]]
    if STORY[0] not in words and "with the page: http" not in words:  # it was there at once
        missing.append(STORY[0])
    kept = done.status == 0 and done.seconds <= limit_seconds and not done.left and not missing
    measured = f"exit {done.status} after {done.seconds:.0f} s, {len(done.left)} processes left"
    if missing:
        measured += f", not told: {missing}"
    values = {"status": done.status, "story_seconds": round(done.seconds, 1), "left": done.left}
    return Verdict(kept, measured, values, "" if kept else done.end)


@contextmanager
def taken_ports() -> Iterator[None]:
    """The usual ports belong to somebody else."""
    with ExitStack() as stack:
        for port in USUAL_PORTS:
            listener = stack.enter_context(socket.socket())
            with suppress(OSError):  # then somebody has it already
                listener.bind(("127.0.0.1", port))
                listener.listen()
        yield


def suite_on_sqlite() -> Verdict:
    """In a fresh clone without any service, set-up included."""
    nothing = dict.fromkeys(("POSTGRES_URL", "REDIS_URL", "MARIADB_URL", "RABBITMQ_URL", "REQUIRE_SERVICES"), "")
    return suite_passed("suite-sqlite", nothing)


def suite_on_postgresql() -> Verdict:
    """In the same clone, with Redis and nothing left out; by the record of ``make test-all``, where there is one."""
    seconds = seconds_of("test-all", "PostgreSQL", "Redis")
    if seconds is not None:
        measured = f"passed after {seconds:.0f} s, by the record of make test-all"
        return Verdict(seconds <= SUITE_SECONDS, measured, {"status": 0, "suite_seconds": round(seconds, 1)})
    redis = given("REDIS_URL")
    with fresh_database() as url:
        urls = {"TEST_DATABASE_URL": url, "POSTGRES_URL": url, "REDIS_URL": redis, "CELERY_BROKER_URL": redis}
        return suite_passed("suite-postgresql", {**urls, "REQUIRE_SERVICES": "1"})


def suite_passed(name: str, services: Mapping[str, str]) -> Verdict:
    done = run(["make", "test"], clone(), 2 * SUITE_SECONDS, name, services)
    total = re.findall(r"^=* ?((?:\d+ \w+,? ?)+) in [\d.]+s", done.output, re.MULTILINE)
    kept = done.status == 0 and done.seconds <= SUITE_SECONDS
    measured = f"exit {done.status} after {done.seconds:.0f} s, {total[-1] if total else 'no tests'}"
    values = {"status": done.status, "suite_seconds": round(done.seconds, 1)}
    return Verdict(kept, measured, values, "" if kept else done.end)


def lint_is_clean() -> Verdict:
    return succeeded(run(["make", "lint"], clone(), LINT_SECONDS, "lint"))


def docs_are_built() -> Verdict:
    return succeeded(run(["make", "docs"], clone(), LINT_SECONDS, "docs"))


def succeeded(done: Run) -> Verdict:
    return Verdict(
        done.status == 0, f"exit {done.status}", {"status": done.status}, "" if not done.status else done.end
    )
