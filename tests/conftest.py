"""The suite's own rules: nothing leaves this machine, and nothing is left out in silence."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import brokers, loopback
from tests.needs import NEEDS, Need, chromium_path, database, services_required

OTHERS = ("postgresql", "mariadb")  # on which the whole suite runs as well
# With the longest files first, the processes of a run end together. The last are many short files.
LONGEST_FIRST = ("e2e", "browser", "house", "services", "integration", "contract", "unit")
pytest_plugins = ["conferencing_app.testing"]  # as a site's own tests have it
# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Guard this process and its children, and refuse to start without what must be there.

    A process that only hands tests out to others (``-n 2``) is not guarded: those guard themselves.
    """
    lacking = [need for need in NEEDS.values() if need.always and need.is_lacking()]
    if lacking and services_required():
        lines = [f"{need.label}: {need.why}. {need.enable}" for need in lacking]
        pytest.exit("REQUIRE_SERVICES is set, and something is missing.\n" + "\n".join(lines), returncode=1)
    if not config.getoption("numprocesses", None):
        loopback.install()
        loopback.guard_children()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """By folder, and inside of one as they were collected; a folder that is new comes first."""
    turns = {name: turn for turn, name in enumerate(LONGEST_FIRST)}
    folders = Path(__file__).parent.parts
    items.sort(key=lambda item: turns.get(item.path.parts[len(folders)], -1))


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what needs something that is not there; where all must be there, that is a failure."""
    for name, need in NEEDS.items():
        if item.get_closest_marker(name) and not need.present():
            if need.is_lacking() and services_required():
                pytest.fail(f"{need.label}: {need.why}. {need.enable}", pytrace=False)
            pytest.skip(f"{need.label}: {need.why}")


def skips(reporter: pytest.TerminalReporter) -> Counter[str]:
    """Why tests were left out, and how many for each reason."""
    reports = reporter.stats.get("skipped", [])
    return Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)


def needed(reason: str) -> Need | None:
    """What a test lacked, if that is why it was left out; None where it decided so by itself."""
    return next((need for need in NEEDS.values() if reason == f"{need.label}: {need.why}"), None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    by_themselves = reporter and [reason for reason in skips(reporter) if not needed(reason)]
    if by_themselves and services_required() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost, so that these are the last lines before the verdict
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    terminalreporter.section(f"Ran on {NEEDS[database()].label}; what did not run")
    lines = []
    for reason, count in sorted(skips(terminalreporter).items()):
        need = needed(reason)
        lines.append(f"{count} tests: {reason}." + (f" To run them: {need.enable}" if need else ""))
    if database() == "sqlite":
        lines += [f"The whole suite on {NEEDS[name].label}. To run it: {NEEDS[name].enable}" for name in OTHERS]
    for line in lines or ["nothing was left out"]:
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def stays_on_this_machine() -> Iterator[None]:
    """Fail the test that reached out, even where the code under test swallowed the refusal."""
    loopback.take_refusals()
    yield
    refusals = loopback.take_refusals()
    assert not refusals, f"The test left this machine: {refusals}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Let processes that a test starts find the database of this run (tests/settings.py reads it)."""
    name = str(connection.settings_dict["NAME"])
    os.environ["TEST_SQLITE_PATH" if database() == "sqlite" else "TEST_DATABASE_NAME"] = name


@pytest.fixture(params=brokers.GIVEN)
def broker(request: pytest.FixtureRequest) -> Iterator[brokers.Broker]:
    """A queue of the test's own, at each broker that was given."""
    with brokers.queue_of_its_own(request.param) as broker:
        yield broker


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; tests that ask for it carry the marker `browser`."""
    path = chromium_path()
    assert path is not None, "mark tests that need Chromium with pytest.mark.browser"
    return path
