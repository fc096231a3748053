"""The way of a link that a site made for a person, from the first page to the application that asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, LinkRequest, Mail, Verification
from conferencing_app.services import linking
from tests.integration.pages.rows import make_profile

from .conftest import BACK, Scene, Window, read_mails

pytestmark = pytest.mark.django_db
QUESTION = "We need to verify your account before connecting a conferencing service"
CHOICE = "Link your conferencing"


def heading(response: Any) -> str:
    html = response.content.decode()
    return " ".join(html.split("<h1", 1)[1].split(">", 1)[1].split("</h1>")[0].split())


def is_signed_in(window: Window) -> bool:
    return "_auth_user_id" in window.client.session


def answer(response: Any) -> dict[str, list[str]]:
    """What the application is told."""
    assert response.status_code == 303, response.content.decode()
    assert response.headers["Location"].startswith(BACK)
    told = parse_qs(urlsplit(response.headers["Location"]).query)
    assert told.pop("state") == ["42"], "what the application had in its address is kept"
    return told


def test_who_is_signed_in_as_the_person_goes_on_at_once(scene: Scene) -> None:
    window, url = scene.window(scene.alice), scene.link_for(scene.alice)
    page = window.open(url).headers["Location"]
    html = window.open(page).content.decode()
    for text in (CHOICE, "Wren Scheduler", "/static/wren.png", "<strong>alice</strong>", "Link Zoom"):
        assert text in html
    told = answer(window.link(page))
    profile = ConferencingProfile.objects.get(user=scene.alice)
    assert told == {"last_linked_profile_id": [profile.public_id]}
    assert [letter.subject for letter in read_mails()] == ["A Zoom account is linked to you on testserver"]


@pytest.mark.parametrize("signed_in_as", ["nobody", "mallory"])
def test_any_other_browser_is_asked_to_verify_and_goes_on_where_the_mail_was_opened(
    scene: Scene, signed_in_as: str
) -> None:
    asking = scene.window(scene.mallory if signed_in_as == "mallory" else None)
    url = scene.link_for(scene.alice)
    assert heading(asking.open(url)) == QUESTION
    assert read_mails() == [], "nothing happens before the button is pressed"
    assert heading(asking.client.get(asking.ask(url).headers["Location"])) == QUESTION
    (letter,) = read_mails()
    assert (letter.to, letter.subject) == (
        "alice@example.com",
        "Verify conferencing service link to testserver",
    )
    for part in (letter.text, letter.html):
        assert "Verify this request" in part
        assert "Wren Scheduler" in part
        assert part.count(f"http://testserver{letter.path}") == (2 if part is letter.html else 1)

    other = scene.window()
    assert "Verify this request" in other.open(letter.path).content.decode()
    page = other.press(letter.path).headers["Location"]
    assert heading(other.open(page)) == CHOICE
    assert "Confirmed elsewhere." in asking.open(url).content.decode()
    assert asking.open(page).status_code == 403
    told = answer(other.link(page))
    assert told == {"last_linked_profile_id": [ConferencingProfile.objects.get(user=scene.alice).public_id]}
    assert not is_signed_in(other)
    assert other.client.get("/conferencing/").status_code == 302


def test_the_browser_that_asked_goes_on_when_the_mail_is_opened_in_it(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    page = window.press(letter.path).headers["Location"]
    assert window.open(url).headers["Location"] == page
    assert "last_linked_profile_id" in answer(window.link(page))


@pytest.mark.parametrize("written", ["{}", " {} ", "{0[0]}{0[1]}{0[2]}{0[3]} {0[4]}{0[5]}{0[6]}{0[7]}"])
def test_the_browser_that_asked_goes_on_with_the_code(scene: Scene, written: str) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    page = window.type_code(url, written.format(letter.code)).headers["Location"]
    assert "last_linked_profile_id" in answer(window.link(page))
    assert heading(scene.window().open(letter.path)) == "This mail has been used already"


def test_who_says_no_goes_back_without_an_account(scene: Scene) -> None:
    at_the_page, at_zoom = scene.window(scene.alice), scene.window(scene.alice)
    page = at_the_page.open(scene.link_for(scene.alice)).headers["Location"]
    assert answer(at_the_page.client.post(f"{page}decline/")) == {"error": ["access_denied"]}
    page = at_zoom.open(scene.link_for(scene.alice)).headers["Location"]
    denied = at_zoom.arrive(at_zoom.consent(at_zoom.choose(page), deny=True))
    assert answer(denied) == {"error": ["access_denied"]}
    assert heading(at_zoom.open(page)) == "This link has been used already"
    assert scene.untouched()


def test_what_failed_at_the_provider_can_be_tried_again(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    page = window.press(read_mails()[0].path).headers["Location"]
    scene.sandbox.add_fault("token.code", "status", status=503, times=1)
    failed = window.link(page)
    assert failed.status_code == 503
    assert f'href="{page}"' in failed.content.decode()
    assert "last_linked_profile_id" in answer(window.link(page))


def test_one_provider_or_one_account_leaves_no_choice(scene: Scene, settings: Any) -> None:
    zoom = settings.CONFERENCING_PROVIDERS["zoom"]
    settings.CONFERENCING_PROVIDERS = {"zoom": zoom, "zoom_eu": zoom}
    window = scene.window(scene.alice)
    for options in ({"provider": "zoom"}, {"profile": make_profile(scene.alice)}):
        page = window.open(scene.link_for(scene.alice, **options)).headers["Location"]
        assert window.open(page).content.decode().count("Link Zoom") == 1
        assert window.choose(page, "zoom_eu").status_code == 404
        assert window.choose(page, "zoom").status_code == 303
    page = window.open(scene.link_for(scene.alice)).headers["Location"]
    assert window.open(page).content.decode().count("Link Zoom") == 2


def test_an_account_is_linked_again_under_its_id(scene: Scene, link_profile: Any) -> None:
    profile = link_profile(scene.alice)
    read_mails()
    window = scene.window()
    url = scene.link_for(scene.alice, profile=profile)
    window.ask(url)
    page = window.press(read_mails()[0].path).headers["Location"]
    assert answer(window.link(page)) == {"last_linked_profile_id": [profile.public_id]}


def test_an_account_of_another_person_is_moved_in_the_browser_that_proved_itself(
    scene: Scene, link_profile: Any
) -> None:
    link_profile(scene.mallory)
    read_mails()
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    page = window.press(read_mails()[0].path).headers["Location"]
    question = window.link(page).headers["Location"]
    assert heading(window.open(question)) == "Someone else has linked this Zoom account"
    assert scene.window().open(question).status_code == 302
    assert scene.window(scene.mallory).open(question).status_code == 404
    moved = answer(window.client.post(question))
    assert moved == {
        "last_linked_profile_id": [ConferencingProfile.objects.get(user=scene.alice, state="connected").public_id]
    }
    assert [letter.to for letter in read_mails()] == ["mallory@example.com", "alice@example.com"]


# What is over ------------------------------------------------------------------------------------------------------


def test_a_link_works_until_it_is_used_superseded_or_too_old(scene: Scene) -> None:
    window = scene.window(scene.alice)
    first = scene.link_for(scene.alice)
    second = scene.link_for(scene.alice)
    assert heading(window.open(first)) == "There is a newer link"
    with clock.travel(timedelta(seconds=3601)):
        assert heading(window.open(second)) == "This link is too old"
    page = window.open(second).headers["Location"]
    with clock.travel(timedelta(seconds=3601)):
        assert heading(window.choose(page)) == "This link is too old"
    window.link(page)
    assert heading(window.open(second)) == "This link has been used already"
    assert heading(window.open(page)) == "This link has been used already"
    assert heading(window.choose(page)) == "This link has been used already"
    assert heading(window.open("/conferencing/requests/made-up/")) == "We don&#x27;t know this link"
    assert ConferencingProfile.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"provider": "zoom"},
        {"application": linking.Application("Another")},
        {"application": None},
    ],
)
def test_a_link_for_another_purpose_supersedes_nothing(scene: Scene, other: dict[str, Any]) -> None:
    url = scene.link_for(scene.alice)
    linking.request_link(scene.alice, BACK, **other)
    linking.request_link(scene.mallory, BACK, application=linking.Application("Wren Scheduler"))
    assert scene.window(scene.alice).open(url).status_code == 303


def test_a_mail_works_until_it_is_used_superseded_or_too_old(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    window.ask(url)
    first, second = read_mails()
    assert heading(window.press(first.path)) == "There is a newer mail"
    with clock.travel(timedelta(seconds=3601)):
        assert heading(window.press(second.path)) == "This mail is too old"
        assert heading(window.type_code(url, second.code)) == "This link is too old"
    window.press(second.path)
    assert heading(scene.window().press(second.path)) == "This mail has been used already"
    assert heading(window.press("/conferencing/verify/made-up/")) == "We don&#x27;t know this address"
    window.ask(url)
    (third,) = read_mails()
    scene.link_for(scene.alice)
    assert heading(window.press(third.path)) == "There is a newer mail"


def test_a_mail_that_was_asked_for_in_time_counts_after_the_links_time(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    with clock.travel(timedelta(seconds=3500)):
        window.ask(url)
        (letter,) = read_mails()
    with clock.travel(timedelta(seconds=3700)):
        page = window.press(letter.path).headers["Location"]
        assert "last_linked_profile_id" in answer(window.link(page))


def test_a_proof_holds_for_a_while(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    page = window.press(read_mails()[0].path).headers["Location"]
    with clock.travel(timedelta(seconds=601)):
        assert heading(window.open(page)) == "This browser can&#x27;t go on"
        assert heading(window.choose(page)) == "This browser can&#x27;t go on"
        assert heading(window.open(url)) == QUESTION


def test_a_mail_to_an_address_that_is_no_longer_the_persons_proves_nothing(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    scene.alice.email = "alice@elsewhere.example"
    scene.alice.save()
    assert heading(window.press(letter.path)) == "This mail is too old"
    assert heading(window.type_code(url, letter.code)) == "This mail is too old"


def test_a_person_who_may_no_longer_sign_in_can_not_be_proved_either(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    scene.alice.is_active = False
    scene.alice.save()
    assert heading(window.open(url)) == "We don&#x27;t know this link"
    assert heading(window.press(letter.path)) == "We don&#x27;t know this address"


def test_a_code_may_be_tried_five_times(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    wrong = f"{(int(letter.code) + 1) % 10**8:08}"
    for _ in range(5):
        assert "This is not the code" in window.type_code(url, wrong).content.decode()
    assert "Too many wrong codes" in window.type_code(url, letter.code).content.decode()
    assert window.press(letter.path).status_code == 303, "the link itself can't be guessed"


def test_an_empty_code_is_no_try(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    assert "Type the code from the mail." in window.type_code(url, "").content.decode()
    assert Verification.objects.get().wrong_codes == 0


def test_a_code_is_worth_nothing_in_another_browser(scene: Scene) -> None:
    asking, other, url = scene.window(), scene.window(), scene.link_for(scene.alice)
    asking.ask(url)
    (letter,) = read_mails()
    assert heading(other.type_code(url, letter.code)) == "We don&#x27;t know this address"
    other.ask(url)
    assert heading(asking.type_code(url, letter.code)) == "There is a newer mail"


# What is kept, and for how long --------------------------------------------------------------------------------------


def test_links_and_mails_are_stored_as_digests_and_emptied_once_sent(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    assert Mail.objects.get().secrets
    (letter,) = read_mails()
    secrets = [url.split("/")[-2], letter.path.split("/")[-2], letter.code]
    secrets.append(window.client.cookies["conferencing_link_secret"].value)
    assert min(len(secret) for secret in (secrets[0], secrets[1], secrets[3])) >= 22, "128 bits in base64url"
    stored = str([vars(row) for model in (LinkRequest, Verification, Mail) for row in model.objects.all()])
    assert [secret for secret in secrets if secret in stored] == []
    sent = Mail.objects.get()
    assert (sent.state, sent.facts, bool(sent.secrets)) == ("sent", {}, False)


def test_requests_that_are_long_over_are_pruned(scene: Scene) -> None:
    scene.window().ask(scene.link_for(scene.alice))
    linking.prune()
    assert LinkRequest.objects.count() == 1
    with clock.travel(timedelta(days=1, hours=2, seconds=1)):
        linking.prune()
    assert (LinkRequest.objects.count(), Verification.objects.count()) == (0, 0)


# What a host may ask for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://app.example/back", "https://app.example/back"),
        ("/bookings/?a=1", "http://testserver/bookings/?a=1"),
        ("http://testserver/bookings/", "http://testserver/bookings/"),
        ("http://127.0.0.1:9000/back", "http://127.0.0.1:9000/back"),  # under DEBUG
    ],
)
def test_where_a_link_may_lead_back_to(scene: Scene, given: str, stored: str) -> None:
    linking.request_link(scene.alice, given)
    assert LinkRequest.objects.get().redirect_uri == stored


@pytest.mark.parametrize(
    "given",
    [
        "", "back", "//evil.example/", "/\\evil.example/", "http://app.example/back", "http://testserver:81/",
        "javascript:alert(1)", "data:text/html,x", "ftp://app.example/", "https://user@app.example/",
        "https://app.example\\@testserver/", "https://app.example/\nX: y", "myapp://back", "https:///back",
        "https://app.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_where_a_link_may_not_lead_back_to(scene: Scene, given: str) -> None:
    with pytest.raises(ValidationError, match="redirect_uri"):
        linking.request_link(scene.alice, given)
    assert not LinkRequest.objects.exists()


def test_loopback_is_for_development(scene: Scene, settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(ValidationError, match="redirect_uri"):
        linking.request_link(scene.alice, "http://127.0.0.1:9000/back")


@pytest.mark.parametrize(
    "logo",
    [
        "https://cdn.example/logo.png",
        *("//cdn.example/logo.png", "/\t/cdn.example/logo.png", "/\n/cdn.example/logo.png", "/\\cdn.example/logo.png"),
        "data:image/png;base64,AA",
    ],
)
def test_a_logo_from_elsewhere_is_refused(scene: Scene, logo: str) -> None:
    with pytest.raises(ValidationError, match="application_logo"):
        linking.request_link(scene.alice, BACK, application=linking.Application("Wren", logo))


def test_a_logo_is_stored_as_a_path_and_shown_in_the_mail_as_a_whole_address(scene: Scene) -> None:
    application = linking.Application("Wren", "http://testserver/media/wren.png?v=2")
    url = linking.request_link(scene.alice, BACK, application=application)
    assert LinkRequest.objects.get().application_logo == "/media/wren.png?v=2"
    scene.window().ask(url)
    assert 'src="http://testserver/media/wren.png?v=2"' in read_mails()[0].html


def test_who_asks_is_told_what_is_wrong(scene: Scene) -> None:
    profile = make_profile(scene.mallory)
    for options in ({"provider": "unknown"}, {"profile": profile}):
        with pytest.raises(ValidationError) as caught:
            linking.request_link(scene.alice, BACK, **options)
        assert caught.value.message_dict.keys() == options.keys()


def test_without_an_application_the_site_asks(scene: Scene) -> None:
    url = linking.request_link(scene.alice, BACK)
    html = scene.window().open(url).content.decode()
    assert "testserver asks you to link a conferencing account." in html
    assert "<img" not in html


def test_each_page_needs_its_csrf_token(scene: Scene) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(letter.path).status_code == 403
    assert Verification.objects.get().confirmed_at is None
