"""The conference card in a browser: who is told what, and how a change reaches eyes and ears."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from project.demo.stage import Stage
from tests.browser.steps import ALICE_ZOOM, SamePage, book, card, join_link, link_zoom, live_region
from tests.browser.windows import Windows

pytestmark = pytest.mark.browser

FOLLOWS = "The link will follow here."
# Words of causes, references and buttons that are for the owner.
OWNERS_WORDS = ["answer", "Next try", "Try now", "Reference", "cnf_", "pro_", "Link", "account", "Zoom"]
# Remembers the card's region, and everything that is put into it from now on.
LISTEN = """element => {
  window.region = element;
  window.announced = [];
  new MutationObserver(changes => { if (changes.length) window.announced.push(element.innerText); })
    .observe(element, {childList: true, subtree: true, characterData: true});
}"""


def share_page(owners: Page, windows: Windows) -> Page:
    """The booking's page as a guest sees it, in a window of their own."""
    address = owners.locator(".share a").get_attribute("href")
    assert address
    guests = windows.open(width=375, height=700)
    guests.goto(address)
    return guests


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("outage", "Zoom does not answer properly at the moment. This is tried again by itself."),
        ("no licence", "Zoom refuses to make the meeting: the account's licence or its policy does not allow it."),
    ],
    ids=["outage", "no licence"],
)
def test_the_owner_reads_the_cause_and_a_guest_that_the_link_will_follow(
    fresh: Stage, windows: Windows, trouble: str, sentence: str
) -> None:
    page = windows.open("alice")
    link_zoom(page)
    if trouble == "outage":
        fresh.control.add_fault("create", "status", status=503)
    else:
        fresh.control.set_account(ALICE_ZOOM, hosting=False)
    book(page, "Piano lesson")
    expect(card(page)).to_contain_text("No link yet")
    expect(card(page)).to_contain_text(sentence)
    expect(card(page).get_by_role("button", name="Try now")).to_be_visible()
    guests = share_page(page, windows)
    expect(live_region(guests)).to_contain_text(FOLLOWS)
    words = card(guests).inner_text()
    assert [word for word in OWNERS_WORDS if word in words] == []
    source = guests.content()
    assert [word for word in (ALICE_ZOOM, "cnf_", "outage", "refused", sentence[:20]) if word in source] == []


def test_trying_now_turns_the_card_in_place(fresh: Stage, windows: Windows) -> None:
    """The account has its licence by now, and the person does not wait; the guest's page shows the link as well."""
    page = windows.open("alice")
    link_zoom(page)
    fresh.control.set_account(ALICE_ZOOM, hosting=False)
    book(page, "Piano lesson")
    try_now = card(page).get_by_role("button", name="Try now")
    expect(try_now).to_be_visible()
    guests = share_page(page, windows)
    fresh.control.set_account(ALICE_ZOOM, hosting=True)
    same_page = SamePage(page)
    try_now.click()
    expect(join_link(page)).to_be_visible()
    same_page.check()
    with guests.expect_navigation():
        card(guests).get_by_role("link", name="Check again").click()
    expect(join_link(guests)).to_have_attribute("href", fresh.control.live_meetings()[0]["join_url"])


@pytest.mark.parametrize("linked", [False, True])
def test_who_has_to_link_an_account_gets_the_button_that_leads_there(
    fresh: Stage, windows: Windows, linked: bool
) -> None:
    """Nothing linked, or no longer: the card's own button leads to where it is cured, and cured it is."""
    page = windows.open("alice")
    if linked:
        link_zoom(page)
        fresh.control.revoke_grants(ALICE_ZOOM)
    address = book(page, "Piano lesson")
    cure = card(page).get_by_role("link", name="Link the account again" if linked else "Link an account")
    expect(cure).to_be_visible()
    guests = share_page(page, windows)
    expect(card(guests)).to_contain_text(FOLLOWS)
    expect(card(guests).get_by_role("link", name="Link")).to_have_count(0)
    cure.click()
    page.get_by_role("button", name="Link it again" if linked else "Link Zoom").click()
    page.get_by_role("button", name="Approve").click()
    page.goto(address)
    expect(join_link(page)).to_be_visible()


def test_relinking_in_another_tab_turns_the_card_within_five_seconds(fresh: Stage, windows: Windows) -> None:
    page = windows.open("alice")
    link_zoom(page)
    fresh.control.revoke_grants(ALICE_ZOOM)
    book(page, "Piano lesson")
    cure = card(page).get_by_role("link", name="Link the account again")
    expect(cure).to_be_visible()
    same_page = SamePage(page)
    with page.context.expect_page() as opened:
        cure.click(modifiers=["ControlOrMeta"])
    opened.value.get_by_role("button", name="Link it again").click()
    opened.value.get_by_role("button", name="Approve").click()
    expect(join_link(page)).to_be_visible(timeout=5000)
    same_page.check()


def test_a_change_is_announced_once_in_a_region_that_stays(fresh: Stage, windows: Windows) -> None:
    """While nothing changes nothing is said, however often the card looks."""
    page = windows.open("alice")
    link_zoom(page)
    fresh.control.add_fault("create", "delay_before", seconds=5, times=1)
    book(page, "Piano lesson")
    region = live_region(page)
    expect(region).to_contain_text("The conference is being made…")
    region.evaluate(LISTEN)
    with page.expect_response(lambda response: "/conferencing/card/" in response.url) as looked:
        pass
    assert looked.value.status == 204
    assert page.evaluate("window.announced") == []
    expect(join_link(page)).to_be_visible()
    announced = page.evaluate("window.announced")
    assert len(announced) == 1
    assert "Join the meeting" in announced[0]
    assert page.evaluate("window.region.isConnected && window.region.contains(document.querySelector('dl'))")


def test_cancelling_takes_the_link_away_and_reinstating_brings_a_new_one(fresh: Stage, windows: Windows) -> None:
    page = windows.open("alice")
    link_zoom(page)
    address = book(page, "Piano lesson")
    expect(join_link(page)).to_be_visible()
    page.get_by_role("link", name="Cancel booking").click()
    page.get_by_role("button", name="Cancel booking").click()
    expect(page.get_by_role("status")).to_contain_text("is cancelled")
    page.goto(address)
    expect(card(page)).to_contain_text("The event is cancelled.")
    expect(join_link(page)).to_have_count(0)
    page.get_by_role("button", name="It takes place after all").click()
    expect(join_link(page)).to_be_visible()


def test_nothing_moves_for_who_wants_no_motion(fresh: Stage, windows: Windows) -> None:
    """The waiting card's wheel turns, unless the person has asked their system for less motion."""
    page = windows.open("alice")
    link_zoom(page)
    fresh.control.add_fault("create", "delay_before", seconds=8, times=1)
    book(page, "Piano lesson")
    expect(live_region(page)).to_contain_text("being made")
    moving = """() => [...document.querySelectorAll("*")].filter(element => {
        const style = getComputedStyle(element);
        return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
      }).map(element => element.className)"""
    assert "conferencing-spinner" in page.evaluate(moving)
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == []
