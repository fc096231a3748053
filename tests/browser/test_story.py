"""The main job in a browser: sign in, link, book, and the link comes by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from project.demo.stage import Stage
from tests.browser.hands import Hand, Keyboard, Mouse
from tests.browser.steps import (
    ALICE_ZOOM,
    SamePage,
    book,
    card,
    expect_account,
    expect_no_sideways_scroll,
    join_link,
    link_zoom,
    live_region,
)
from tests.browser.windows import Windows

pytestmark = pytest.mark.browser

# The sandbox takes so long over each answer that the card is seen while it waits.
FAR_AWAY_SECONDS = 1.5
BEING_MADE = "The conference is being made…"


@pytest.mark.parametrize("hand_kind", [Mouse, Keyboard])
@pytest.mark.parametrize("width", [1280, 375])
def test_from_signing_in_to_the_join_link(
    fresh: Stage, windows: Windows, hand_kind: type[Mouse | Keyboard], width: int
) -> None:
    """Each page is left by a link or button of its own, and the card turns without the page being loaded again."""
    page = windows.open(width=width, height=800)
    hand: Hand = hand_kind(page)
    page.goto("/")

    hand.follow("Sign in as Alice")
    expect_no_sideways_scroll(page)
    hand.follow("Conferencing")
    expect_no_sideways_scroll(page)
    hand.follow("Link Zoom")
    assert page.url.startswith(fresh.sandbox.url)
    expect_no_sideways_scroll(page)
    hand.follow("Approve")
    assert page.url == f"{fresh.site}/conferencing/"  # and no code or state in the address
    expect(page.get_by_role("status")).to_contain_text("Zoom is linked.")
    expect_account(page, ALICE_ZOOM)
    expect_no_sideways_scroll(page)

    fresh.control.options(latency_seconds=FAR_AWAY_SECONDS)
    hand.follow("Bookings")
    hand.follow("New booking")
    expect_no_sideways_scroll(page)
    hand.write("What is it about?", "Piano lesson")
    hand.follow("Save booking")
    assert re.fullmatch(rf"{fresh.site}/bookings/\d+/", page.url)
    expect(live_region(page)).to_contain_text(BEING_MADE)
    same_page = SamePage(page)
    expect(join_link(page)).to_be_visible()
    same_page.check()
    expect_no_sideways_scroll(page)

    meetings = fresh.control.live_meetings()
    assert [meeting["topic"] for meeting in meetings] == ["Piano lesson"]
    expect(join_link(page)).to_have_attribute("href", meetings[0]["join_url"])
    expect(card(page)).to_contain_text(meetings[0]["join_url"])
    hand.follow("Join the meeting")
    expect(page.get_by_role("heading", level=1)).to_have_text("Piano lesson")


def test_without_script_check_again_shows_the_link(fresh: Stage, windows: Windows) -> None:
    """Every step is a link or a form; the card's own link loads the page anew."""
    page = windows.open("alice", java_script_enabled=False)
    link_zoom(page)
    expect_account(page, ALICE_ZOOM)
    fresh.control.options(latency_seconds=FAR_AWAY_SECONDS)
    address = book(page, "Piano lesson")
    expect(live_region(page)).to_contain_text(BEING_MADE)
    again = card(page).get_by_role("link", name="Check again")
    with page.expect_navigation():
        again.click()
    assert page.url == address
    for _ in range(100):
        if join_link(page).count():
            break
        with page.expect_navigation():
            again.click()
        page.wait_for_timeout(100)
    expect(join_link(page)).to_have_attribute("href", fresh.control.live_meetings()[0]["join_url"])
    expect(again).to_have_count(0)


def test_a_form_with_mistakes_says_which_and_keeps_the_rest(fresh: Stage, windows: Windows) -> None:
    """The page says so at its top and in its title; each field's error is tied to it."""
    page = windows.open("alice")
    page.goto("/bookings/new/")
    title, ends = page.get_by_label("What is it about?"), page.get_by_label("Ends")
    ends.fill("2001-01-01T10:00")
    page.get_by_label("Notes for your guests").fill("Bring the score.")
    page.get_by_role("button", name="Save booking").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved yet.")
    expect(page).to_have_title(re.compile(r"^\s*Please check"))
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(title).to_have_accessible_description("Give the booking a title.")
    expect(ends).to_have_accessible_description("The end must be after the start.")
    expect(page.get_by_label("Notes for your guests")).to_have_value("Bring the score.")


def test_the_skip_link_leads_past_the_menu(fresh: Stage, windows: Windows) -> None:
    page = windows.open("alice")
    Keyboard(page).reach(page.get_by_role("link", name="Skip to content"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="New booking")).to_be_focused()
