"""A link that was made for a person, in real browsers: the stranger's, the person's, and a mail scanner's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from conferencing_app.models import ConferencingProfile, LinkRequest, RelinkProof, Verification
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import linking, profiles
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET, drain
from tests.integration.pages.browsing import open_page, sign_in
from tests.integration.pages.rows import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUESTION = "We need to verify your account before connecting a conferencing service"
SUBJECT = "Verify conferencing service link to Hourglass"


@dataclass
class Street:
    """The site, and its people's browsers. Nothing that any of them complained of is let pass."""

    browser: Browser
    site: str
    alice: Any
    troubles: list[str]

    @property
    def back(self) -> str:
        return f"{self.site}/static/conferencing_app/page.css?state=42"

    def link(self) -> str:
        return linking.request_link(self.alice, self.back, application=linking.Application("Wren Scheduler"))

    @contextmanager
    def window(self, person: Any = None, **options: Any) -> Iterator[Page]:
        context = sign_in(self.browser, self.site, person, **options) if person else self._stranger(**options)
        with context:
            yield open_page(context, self.troubles)

    def _stranger(self, **options: Any) -> Any:
        context = self.browser.new_context(**options)
        context.set_default_timeout(10_000)
        return context

    def mail(self) -> Any:
        drain()
        (message,) = mail.outbox
        mail.outbox.clear()
        return message

    def address_in(self, message: Any) -> str:
        (found,) = re.findall(rf"^({re.escape(self.site)}/\S+)$", message.body, re.MULTILINE)
        return str(found)


@pytest.fixture
def street(browser: Browser, site: str, conferencing_sandbox: SandboxControl, settings: Any) -> Iterator[Street]:
    settings.CONFERENCING_BASE_URL = site
    settings.CONFERENCING_SITE_NAME = "Hourglass"
    conferencing_sandbox.register_client(CLIENT_ID, CLIENT_SECRET, [f"{site}/conferencing/callback/zoom/"])
    opened = Street(browser, site, make_user("alice"), [])
    yield opened
    # A page may well answer 4xx; its parts may not, and nothing on it may be blocked.
    assert [trouble for trouble in opened.troubles if "Failed to load resource" not in trouble] == []


