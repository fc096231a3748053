"""The site's pages, as a browser without script sees them."""

from __future__ import annotations

import pytest

from conferencing_app.sandbox.client import SandboxControl
from project.demo.visitor import Visitor
from tests.integration.demo_site.serving import Site, book, bookings_of, eventually

POLICY = "default-src 'self'"


def test_a_new_booking_is_listed_and_has_its_card(bob: Visitor) -> None:
    page = book(bob, "Cello", notes="Bring the bow")
    assert page.status == 200
    assert "The booking is saved." in page.text
    assert "Tuesday 6 May 2031, 15:00 – 15:45" in page.text
    assert "Bring the bow" in page.text
    assert page.refresh_urls, "the conference card of a new booking refreshes itself"
    assert "Cello" in bob.open("/bookings/").text


def test_edit_keeps_what_is_not_changed(alice: Visitor) -> None:
    page = book(alice, "Viola", notes="Second floor")
    edited = alice.submit(alice.open(page.link("Edit")).form("/edit/"), title="Viola d'amore")
    assert edited.url == page.url
    assert "Viola d'amore" in edited.text
    assert "Tuesday 6 May 2031, 15:00 – 15:45" in edited.text
    assert "Second floor" in edited.text


def test_cancel_asks_first_and_can_be_taken_back(alice: Visitor) -> None:
    page = book(alice, "Oboe")
    question = alice.open(page.link("Cancel booking"))
    assert "Cancel “Oboe”?" in question.text
    assert "Cancelled" not in alice.open(page.url).text, "asking changes nothing"
    listed = alice.submit(question.form("/cancel/"))
    assert "“Oboe” is cancelled." in listed.text
    cancelled = alice.open(page.url)
    assert "Cancelled" in cancelled.text
    back = alice.submit(cancelled.form("/reinstate/"))
    assert "“Oboe” takes place after all." in back.text
    assert "Cancelled" not in back.text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"ends_at": "2031-05-06T14:00"}, "ends_at", "The end must be after the start."),
        ({"ends_at": "2031-05-06T15:00"}, "ends_at", "The end must be after the start."),
        ({"title": " "}, "title", "Give the booking a title."),
        ({"title": "x" * 121}, "title", "at most 120 characters"),
        ({"starts_at": ""}, "starts_at", "Say when it starts."),
        ({"ends_at": ""}, "ends_at", "Say when it ends."),
        ({"starts_at": "tomorrow"}, "starts_at", "Choose a date and a time."),
    ],
)
def test_bad_input_is_refused_beside_its_field(alice: Visitor, changes: dict[str, str], field: str, words: str) -> None:
    before = bookings_of(alice)
    page = book(alice, **{"title": "Refused", **changes})
    assert page.status == 422
    assert words in page.text
    control = page.controls[field]
    assert control["aria-invalid"] == "true"
    assert f"id_{field}_error" in control["aria-describedby"].split()
    assert f"id_{field}_error" in page.ids
    assert bookings_of(alice) == before, "nothing was saved"


def test_what_was_typed_survives_a_refusal(alice: Visitor) -> None:
    page = book(alice, "Horn", ends_at="2031-05-06T14:00", notes="Keep me")
    fields = dict(page.form("/bookings/new/").fields)
    assert (fields["title"], fields["starts_at"], fields["notes"]) == ("Horn", "2031-05-06T15:00", "Keep me")


@pytest.mark.parametrize("path", ["", "edit/", "cancel/"])
def test_nobody_opens_another_hosts_booking(alice: Visitor, bob: Visitor, path: str) -> None:
    page = book(alice, "Private lesson")
    assert bob.open(f"{page.url}{path}").status == 404
    assert "Private lesson" not in bob.open("/bookings/").text


@pytest.mark.parametrize("path", ["edit/", "cancel/", "reinstate/"])
def test_nobody_changes_another_hosts_booking(alice: Visitor, bob: Visitor, path: str) -> None:
    page = book(alice, "Not Bob's")
    form = bob.open("/bookings/new/").form("/bookings/new/")
    form.action = f"{page.url}{path}"
    assert bob.submit(form, title="Bob's now").status == 404
    kept = alice.open(page.url).text
    assert "Not Bob's" in kept
    assert "Cancelled" not in kept


