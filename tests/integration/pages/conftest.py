"""A browser, and the site that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, which makes Django believe that the tests are asynchronous.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(live_server: Any, settings: Any) -> str:
    """The site's address. Its name is localhost, so that a server at 127.0.0.1 is another site to the browser."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.integration.pages.policy.strict"]
    return live_server.url.replace("127.0.0.1", "localhost")