def title(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def assert_accessible(page: Page) -> None:
    assert Axe().run(page).response["violations"] == []


def link_zoom(page: Page) -> None:
    page.get_by_role("button", name="Link Zoom").click()
    page.get_by_label("alice.zoom@example.com").check()
    page.get_by_role("button", name="Approve").click()


def test_from_a_strangers_browser_to_a_fresh_one_that_is_signed_in_nowhere(street: Street) -> None:
    url = street.link()
    with street.window() as stranger:
        stranger.goto(url)
        title(stranger).to_have_text(QUESTION)
        expect(stranger.get_by_text("Wren Scheduler on Hourglass asks you to link")).to_be_visible()
        assert_accessible(stranger)
        stranger.get_by_role("button", name="Send the mail").click()
        expect(stranger.get_by_label("Code from the mail")).to_be_visible()
        assert_accessible(stranger)
        message = street.mail()
        assert (message.subject, message.to) == (SUBJECT, ["alice@example.com"])
        address = street.address_in(message)
        html = message.alternatives[0].content
        assert re.search(rf'<a href="{re.escape(address)}">\s*(<[^>]+>)*Verify this request', html)
        assert html.count(address) == 2, "on the button, and whole as text"

        with street.window() as fresh:
            fresh.goto(address)
            title(fresh).to_have_text("Do you want to link a conferencing account?")
            assert_accessible(fresh)
            fresh.get_by_role("button", name="Verify this request").click()
            title(fresh).to_have_text("Link your conferencing")
            assert_accessible(fresh)
            link_zoom(fresh)
            fresh.wait_for_url(re.compile(r".*last_linked_profile_id=pro_\w+$"))
            profile = ConferencingProfile.objects.get(user=street.alice)
            assert fresh.url == f"{street.back}&last_linked_profile_id={profile.public_id}"
            assert [cookie["name"] for cookie in fresh.context.cookies() if "session" in str(cookie["name"])] == []
            answer = fresh.request.get(f"{street.site}/conferencing/", max_redirects=0)
            assert answer.status == 302, "to the login page"
        stranger.reload()
        title(stranger).to_have_text("This link has been used already")


def test_the_browser_that_asked_says_that_it_was_confirmed_elsewhere(street: Street) -> None:
    with street.window() as stranger, street.window() as fresh:
        stranger.goto(street.link())
        stranger.get_by_role("button", name="Send the mail").click()
        fresh.goto(street.address_in(street.mail()))
        fresh.get_by_role("button", name="Verify this request").click()
        stranger.reload()
        expect(stranger.get_by_text("Confirmed elsewhere.")).to_be_visible()
        assert_accessible(stranger)
        assert ConferencingProfile.objects.count() == 0


def test_the_browser_that_asked_goes_on_with_the_code(street: Street) -> None:
    with street.window() as page:
        page.goto(street.link())
        page.get_by_role("button", name="Send the mail").click()
        (code,) = re.findall(r"^ +(\d{8})$", street.mail().body, re.MULTILINE)
        page.get_by_label("Code from the mail").fill("1")
        page.get_by_role("button", name="Go on here").click()
        expect(page.get_by_text("This is not the code of the newest mail")).to_be_visible()
        assert_accessible(page)
        page.get_by_label("Code from the mail").fill(f"{code[:4]} {code[4:]}")
        page.get_by_role("button", name="Go on here").click()
        title(page).to_have_text("Link your conferencing")
        link_zoom(page)
        page.wait_for_url(re.compile(r".*last_linked_profile_id=pro_\w+$"))


def test_who_is_signed_in_as_the_person_goes_on_and_may_say_no(street: Street) -> None:
    with street.window(street.alice) as page:
        page.goto(street.link())
        title(page).to_have_text("Link your conferencing")
        page.get_by_role("button", name="Go back without linking").click()
        page.wait_for_url(f"{street.back}&error=access_denied")
    assert mail.outbox == []


def test_a_scanner_consumes_nothing(street: Street) -> None:
    """It fetches the mail's addresses, runs their scripts, and follows all their links. It presses nothing."""
    with street.window() as stranger:
        url = street.link()
        stranger.goto(url)
        stranger.get_by_role("button", name="Send the mail").click()
        address = street.address_in(street.mail())
        client = Client()
        for _ in range(50):
            for path in (address.removeprefix(street.site), url.removeprefix(street.site)):
                client.head(path)
                client.get(path)
        with street.window() as scanner:
            for _ in range(3):
                scanner.goto(address)
                scanner.wait_for_load_state("networkidle")
                scanner.evaluate("window.scrollTo(0, document.body.scrollHeight)")
                scanner.wait_for_timeout(300)
        proof, wanted = Verification.objects.get(), LinkRequest.objects.get()
        assert (proof.confirmed_at, proof.superseded_at, proof.wrong_codes) == (None, None, 0)
        assert (wanted.proved_browser, wanted.used_at) == ("", None)
        assert mail.outbox == []
        with street.window() as fresh:
            fresh.goto(address)
            fresh.get_by_role("button", name="Verify this request").click()
            title(fresh).to_have_text("Link your conferencing")


def test_the_mail_about_a_lost_account_links_it_again_in_a_fresh_browser(street: Street, link_profile: Any) -> None:
    """A scanner that opens it, and runs its scripts, uses nothing up."""
    profile = link_profile(street.alice)
    street.mail()
    profiles.disconnect(profile)
    address = street.address_in(street.mail())
    with street.window() as scanner:
        for _ in range(3):
            scanner.request.head(address)
            scanner.goto(address)
            scanner.wait_for_load_state("networkidle")
    assert RelinkProof.objects.get().used_at is None
    with street.window() as fresh:
        fresh.goto(address)
        title(fresh).to_have_text("Link your Zoom account again")
        fresh.get_by_role("button", name="Link it again").click()
        fresh.get_by_label("alice.zoom@example.com").check()
        fresh.get_by_role("button", name="Approve").click()
        title(fresh).to_have_text("Already connected")
        assert [cookie["name"] for cookie in fresh.context.cookies() if "session" in str(cookie["name"])] == []
        answer = fresh.request.get(f"{street.site}/conferencing/", max_redirects=0)
        assert answer.status == 302, "to the login page"
    profile.refresh_from_db()
    assert (profile.connected, profile.relink_url) == (True, "")
    assert street.mail().subject == "A Zoom account is linked to you on Hourglass"
