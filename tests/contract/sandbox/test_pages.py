"""The consent page in a real browser: narrow, by keyboard, accessible, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from conferencing_app.sandbox.client import SandboxControl
from tests.contract.sandbox.zoomclient import BOB, CLIENT_ID, CLIENT_SECRET, ZoomApp, answer
from tests.needs import chromium_path

pytestmark = pytest.mark.browser
WIDTHS = (320, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("client", [{}, {"client_id": "stranger"}])
def test_pages_have_no_accessibility_violation_and_never_scroll_sideways(
    app: ZoomApp, browser: Browser, width: int, scheme: Literal["light", "dark"], client: dict[str, str]
) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(app.authorization_url(**client))
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background != "rgba(0, 0, 0, 0)", "the style sheet was not applied"


@pytest.fixture
def landing(control: SandboxControl) -> str:
    """A redirect_uri that a browser can really open: the sandbox's own front page."""
    uri = f"{control.url}/"
    control.register_client(CLIENT_ID, CLIENT_SECRET, [uri])
    return uri


def test_the_keyboard_alone_chooses_an_account_unticks_a_scope_and_approves(
    app: ZoomApp, browser: Browser, landing: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(app.authorization_url(redirect_uri=landing))
        page.keyboard.press("Tab")  # the group of accounts
        page.keyboard.press("ArrowDown")  # Bob
        page.keyboard.press("Tab")  # the first scope
        page.keyboard.press("Space")
        for _ in range(8):
            page.keyboard.press("Tab")  # to Approve
        page.keyboard.press("Enter")
        page.wait_for_url(f"{landing}?code=*")
        code = answer(page.url)["code"]
    tokens = app.exchange(code, redirect_uri=landing).json()
    assert "user:read:user" not in tokens["scope"].split()
    assert len(tokens["scope"].split()) == 7
    assert app.control.requests("consent")[0]["account"] == BOB


def test_deny_leads_back_with_access_denied(app: ZoomApp, browser: Browser, landing: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(app.authorization_url(redirect_uri=landing))
        page.get_by_role("button", name="Deny").click()
        page.wait_for_url(f"{landing}?error=*")
        assert answer(page.url)["error"] == "access_denied"
