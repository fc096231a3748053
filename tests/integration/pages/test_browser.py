"""The pages in a real browser, under CSP default-src 'self': cookies on the way back, and the card that updates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, expect

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services.card import first_card
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET
from conferencing_app.views.browsers import COOKIE_NAME
from tests.integration.pages.browsing import open_page, sign_in
from tests.integration.pages.rows import (
    LINKING_BROWSER,
    make_attempt,
    make_conference,
    make_meeting,
    make_profile,
    make_user,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Counts what is put into the region that a screen reader announces, and marks the page to see that it stays.
WATCH = """() => {
    const region = document.querySelector('.conferencing-card [role=status]');
    window.stayed = true;
    window.changes = 0;
    new MutationObserver(() => window.changes++).observe(region, {childList: true, subtree: true});
}"""
# WCAG 2.2, 2.5.8: what one presses measures 24 px at least.
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary, input:not([type=hidden])')]
    .filter(element => !element.matches('.conferencing-skip'))
    .map(element => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
    .filter(([html, box]) => box.width < 24 || box.height < 24)
    .map(([html]) => html)"""
JOIN_URL = "https://zoom.example/j/900"


def card_url(site: str, conference: Conference, user: Any) -> str:
    return site + reverse("conferencing:card", args=[first_card(conference, user, "").token])


@pytest.mark.parametrize("same_site", ["Lax", "Strict"])
def test_linking_works_whatever_the_session_cookie_allows(
    browser: Browser, site: str, conferencing_sandbox: SandboxControl, settings: Any, same_site: str
) -> None:
    settings.CONFERENCING_BASE_URL = site
    settings.SESSION_COOKIE_SAMESITE = same_site
    callback = f"{site}/conferencing/callback/zoom/"
    conferencing_sandbox.register_client(CLIENT_ID, CLIENT_SECRET, [callback])
    assert "127.0.0.1" in conferencing_sandbox.url
    troubles: list[str] = []
    with sign_in(browser, site, make_user("alice"), same_site) as context:
        page = open_page(context, troubles)
        callbacks: list[str] = []
        page.on("request", lambda request: callbacks.append(request.url) if request.url.startswith(callback) else None)
        page.goto(f"{site}/conferencing/")
        page.get_by_role("button", name="Link Zoom").click()
        page.get_by_label("alice.zoom@example.com").check()
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(f"{site}/conferencing/")
        expect(page.get_by_text("Zoom is linked.")).to_be_visible()
        expect(page.get_by_role("heading", name="alice.zoom@example.com")).to_be_visible()
    assert len(callbacks) == (2 if same_site == "Strict" else 1)
    assert troubles == []


def test_the_card_turns_into_a_link_by_itself_and_announces_only_that(browser: Browser, site: str) -> None:
    alice = make_user("alice")
    conference = make_conference(alice, state="pending")
    troubles: list[str] = []
    with sign_in(browser, site, alice) as context:
        page = open_page(context, troubles)
        page.goto(card_url(site, conference, alice))
        page.evaluate(WATCH)
        with page.expect_response(lambda response: "/card/" in response.url) as looked:
            expect(page.get_by_text("The conference is being made…")).to_be_visible()
        assert looked.value.status == 204
        assert page.evaluate("window.changes") == 0
        page.get_by_role("link", name="Check again").focus()
        Conference.objects.update(state="assigned", provider="zoom", join_url=JOIN_URL)
        join = page.get_by_role("link", name="Join the meeting")
        expect(join).to_be_visible()
        expect(join).to_be_focused()
        assert page.evaluate("window.changes") == 1
        assert page.evaluate("window.stayed") is True
    assert troubles == []


