"""Linking through the pages: there, back, and everything that can go wrong on the way."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.signals import got_request_exception
from django.test import Client
from django.urls import reverse
from django.views.debug import ExceptionReporter

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, LinkAttempt
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import drain
from tests.integration.pages.rows import make_conference, make_meeting, make_profile, make_user

pytestmark = pytest.mark.django_db
ALICE_ZOOM = "alice.zoom@example.com"
PROFILES = "/conferencing/"
CALLBACK = "/conferencing/callback/zoom/"
LINK = "/conferencing/link/zoom/"


class Browser:
    """One person's browser: the site through Django's client, the consent page through the sandbox."""

    def __init__(self, sandbox: SandboxControl, user: Any) -> None:
        self.sandbox, self.user, self.client = sandbox, user, Client()
        if user is not None:
            self.client.force_login(user)

    def start(self, **data: str) -> str:
        response = self.client.post(LINK, data)
        assert response.status_code == 303
        return response.headers["Location"]

    def consent(self, **data: str) -> str:
        """The path and query to which the provider sends the browser back."""
        answer = urlsplit(self.sandbox.approve(self.start(**data), ALICE_ZOOM))
        return f"{answer.path}?{answer.query}"

    def link(self, **data: str) -> Any:
        return self.client.get(self.consent(**data))


@pytest.fixture
def alice() -> Any:
    return make_user("alice")


@pytest.fixture
def browser(conferencing_sandbox: SandboxControl, alice: Any) -> Browser:
    return Browser(conferencing_sandbox, alice)


def exchanges(browser: Browser) -> int:
    return len(browser.sandbox.requests("token.code"))


def test_a_person_links_an_account_and_sees_it_listed(browser: Browser) -> None:
    response = browser.link()
    assert (response.status_code, response.headers["Location"]) == (303, PROFILES)
    assert response.content == b""
    html = browser.client.get(PROFILES).content.decode()
    assert "Zoom is linked." in html
    assert ALICE_ZOOM in html
    assert "Connected" in html


def test_the_consent_page_is_asked_with_state_and_s256(browser: Browser) -> None:
    query = parse_qs(urlsplit(browser.start()).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 22  # 128 bits in base64url
    assert query["redirect_uri"] == ["http://testserver" + CALLBACK]


@pytest.mark.parametrize(
    ("secure", "name"), [(False, "conferencing_link_secret"), (True, "__Host-conferencing_link_secret")]
)
def test_a_cookie_binds_the_browser_for_a_while(browser: Browser, secure: bool, name: str) -> None:
    cookie = browser.client.post(LINK, secure=secure).cookies[name]
    assert len(cookie.value) == 43
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) is secure
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 4800)


def test_two_tabs_share_the_cookie(browser: Browser) -> None:
    first = browser.consent()
    second = browser.consent()
    assert browser.client.get(first).headers["Location"] == PROFILES
    assert browser.client.get(second).headers["Location"] == PROFILES


def test_a_cookie_of_another_make_is_not_taken(browser: Browser) -> None:
    browser.client.cookies["conferencing_link_secret"] = "planted"
    assert len(browser.client.post(LINK).cookies["conferencing_link_secret"].value) == 43


# What goes wrong ----------------------------------------------------------------------------------------------------


def no_state(browser: Browser) -> Any:
    return browser.client.get(CALLBACK, {"code": "abc"})


def unknown_state(browser: Browser) -> Any:
    return browser.client.get(CALLBACK, {"code": "abc", "state": "made-up"})


def used_state(browser: Browser) -> Any:
    uri = browser.consent()
    browser.client.get(uri)
    return browser.client.get(uri)


def expired_state(browser: Browser) -> Any:
    uri = browser.consent()
    with clock.travel(timedelta(seconds=601)):
        return browser.client.get(uri)


def another_user(browser: Browser) -> Any:
    uri = browser.consent()
    other = Browser(browser.sandbox, make_user("mallory"))
    other.client.cookies["conferencing_link_secret"] = browser.client.cookies["conferencing_link_secret"].value
    return other.client.get(uri)


def another_browser(browser: Browser) -> Any:
    uri = browser.consent()
    return Browser(browser.sandbox, browser.user).client.get(uri)


def doubled_state(browser: Browser) -> Any:
    return browser.client.get(browser.consent() + "&state=again")


def denied(browser: Browser) -> Any:
    answer = urlsplit(browser.sandbox.approve(browser.start(), ALICE_ZOOM, deny=True))
    return browser.client.get(f"{answer.path}?{answer.query}")


def failed_there(browser: Browser) -> Any:
    state = parse_qs(urlsplit(browser.start()).query)["state"][0]
    return browser.client.get(CALLBACK, {"error": "server_error", "error_description": "<b>oops</b>", "state": state})


@pytest.mark.parametrize(
    ("go_wrong", "status", "title", "calls"),
    [
        (no_state, 400, "This address is not complete", 0),
        (unknown_state, 400, "We don&#x27;t know this link request", 0),
        (used_state, 400, "This link request has been used already", 1),
        (expired_state, 400, "That took too long", 0),
        (another_user, 400, "Somebody else started this", 0),
        (another_browser, 400, "This was started in another browser", 0),
        (doubled_state, 400, "We don&#x27;t know this link request", 0),
        (denied, 200, "You did not link Zoom", 0),
        (failed_there, 400, "Zoom could not link your account", 0),
    ],
)
def test_a_failure_says_what_happened_and_offers_to_try_again(
    browser: Browser, go_wrong: Callable[[Browser], Any], status: int, title: str, calls: int
) -> None:
    response = go_wrong(browser)
    html = response.content.decode()
    assert response.status_code == status
    assert f'<h1 class="conferencing-title">{title}</h1>' in html
    assert "Try again" in html
    assert f'href="{PROFILES}"' in html
    assert "<form" not in html  # the address holds the provider's answer, so the page sends no origin, nor a form
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "oops" not in html
    assert exchanges(browser) == calls
    assert ConferencingProfile.objects.count() == calls


def test_when_the_provider_does_not_answer_the_page_says_so(browser: Browser) -> None:
    browser.sandbox.add_fault("token.code", "status", status=503)
    response = browser.link()
    assert response.status_code == 503
    assert "Zoom does not answer at the moment" in response.content.decode()
    assert ConferencingProfile.objects.count() == 0


def test_permissions_that_were_left_out_are_asked_for(browser: Browser) -> None:
    uri = browser.start()
    scope = parse_qs(urlsplit(uri).query).get("scope", ["meeting:write:meeting"])[0].split()[0]
    answer = urlsplit(browser.sandbox.approve(uri, ALICE_ZOOM, untick=[scope]))
    response = browser.client.get(f"{answer.path}?{answer.query}")
    assert response.status_code == 400
    html = response.content.decode()
    assert "Zoom did not give all permissions" in html
    assert "<li>make meetings</li>" in html
    assert scope not in html


def test_the_wrong_key_is_told_without_a_call(browser: Browser, settings: Any) -> None:
    settings.CONFERENCING_ENCRYPTION_KEYS = []
    response = browser.client.post(LINK)
    assert response.status_code == 503
    assert "Linking Zoom does not work here yet" in response.content.decode()
    assert LinkAttempt.objects.count() == 0


@pytest.mark.parametrize("provider", ["unknown", "go_to"])
@pytest.mark.parametrize("name", ["link", "callback"])
def test_a_provider_that_is_not_set_up_is_not_found(browser: Browser, name: str, provider: str) -> None:
    url = reverse(f"conferencing:{name}", args=[provider])
    response = browser.client.post(url) if name == "link" else browser.client.get(url)
    assert response.status_code == 404


def test_an_error_report_would_not_hold_the_code(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: Any
) -> None:
    """A bug after the provider's answer: what Django would mail to the operators, and its log, do not repeat it."""
    uri = browser.consent()
    code = parse_qs(urlsplit(uri).query)["code"][0]
    reports: list[str] = []

    def fall_over(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug")

    def keep_report(*, request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    settings.DEBUG = False
    monkeypatch.setattr("conferencing_app.views.linking.services.finish", fall_over)
    browser.client.raise_request_exception = False
    got_request_exception.connect(keep_report)
    try:
        response = browser.client.get(uri, REQUEST_URI=uri, RAW_URI=uri)
    finally:
        got_request_exception.disconnect(keep_report)
    assert response.status_code == 500
    assert all("RuntimeError" in report for report in reports)
    assert [text for text in (*reports, caplog.text, response.content.decode()) if code in text] == []
    assert len(reports) == 2


# SameSite=Strict ----------------------------------------------------------------------------------------------------


def test_a_callback_without_session_loads_itself_once_more(browser: Browser) -> None:
    uri = browser.consent()
    stranger = Browser(browser.sandbox, None)  # what the site sees while a Strict cookie stays at home
    response = stranger.client.get(uri)
    html = response.content.decode()
    assert response.status_code == 200
    assert "<script" not in html
    found = html.split('http-equiv="refresh" content="0;url=')[1].split('"')[0].replace("&amp;", "&")
    assert found.startswith(CALLBACK + "?")
    assert exchanges(browser) == 0
    assert browser.client.get(found).headers["Location"] == PROFILES


def test_who_is_signed_out_is_told_so_after_the_bounce_and_the_request_stays_usable(browser: Browser) -> None:
    uri = browser.consent()
    stranger = Browser(browser.sandbox, None)
    response = stranger.client.get(uri + "&conferencing_bounced=1")
    assert response.status_code == 403
    assert "You are signed out" in response.content.decode()
    assert exchanges(browser) == 0
    assert browser.client.get(uri).headers["Location"] == PROFILES


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "';url=https://evil.example", "\r\nX: y"])
def test_the_bounce_leads_nowhere_else(browser: Browser, evil: str) -> None:
    html = Client().get(CALLBACK, {"state": evil}).content.decode()
    found = html.split('http-equiv="refresh" content="0;url=')[1].split('"')[0]
    assert found.startswith(CALLBACK + "?state=")
    assert "<script>" not in html
    assert "'" not in found
    assert ";" not in found.replace("&amp;", "&")