@pytest.mark.parametrize(
    "path", ["/bookings/", "/bookings/new/", "/bookings/1/", "/bookings/1/edit/", "/conferencing/"]
)
def test_who_is_not_signed_in_is_sent_to_sign_in(guest: Visitor, path: str) -> None:
    page = guest.open(path)
    assert page.url.startswith(f"{guest.site}/sign-in/?next=")


def test_signing_in_leads_on_to_where_one_wanted_to_go(guest: Visitor) -> None:
    page = guest.open("/bookings/new/")
    assert guest.submit(page.form("/sign-in/bob/")).url == f"{guest.site}/bookings/new/"


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(guest: Visitor, elsewhere: str) -> None:
    form = guest.open("/sign-in/").form("/sign-in/bob/")
    assert guest.submit(form, next=elsewhere).url == f"{guest.site}/bookings/"


def test_guests_see_the_booking_but_no_cause(alice: Visitor, bob: Visitor, guest: Visitor) -> None:
    """Bob never links an account here, so his bookings have no link, and only he is told why."""
    page = book(bob, "Open hour")
    share = page.link("/bookings/shared/")
    assert eventually(lambda: "No link yet" in bob.open(page.url).text)
    for visitor in (guest, alice):
        shared = visitor.open(share)
        assert "Bob Baker invites you" in shared.text
        assert "Open hour" in shared.text
        assert "The link will follow here." in shared.text
        assert "No link yet" not in shared.text


def test_guests_read_that_a_booking_is_cancelled(bob: Visitor, guest: Visitor) -> None:
    page = book(bob, "Called off")
    bob.submit(bob.open(page.link("Cancel booking")).form("/cancel/"))
    assert "It does not take place." in guest.open(page.link("/bookings/shared/")).text


def test_a_share_address_can_not_be_made_up(bob: Visitor, guest: Visitor) -> None:
    share = book(bob, "Secret address").link("/bookings/shared/")
    pk, rest = share.rstrip("/").rsplit("/", 1)[1].split(":", 1)
    other = share.replace(f"{pk}:{rest}", f"MQ:{rest}")
    assert other != share
    assert guest.open(other).status == 404


@pytest.mark.parametrize("path", ["/", "/bookings/", "/bookings/new/", "/conferencing/", "/nothing/", "/admin/"])
def test_each_page_is_sent_with_the_policy(alice: Visitor, path: str) -> None:
    answer = alice.fetch(path)
    assert POLICY in answer.headers["Content-Security-Policy"]
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


def test_sam_may_use_the_admin(site: Site, guest: Visitor) -> None:
    form = guest.open("/admin/").form("/admin/login/")
    page = guest.submit(form, username=site.admin, password=site.password)
    assert "Site administration" in page.text
    assert "Bookings" in page.text


def test_a_linked_account_gives_the_next_booking_its_link(site: Site, alice: Visitor, guest: Visitor) -> None:
    """Under ATOMIC_REQUESTS, with the real worker; guests get the link, too."""
    sandbox = SandboxControl(site.sandbox)
    consent = alice.submit(alice.open("/conferencing/").form("/link/zoom/"))
    alice.submit(consent.form("/oauth/consent"), account="alice.zoom@example.com", decision="approve")
    page = book(alice, "With a link")
    meeting = eventually(lambda: [one for one in sandbox.live_meetings() if one["topic"] == "With a link"])[0]
    shown = eventually(lambda: alice.open(page.url).outside_links())
    assert shown == [meeting["join_url"]]
    assert guest.open(page.link("/bookings/shared/")).outside_links() == shown


def test_the_host_is_written_to_when_the_link_is_there(site: Site, alice: Visitor) -> None:
    """The worker hears of it by the app's signal."""
    consent = alice.submit(alice.open("/conferencing/").form("/link/zoom/"))
    alice.submit(consent.form("/oauth/consent"), account="alice.zoom@example.com", decision="approve")
    page = book(alice, "With a letter")
    letters = eventually(lambda: [text for text in mails(site) if page.url in text])
    assert letters, "a letter names the booking's page"
    (join_url,) = alice.open(page.url).outside_links()
    for letter in letters:
        assert "To: alice@example.com" in letter
        assert join_url not in letter


def mails(site: Site) -> list[str]:
    """What the site's workers have written to people so far."""
    return [path.read_text() for path in (site.folder / "mail").glob("*.log")]
