"""The page that asks what another account is to be than the one to be linked again."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from conferencing_app.models import ConferencingProfile
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import drain
from tests.integration.pages.rows import make_user
from tests.integration.pages.test_linking import ALICE_ZOOM, LINK, PROFILES, Browser

pytestmark = pytest.mark.django_db
BOB_ZOOM = "bob.zoom@example.com"


@pytest.fixture
def browser(conferencing_sandbox: SandboxControl) -> Browser:
    """Alice's; her account must be linked again."""
    alices = Browser(conferencing_sandbox, make_user("alice"))
    alices.link()
    ConferencingProfile.objects.update(state="disconnected", cause="credentials_expired")
    return alices


def approve(browser: Browser, consent: str, account: str) -> Any:
    answer = urlsplit(browser.sandbox.approve(consent, account))
    return browser.client.get(f"{answer.path}?{answer.query}")


def come_back(browser: Browser, account: str = BOB_ZOOM, **data: str) -> str:
    """Link the account again, with another one: the address of the question."""
    profile = ConferencingProfile.objects.get(state="disconnected")
    response = approve(browser, browser.start(profile=profile.public_id, **data), account)
    assert response.status_code == 303
    return str(response.headers["Location"])


def read(response: Any) -> str:
    """The text of the page, without its markup."""
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def states() -> dict[str, str]:
    return dict(ConferencingProfile.objects.values_list("account_label", "state"))


def test_the_page_names_both_accounts_and_what_either_answer_does(browser: Browser) -> None:
    html = read(browser.client.get(come_back(browser)))
    for text in (
        "That was another Zoom account",
        f"You wanted to link {ALICE_ZOOM} again, and have approved {BOB_ZOOM} now.",
        "It is not linked yet.",
        f"events that wait for {ALICE_ZOOM} go on waiting for it.",
        f"Try again with {ALICE_ZOOM}",
        f"Link {BOB_ZOOM} as another account",
        "Cancel",
    ):
        assert text in html
    assert BOB_ZOOM not in read(browser.client.get(PROFILES))


def test_looking_at_the_page_answers_nothing(browser: Browser) -> None:
    question = come_back(browser)
    for _ in range(2):
        assert browser.client.get(question, {"answer": "link"}).status_code == 200
    assert states() == {ALICE_ZOOM: "disconnected", BOB_ZOOM: "leaving"}


def test_linked_as_another_account_it_stands_beside_the_former(browser: Browser) -> None:
    question = come_back(browser, next="/lessons/7/")
    response = browser.client.post(question, {"answer": "link"})
    assert (response.status_code, response.headers["Location"]) == (303, "/lessons/7/")
    assert states() == {ALICE_ZOOM: "disconnected", BOB_ZOOM: "connected"}
    accounts = read(browser.client.get(PROFILES))
    assert "Zoom is linked." in accounts
    assert ALICE_ZOOM in accounts
    assert BOB_ZOOM in accounts
    assert browser.client.post(question, {"answer": "link"}).status_code == 404


def test_trying_again_goes_to_the_consent_page_and_restores_the_former(browser: Browser) -> None:
    consent = browser.client.post(come_back(browser), {"answer": "again"}).headers["Location"]
    assert approve(browser, consent, ALICE_ZOOM).headers["Location"] == PROFILES
    drain()
    assert states() == {ALICE_ZOOM: "connected", "": "unlinked"}


@pytest.mark.parametrize("answer", [{}, {"answer": "cancel"}])
def test_cancelling_leads_back_and_links_nothing(browser: Browser, answer: dict[str, str]) -> None:
    question = come_back(browser, next="/lessons/7/")
    assert browser.client.post(question, answer).headers["Location"] == "/lessons/7/"
    drain()
    assert states() == {ALICE_ZOOM: "disconnected", "": "unlinked"}
    assert [call["account"] for call in browser.sandbox.requests("revoke")] == [BOB_ZOOM]


def test_an_account_that_one_has_already_is_said_to_be_so(browser: Browser) -> None:
    lost = ConferencingProfile.objects.get()
    approve(browser, browser.start(), BOB_ZOOM)
    question = come_back(browser)
    html = read(browser.client.get(question))
    assert f"{BOB_ZOOM} is linked to you already" in html
    assert "as another account" not in html
    consent = browser.client.post(question, {"answer": "again"}).headers["Location"]
    approve(browser, consent, ALICE_ZOOM)
    lost.refresh_from_db()
    assert lost.state == "connected"
    assert states() == {ALICE_ZOOM: "connected", BOB_ZOOM: "connected"}


def test_an_account_whose_label_was_forgotten_is_paraphrased(browser: Browser) -> None:
    ConferencingProfile.objects.update(account_label="", cause="deauthorized")
    assert "Try again with the former account" in read(browser.client.get(come_back(browser)))


def test_nobody_else_and_no_other_browser_sees_the_question(browser: Browser) -> None:
    question = come_back(browser)
    bob, elsewhere, guest = Client(), Client(), Client()
    bob.force_login(make_user("bob"))
    elsewhere.force_login(browser.user)
    for client, status in ((bob, 404), (elsewhere, 404), (guest, 302)):
        assert client.get(question).status_code == status
        assert client.post(question, {"answer": "link"}).status_code == status
    elsewhere.post(LINK)  # it has a secret of its own now
    assert elsewhere.post(question, {"answer": "link"}).status_code == 404
    assert states() == {ALICE_ZOOM: "disconnected", BOB_ZOOM: "leaving"}