# Where it leads afterwards ------------------------------------------------------------------------------------------

AWAY = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "https://testserver@evil.example/",
    "https://testserver:pass@evil.example/",
    "https://testserver.evil.example/",
    "https://evil.example/testserver",
    "https://evil.example#testserver",
    "https://evil.example?testserver",
    "https://evil.example\\@testserver",
    "//testserver@evil.example",
    "//evil.example:80",
    "//evil%E3%80%82example",
    "ftp://testserver/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "javascript://testserver/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "tel:123",
    "blob:https://testserver/1",
    "view-source:https://testserver/",
    "\thttps://evil.example",
    "\nhttps://evil.example",
    " //evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "https://[::1]/",
    "http://127.0.0.1/",
    "http://2130706433/",
    "https://evil.example:443\\@testserver/",
    "https://testserver%00.evil.example/",
    "https://testserver%2eevil.example/",
    "//%5cevil.example",
    "https://\u0442estserver/",
    "ws://testserver/",
    "https://testserver:8000/",
    "/" + "x" * 600,
]


def lands_on_this_site(url: str) -> bool:
    """As a browser reads the Location: backslashes are slashes, tabs and line ends are nothing."""
    seen = url.strip().translate({ord("\t"): None, ord("\n"): None, ord("\r"): None, ord("\\"): "/"})
    parts = urlsplit(seen)
    return not parts.scheme and not parts.netloc and seen.startswith("/") and not seen.startswith("//")


