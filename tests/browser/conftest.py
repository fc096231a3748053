"""One running site and one browser for the package; each test starts without people, accounts and bookings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from project.demo.stage import Stage, set_up
from tests.browser.gallery import Gallery
from tests.browser.windows import Windows
from tests.browser.world import build

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
# How long a test waits for what must come: generous, as a busy machine is slow, and never waited out when all is well.
PATIENCE_MILLISECONDS = 20_000
# Left alone between tests: what migrations have put there, and the one from support.
KEPT_TABLES = frozenset(
    {
        *("django_migrations", "django_content_type", "auth_permission", "auth_user", "sqlite_sequence"),
        *("auth_group", "auth_group_permissions", "auth_user_groups"),
    }
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="write the README's pictures to docs/images")


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Sandbox, site and Celery worker, each a process on a free port."""
    with set_up(tmp_path_factory.mktemp("browser-site")) as running:
        yield running


# Not for the session: while Playwright is on, Django refuses the database to the thread that the other tests run in.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


def empty(stage: Stage) -> None:
    """Back to the start: nobody but support in the database, nothing at the sandbox."""
    stage.control.reset()
    for letter in stage.mails.glob("*.log"):
        letter.unlink()
    with closing(sqlite3.connect(stage.folder / "demo.sqlite3", timeout=20)) as database, database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in sorted(set(names) - KEPT_TABLES):
            database.execute(f'DELETE FROM "{name}"')  # names of this very database
        database.execute("DELETE FROM auth_user WHERE NOT is_staff")


@pytest.fixture
def fresh(stage: Stage) -> Stage:
    """The running site, emptied."""
    empty(stage)
    return stage


@pytest.fixture
def windows(browser: Browser, stage: Stage) -> Iterator[Windows]:
    """Opens browser windows; at the end nothing may have left this machine, and no page may have complained."""
    opened = Windows(browser, stage)
    yield opened
    opened.close()
    assert opened.strays == []
    assert opened.complaints == []


@pytest.fixture(scope="module")
def rooms(browser: Browser, stage: Stage) -> Iterator[Gallery]:
    """A site with something on every page, for tests that only look."""
    empty(stage)
    opened = Windows(browser, stage)
    yield Gallery(build(stage), opened)
    opened.close()


@pytest.fixture
def gallery(rooms: Gallery) -> Iterator[Gallery]:
    rooms.windows.complaints.clear()
    yield rooms
    assert rooms.windows.strays == []


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where pictures go: to docs/images only when asked to."""
    if not request.config.getoption("--screenshots", default=False):
        return tmp_path
    folder = request.config.rootpath / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
