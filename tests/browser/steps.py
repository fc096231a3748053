"""What people do in several tests."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import Hand, Mouse

ALICE_ZOOM = "alice.zoom@example.com"
BOB_ZOOM = "bob.zoom@example.com"
START, END = "2031-05-06T15:00", "2031-05-06T15:45"
COUNTED = "window.loadedOnce"


def link_zoom(page: Page, account: str = ALICE_ZOOM, hand: Hand | None = None) -> None:
    """From the page of accounts through the consent page and back, by clicks unless another hand is given."""
    page.goto("/conferencing/")
    page.get_by_role("button", name="Link Zoom").click()
    page.get_by_role("radio", name=account).check()
    (hand or Mouse(page)).follow("Approve")


def account_panel(page: Page, name: str) -> Locator:
    """The part of the page that is about this account."""
    return page.get_by_role("article", name=name)


def book(page: Page, title: str) -> str:
    """Save a booking; returns the address of its page."""
    page.goto("/bookings/new/")
    page.get_by_label("What is it about?").fill(title)
    page.get_by_label("Starts").fill(START)
    page.get_by_label("Ends").fill(END)
    with page.expect_navigation():
        page.get_by_role("button", name="Save booking").click()
    return page.url


def card(page: Page) -> Locator:
    """The conference card."""
    return page.get_by_role("group", name="Conference")


def live_region(page: Page) -> Locator:
    """The part of the card from which changes are announced."""
    return card(page).get_by_role("status")


def join_link(page: Page) -> Locator:
    return card(page).get_by_role("link", name="Join the meeting")


def expect_no_sideways_scroll(page: Page) -> None:
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room, f"{page.url} is {wide} px wide where there are {room}: {widest(page)}"


def widest(page: Page) -> list[str]:
    """The elements that stick out, for the report."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
             .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
             .map(element => element.outerHTML.slice(0, 120)).slice(0, 5)"""
    )
    return found


class SamePage:
    """Notices when a page is loaded again: its script's memory would be lost, and the browser would say so."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loads: list[str] = []
        page.evaluate(f"{COUNTED} = true")
        page.on("framenavigated", lambda frame: self.loads.append(frame.url))

    def check(self) -> None:
        assert self.loads == []
        assert self.page.evaluate(COUNTED) is True


def expect_account(page: Page, name: str) -> None:
    expect(account_panel(page, name)).to_be_visible()
