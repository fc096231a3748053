"""Support in a browser: Sam, who is no superuser, is told a name, finds what is wrong, and has it tried again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from project.demo.stage import Stage
from tests.browser.hands import Mouse
from tests.browser.steps import ALICE_ZOOM, account_panel, book, card, join_link, link_zoom
from tests.browser.windows import Windows

pytestmark = pytest.mark.browser

REFUSED = "Zoom refuses to make the meeting: the account's licence or its policy does not allow it. (refused)"


def sign_in_as_support(stage: Stage, windows: Windows) -> Page:
    page = windows.open()
    page.goto("/admin/")
    page.get_by_label("Username").fill(stage.admin)
    page.get_by_label("Password").fill(stage.password)
    Mouse(page).follow("Log in")
    return page


def value_of(page: Page, label: str) -> str:
    """What stands beside a label on an object's page."""
    row = page.locator(".form-row").filter(has=page.get_by_text(f"{label}:", exact=True))
    return row.locator(".readonly").inner_text()


def read_until(page: Page, label: str, value: str) -> None:
    """Load the page again until it says so: the worker takes a moment."""
    for _ in range(100):
        if value_of(page, label) == value:
            return
        page.wait_for_timeout(100)
        page.reload()
    raise AssertionError(f"{label} stays {value_of(page, label)}")


def test_support_finds_a_failing_event_by_its_persons_name_and_has_it_tried(fresh: Stage, windows: Windows) -> None:
    """From the admin's first page on, by its own links and buttons."""
    alice = windows.open("alice")
    link_zoom(alice)
    fresh.control.set_account(ALICE_ZOOM, hosting=False)
    book(alice, "Piano lesson")
    expect(card(alice)).to_contain_text("No link yet")

    page = sign_in_as_support(fresh, windows)
    hand = Mouse(page)
    hand.follow("Conferences")
    expect(page.get_by_role("link", name="Failing 1")).to_be_visible()
    page.locator("#searchbar").fill("Archer")
    hand.follow("Search")
    with page.expect_navigation():
        page.locator("#result_list tbody th a").click()
    assert value_of(page, "Cause") == REFUSED
    assert value_of(page, "Health") == "Failing: an administrator can mend it"
    attempts = page.get_by_role("region", name="Attempts").get_by_role("row")
    expect(attempts.nth(1)).to_contain_text("make the meeting")
    expect(attempts.nth(1)).to_contain_text("refused")
    asked = fresh.control.requests(operation="create")
    expect(attempts.nth(1)).to_contain_text(asked[-1]["request_id"])

    fresh.control.set_account(ALICE_ZOOM, hosting=True)  # as the account's administrator was asked to
    hand.follow("Try now")
    expect(page.get_by_text("1 conference is tried now.")).to_be_visible()
    read_until(page, "Health", "Made")
    assert value_of(page, "Join url") == fresh.control.live_meetings()[0]["join_url"]
    expect(page.get_by_role("button", name="Try now")).to_have_count(0)
    hand.follow("History")
    expect(page.locator("#change-history")).to_contain_text("sam")
    expect(page.locator("#change-history")).to_contain_text("Had it tried now.")
    with alice.expect_navigation():
        alice.reload()
    expect(join_link(alice)).to_be_visible()


def test_support_disconnects_an_account_and_its_person_is_told(fresh: Stage, windows: Windows) -> None:
    alice = windows.open("alice")
    link_zoom(alice)
    book(alice, "Piano lesson")
    expect(join_link(alice)).to_be_visible()

    page = sign_in_as_support(fresh, windows)
    hand = Mouse(page)
    hand.follow("Conferencing profiles")
    with page.expect_navigation():
        page.locator("#result_list tbody th a").click()
    assert value_of(page, "Health") == "Works"
    hand.follow("Test")
    expect(page.get_by_text("works: Zoom has just confirmed it.")).to_be_visible()
    hand.follow("Disconnect…")
    expect(page.get_by_text("1 meeting that lies ahead stays as it is")).to_be_visible()
    hand.follow("Yes, disconnect")
    assert value_of(page, "Health") == "Disconnected by support"

    alice.goto("/conferencing/")
    told = account_panel(alice, ALICE_ZOOM)
    expect(told).to_contain_text("This site's support has disconnected this account.")
    assert len(fresh.control.live_meetings()) == 1


def test_support_changes_nothing_by_hand(fresh: Stage, windows: Windows) -> None:
    """No superuser: neither users nor their permissions, nor a row of the app."""
    page = sign_in_as_support(fresh, windows)
    expect(page.get_by_role("link", name="Groups")).to_have_count(0)
    page.goto("/admin/conferencing_app/conference/")
    expect(page.get_by_role("link", name="Add conference")).to_have_count(0)
    assert page.request.get("/admin/auth/user/add/").status == 403
