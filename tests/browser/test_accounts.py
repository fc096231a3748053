"""A person's linked accounts, in a browser: refused, tested, renamed, chosen, unlinked, moved."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from project.demo.stage import Stage
from tests.browser.steps import ALICE_ZOOM, BOB_ZOOM, account_panel, book, expect_account, join_link, link_zoom
from tests.browser.windows import Windows

pytestmark = pytest.mark.browser


def said(page: Page) -> str:
    """What the page tells in its region for messages."""
    return page.get_by_role("status").inner_text()


def test_saying_no_at_zoom_leads_to_a_friendly_page_and_to_another_try(fresh: Stage, windows: Windows) -> None:
    page = windows.open("alice")
    page.goto("/conferencing/")
    page.get_by_role("button", name="Link Zoom").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You did not link Zoom")
    expect(page.get_by_role("main")).to_contain_text("nothing was linked")
    assert fresh.control.requests("token.code") == []
    page.get_by_role("main").get_by_text("Try again").click()
    expect(page.get_by_role("article")).to_have_count(0)
    link_zoom(page)
    expect_account(page, ALICE_ZOOM)


def test_an_account_is_renamed_and_named_back(fresh: Stage, windows: Windows) -> None:
    page = windows.open("alice")
    link_zoom(page)
    page.get_by_role("link", name="Rename").click()
    name = page.get_by_label("Name")
    expect(name).to_have_accessible_description(re.compile("Only you see it"))
    name.fill("The studio")
    page.get_by_role("button", name="Save").click()
    assert said(page) == "The name is changed."
    expect(account_panel(page, "The studio")).to_contain_text(ALICE_ZOOM)
    page.get_by_role("link", name="Rename").click()
    name.fill("")
    page.get_by_role("button", name="Save").click()
    expect_account(page, ALICE_ZOOM)


def test_the_second_account_becomes_the_default(fresh: Stage, windows: Windows) -> None:
    page = windows.open("alice")
    link_zoom(page, ALICE_ZOOM)
    link_zoom(page, BOB_ZOOM)
    first, second = account_panel(page, ALICE_ZOOM), account_panel(page, BOB_ZOOM)
    default = re.compile("^Default$")
    expect(first.get_by_text(default)).to_have_count(1)
    expect(second.get_by_text(default)).to_have_count(0)
    second.get_by_role("button", name="Make default").click()
    assert BOB_ZOOM in said(page)
    expect(first.get_by_text(default)).to_have_count(0)
    expect(second.get_by_text(default)).to_have_count(1)
    book(page, "Piano lesson")
    expect(join_link(page)).to_be_visible()
    assert [meeting["host_email"] for meeting in fresh.control.live_meetings()] == [BOB_ZOOM]


def test_testing_tells_what_zoom_says_now(fresh: Stage, windows: Windows) -> None:
    """First it works, then Zoom is down, then the person has removed the app at Zoom; relinking heals."""
    page = windows.open("alice")
    link_zoom(page)
    panel = account_panel(page, ALICE_ZOOM)
    test = panel.get_by_role("button", name="Test connection")
    test.click()
    assert said(page) == f"“{ALICE_ZOOM}” works: Zoom has just confirmed it."
    expect(panel).to_contain_text("Last tested")
    fresh.control.add_fault("me", "status", status=503)
    test.click()
    assert "Zoom did not answer properly when this account was last tested" in said(page)
    fresh.control.clear_faults()
    fresh.control.revoke_grants(ALICE_ZOOM)
    test.click()
    removed = account_panel(page, "Zoom")  # whose account it was is forgotten
    expect(removed.get_by_text("Needs you")).to_be_visible()
    removed.get_by_role("button", name="Link it again").click()
    page.get_by_role("button", name="Approve").click()
    expect(panel.get_by_text("Connected")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(1)


@pytest.mark.parametrize(("answer", "live_afterwards"), [("Remove them.", 0), ("Leave them as they are.", 1)])
def test_unlinking_asks_what_becomes_of_the_meetings(
    fresh: Stage, windows: Windows, answer: str, live_afterwards: int
) -> None:
    page = windows.open("alice")
    link_zoom(page)
    book(page, "Piano lesson")
    expect(join_link(page)).to_be_visible()
    page.goto("/conferencing/")
    page.get_by_role("link", name="Unlink…").click()
    expect(page.get_by_role("main")).to_contain_text("1 meeting that lies ahead was made with it.")
    page.get_by_role("button", name="Unlink account").click()
    question = page.get_by_role("group", name="What should become of these meetings?")
    expect(question).to_have_accessible_description(re.compile("Choose what should become of these meetings"))
    page.get_by_role("radio", name=answer).check()
    page.get_by_role("button", name="Unlink account").click()
    assert said(page) == "The account is unlinked."
    expect(page.get_by_role("article")).to_have_count(0)
    # Giving the access back comes last, so all that is to be removed has been by then.
    wait_until_revoked(fresh, page)
    assert len(fresh.control.live_meetings()) == live_afterwards


def wait_until_revoked(stage: Stage, page: Page) -> None:
    for _ in range(200):
        if not any(grant["alive"] for grant in stage.control.state()["grants"]):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"The grant is still alive: {stage.control.state()['grants']}")


def test_an_account_of_somebody_else_is_moved_by_who_proves_to_own_it(fresh: Stage, windows: Windows) -> None:
    alices, bobs = windows.open("alice"), windows.open("bob")
    link_zoom(alices)
    link_zoom(bobs, ALICE_ZOOM)
    expect(bobs.get_by_role("heading", level=1)).to_have_text("Someone else has linked this Zoom account")
    expect(bobs.get_by_role("main")).not_to_contain_text("Alice")
    bobs.get_by_role("button", name="Move it to me").click()
    assert said(bobs) == "The Zoom account is now linked to you."
    expect_account(bobs, ALICE_ZOOM)
    alices.goto("/conferencing/")
    expect(alices.get_by_role("article")).to_have_count(0)