def test_without_script_check_again_shows_the_link(browser: Browser, site: str) -> None:
    alice = make_user("alice")
    conference = make_conference(alice, state="pending")
    with sign_in(browser, site, alice, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(card_url(site, conference, alice))
        Conference.objects.update(state="assigned", provider="zoom", join_url=JOIN_URL)
        page.get_by_role("link", name="Check again").click()
        expect(page.get_by_role("link", name="Join the meeting")).to_have_attribute("href", JOIN_URL)


@pytest.mark.parametrize("script", [True, False])
def test_try_now_works_with_and_without_script(browser: Browser, site: str, script: bool) -> None:
    alice = make_user("alice")
    later = clock.read("default") + timedelta(hours=1)
    conference = make_conference(alice, state="failing", cause_code="outage", attempts=3, due_at=later)
    with sign_in(browser, site, alice, java_script_enabled=script) as context:
        page = context.new_page()
        page.goto(card_url(site, conference, alice))
        page.get_by_role("button", name="Try now").click()
        if script:
            expect(page.get_by_text("It is being tried now.")).to_be_visible()
            expect(page.get_by_role("button", name="Try now")).to_be_focused()
        else:
            page.wait_for_url(f"{site}/conferencing/")
    assert Conference.objects.due().count() == 1


def test_an_account_is_unlinked_by_keyboard_alone(browser: Browser, site: str) -> None:
    alice = make_user("alice")
    make_profile(alice, name="Work")
    troubles: list[str] = []
    with sign_in(browser, site, alice) as context:
        page = open_page(context, troubles)
        page.goto(f"{site}/conferencing/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        unlink = page.get_by_role("link", name="Unlink…")
        for _ in range(10):
            page.keyboard.press("Tab")
            if unlink.evaluate("element => element === document.activeElement"):
                break
        expect(unlink).to_be_focused()
        outline = unlink.evaluate("element => getComputedStyle(element).outlineWidth")
        assert outline == "3px"
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Unlink “Work”?")).to_be_visible()
        page.get_by_role("button", name="Unlink account").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("The account is unlinked.")).to_be_visible()
    assert not ConferencingProfile.objects.of(alice).exists()
    assert troubles == []


def every_page(site: str, user: Any) -> dict[str, str]:
    """The address of each page, the card in each of its states."""
    profile = make_profile(user, is_default=True)
    broken = make_profile(user, name="Broken", state="disconnected", cause="credentials_expired")
    numbers = [{"number": "+1 646 558 8656", "country": "US", "label": "New York", "toll_free": True}]
    link = {"provider": "zoom", "join_url": JOIN_URL + "?pwd=" + "x" * 80, "passcode": "4711", "dial_in": numbers}
    conferences = {
        "pending": make_conference(user, state="pending"),
        "assigned": make_conference(user, state="assigned", **link),
        "outdated": make_conference(user, state="assigned", cause_code="outage", attempts=1, **link),
        "failing": make_conference(user, state="failing", cause_code="credentials_expired", lane=broken),
        "not made": make_conference(user, state="not_made", cause_code="cancelled"),
    }
    make_meeting(conferences["assigned"], profile)
    attempt = make_attempt(user, make_profile(make_user("other")))
    pages = {
        "profiles": reverse("conferencing:profiles"),
        "rename": reverse("conferencing:rename", args=[profile.public_id]),
        "unlink": reverse("conferencing:unlink", args=[profile.public_id]),
        "move": reverse("conferencing:move", args=[attempt.public_id]),
        "failed": reverse("conferencing:callback", args=["zoom"]),
    }
    cards = {name: card_url(site, conference, user) for name, conference in conferences.items()}
    return {name: site + path for name, path in pages.items()} | cards


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, site: str, scheme: str, width: int
) -> None:
    """320 px is also what a window of 1,280 px shows at 400 % zoom."""
    alice = make_user("alice")
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with sign_in(browser, site, alice, bypass_csp=True, **look) as context:  # axe is injected as an inline script
        context.add_cookies([{"name": COOKIE_NAME, "value": LINKING_BROWSER, "url": site}])
        page = context.new_page()
        for name, url in every_page(site, alice).items():
            page.goto(url)
            results = Axe().run(page)
            assert results.violations_count == 0, f"{name}: {results.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            small = page.evaluate(SMALL_TARGETS)
            assert small == [], name