def test_there_are_fifty_ways_to_lead_away() -> None:
    assert len(set(AWAY)) >= 50


@pytest.mark.parametrize("url", AWAY)
def test_linking_never_leads_to_another_site(browser: Browser, url: str) -> None:
    page = browser.client.get(PROFILES, {"next": url}).content.decode()
    assert 'name="next"' not in page or lands_on_this_site(url)
    browser.start(next=url)
    assert lands_on_this_site(LinkAttempt.objects.get().next_url or "/")


@pytest.mark.parametrize("url", ["/lessons/7/", "/lessons/?page=2&q=a%20b", "http://testserver/lessons/"])
def test_linking_leads_back_to_where_one_came_from(browser: Browser, url: str) -> None:
    assert 'name="next"' in browser.client.get(PROFILES, {"next": url}).content.decode()
    assert browser.link(next=url).headers["Location"] == url


# Again, and another person's ----------------------------------------------------------------------------------------


def test_linking_again_heals_the_same_profile(browser: Browser) -> None:
    browser.link()
    profile = ConferencingProfile.objects.get()
    ConferencingProfile.objects.update(state="disconnected", cause="credentials_expired")
    assert "Link it again" in browser.client.get(PROFILES).content.decode()
    browser.link(profile=profile.public_id)
    profile.refresh_from_db()
    assert (profile.state, profile.cause) == ("connected", "")


def test_nobody_links_another_persons_profile_again(browser: Browser) -> None:
    foreign = make_profile(make_user("bob"))
    assert browser.client.post(LINK, {"profile": foreign.public_id}).status_code == 404
    assert LinkAttempt.objects.count() == 0


def test_an_account_of_another_person_is_moved_after_asking(browser: Browser, mailoutbox: list[Any]) -> None:
    bob = Browser(browser.sandbox, make_user("bob"))
    bob.link()
    bobs = ConferencingProfile.objects.get()
    meeting = make_meeting(make_conference(bob.user, lane=bobs), bobs)
    response = browser.link()
    assert response.status_code == 303
    question = response.headers["Location"]
    html = browser.client.get(question).content.decode()
    assert "Someone else has linked this Zoom account" in html
    assert not re.search(r"\bbob\b", html, re.IGNORECASE), "a form's random token may hold these letters"
    assert Client().get(question).status_code == 302
    assert bob.client.get(question).status_code == 404
    elsewhere = Browser(browser.sandbox, browser.user)
    elsewhere.start()  # it has a secret of its own
    assert elsewhere.client.get(question).status_code == 404
    assert elsewhere.client.post(question).status_code == 404
    assert browser.client.post(question).headers["Location"] == PROFILES
    assert ALICE_ZOOM in browser.client.get(PROFILES).content.decode()
    assert ALICE_ZOOM not in bob.client.get(PROFILES).content.decode()
    meeting.refresh_from_db()
    assert meeting.state == "doomed"
    drain()
    linked = "A Zoom account is linked to you on testserver"
    moved = "Your Zoom account is no longer linked on testserver"
    told = [(mail.to[0], mail.subject) for mail in mailoutbox]
    alice, bob_ = browser.user.email, bob.user.email
    assert told == [(bob_, linked), (bob_, moved), (alice, linked)]
    assert browser.client.post(question).status_code == 404


def test_the_question_is_answered_in_time_or_not_at_all(browser: Browser) -> None:
    Browser(browser.sandbox, make_user("bob")).link()
    question = browser.link().headers["Location"]
    with clock.travel(timedelta(minutes=11)):
        response = browser.client.post(question)
    assert response.status_code == 400
    assert "That took too long" in response.content.decode()
    assert not ConferencingProfile.objects.of(browser.user).exists()
