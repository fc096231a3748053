"""A link that a malicious application has sent to its victim, in every order in which two people can act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from conferencing_app.models import ConferencingProfile, LinkRequest
from conferencing_app.services import linking

from .conftest import BACK, Letter, Scene, Window, read_mails

pytestmark = pytest.mark.django_db
VICTIM, ATTACKER = "alice", "mallory"
PEOPLE = (VICTIM, ATTACKER)


@dataclass(frozen=True)
class Order:
    """Whose account the link is for, and whose browser does each step. The mail may be forwarded to anybody."""

    account: str
    asks: str
    confirms: str
    by_code: bool
    chooses: str
    returns: str

    @property
    def is_one_persons_own_doing(self) -> bool:
        """One browser confirms, chooses and comes back, and the code is typed where it was asked for."""
        in_one = self.confirms == self.chooses == self.returns
        return in_one and (not self.by_code or self.asks == self.confirms)

    def __str__(self) -> str:
        how = "types" if self.by_code else "presses"
        steps = (f"{self.asks} asks", f"{self.confirms} {how}", f"{self.chooses} chooses", f"{self.returns} returns")
        return f"for {self.account}: {', '.join(steps)}"


def orders() -> Iterator[Order]:
    for account, asks, confirms, by_code, chooses, returns in product(
        PEOPLE, PEOPLE, PEOPLE, (False, True), PEOPLE, PEOPLE
    ):
        yield Order(account, asks, confirms, by_code, chooses, returns)


def windows(scene: Scene, *, signed_in: bool) -> dict[str, Window]:
    """Both browsers, each signed in as its person or as nobody."""
    opened = {name: scene.window(account=f"{name}.zoom@example.com") for name in PEOPLE}
    for name, window in opened.items():
        if signed_in:
            window.client.force_login(getattr(scene, name))
    return opened


def play(scene: Scene, order: Order, browsers: dict[str, Window]) -> None:
    """Each step as far as it can be taken; what one browser holds, the other is given."""
    url = scene.link_for(getattr(scene, order.account))
    browsers[order.asks].ask(url)
    letters = read_mails()
    confirm(browsers[order.confirms], url, letters, by_code=order.by_code)
    page = page_of(order.account)
    away = browsers[order.chooses].choose(page)
    if away.status_code != 303:
        return
    answer = browsers[order.chooses].consent(away)
    browsers[order.returns].arrive(answer)
    browsers[order.returns].arrive(f"{answer}&conferencing_bounced=1")


def confirm(window: Window, url: str, letters: list[Letter], *, by_code: bool) -> None:
    for letter in letters:
        if by_code:
            window.type_code(url, letter.code)
        else:
            window.press(letter.path)


def page_of(account: str) -> str:
    return f"/conferencing/requested/{LinkRequest.objects.get(user__username=account).public_id}/"


@pytest.mark.parametrize("order", list(orders()), ids=str)
def test_nothing_is_linked_unless_one_browser_did_it_all(scene: Scene, order: Order) -> None:
    play(scene, order, windows(scene, signed_in=False))
    if order.is_one_persons_own_doing:
        assert [profile.user for profile in ConferencingProfile.objects.all()] == [getattr(scene, order.account)]
    else:
        assert scene.untouched()


@pytest.mark.parametrize("order", [order for order in orders() if order.account == ATTACKER], ids=str)
def test_nor_where_both_are_signed_in_and_the_account_is_the_attackers(scene: Scene, order: Order) -> None:
    """The attacker's own session lets the attacker's own browser go on, and no other."""
    play(scene, order, windows(scene, signed_in=True))
    own = order.chooses == order.returns == ATTACKER
    if not (own or order.is_one_persons_own_doing):
        assert scene.untouched()
    linked = {profile.account_label: str(profile.user) for profile in ConferencingProfile.objects.all()}
    assert linked in ({}, {f"{order.chooses}.zoom@example.com": ATTACKER})
    assert VICTIM not in linked.values()


# Single tricks -----------------------------------------------------------------------------------------------------

Trick = Callable[[Scene], Any]


def opened_by_the_victim(scene: Scene) -> Any:
    """The victim, signed in as herself, opens a link for the attacker's account, and presses all that there is."""
    window, url = scene.window(scene.alice), scene.link_for(scene.mallory)
    window.open(url)
    window.ask(url)
    return window.choose(page_of(ATTACKER))


def only_looked_at(scene: Scene) -> Any:
    """Every page is opened by the right person, and nothing is pressed."""
    window, url = scene.window(scene.alice), scene.link_for(scene.alice)
    window.open(url)
    window.open(page_of(VICTIM))
    return window.client.get(f"{page_of(VICTIM)}link/zoom/")


def form_of_another_site(scene: Scene) -> Any:
    """The attacker's page posts into the victim's session."""
    scene.link_for(scene.alice)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(scene.alice)
    return strict.post(f"{page_of(VICTIM)}link/zoom/", headers={"Origin": "https://evil.example"})


def mail_confirmed_by_another_site(scene: Scene) -> Any:
    url = scene.link_for(scene.mallory)
    scene.window().ask(url)
    (letter,) = read_mails()
    strict = Client(enforce_csrf_checks=True)
    strict.post(letter.path, headers={"Origin": "https://evil.example"})
    return strict.post(f"{page_of(ATTACKER)}link/zoom/")


def consent_page_passed_on(scene: Scene) -> Any:
    """The attacker starts, signed in, and has the victim answer Zoom's page."""
    attacker, victim = scene.window(scene.mallory), scene.window(scene.alice)
    scene.link_for(scene.mallory)
    return victim.arrive(victim.consent(attacker.choose(page_of(ATTACKER))))


def consent_page_passed_on_to_a_stranger(scene: Scene) -> Any:
    attacker, victim = scene.window(scene.mallory), scene.window()
    scene.link_for(scene.mallory)
    return victim.arrive(victim.consent(attacker.choose(page_of(ATTACKER))) + "&conferencing_bounced=1")


def cookie_made_up(scene: Scene) -> Any:
    window = scene.window()
    scene.link_for(scene.alice)
    window.client.cookies["conferencing_link_secret"] = "A" * 43
    return window.choose(page_of(VICTIM))


def cookie_of_another_request(scene: Scene) -> Any:
    """Proved for the attacker's own link, the browser tries the victim's."""
    window, url = scene.window(), scene.link_for(scene.mallory)
    window.ask(url)
    window.press(read_mails()[0].path)
    scene.link_for(scene.alice)
    return window.choose(page_of(VICTIM))


def proof_for_another_link_of_the_same_person(scene: Scene) -> Any:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    window.press(read_mails()[0].path)
    other = linking.request_link(scene.alice, BACK, application=linking.Application("Evil"))
    return window.open(other)


def proof_taken_over_by_a_newer_one(scene: Scene) -> Any:
    """Confirmed here, then with a newer mail elsewhere: here it ends."""
    first, second, url = scene.window(), scene.window(), scene.link_for(scene.alice)
    for window in (first, second):
        window.ask(url)
        window.press(read_mails()[0].path)
    return first.choose(page_of(VICTIM))


def attempt_begun_before_a_newer_proof(scene: Scene) -> Any:
    first, second, url = scene.window(), scene.window(), scene.link_for(scene.alice)
    first.ask(url)
    first.press(read_mails()[0].path)
    answer = first.consent(first.choose(page_of(VICTIM)))
    second.ask(url)
    second.press(read_mails()[0].path)
    return first.arrive(f"{answer}&conferencing_bounced=1")


def proved_browser_at_the_profiles(scene: Scene) -> Any:
    """The proof is no login: it opens no other page, and links nothing past the request."""
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    window.press(read_mails()[0].path)
    return window.client.post("/conferencing/link/zoom/")


def declined_by_a_stranger(scene: Scene) -> Any:
    scene.link_for(scene.alice)
    return scene.window(scene.mallory).client.post(f"{page_of(VICTIM)}decline/")


def code_guessed(scene: Scene) -> Any:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    for number in range(1, 8):
        window.type_code(url, f"{(int(letter.code) + number) % 10**8:08}")
    return window.type_code(url, letter.code)


def code_of_the_attackers_own_mail(scene: Scene) -> Any:
    attackers, victims = scene.link_for(scene.mallory), scene.link_for(scene.alice)
    window = scene.window()
    window.ask(attackers)
    (letter,) = read_mails()
    window.ask(victims)
    read_mails()
    return window.type_code(victims, letter.code)


def mail_token_as_link(scene: Scene) -> Any:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    token = read_mails()[0].path.split("/")[-2]
    return window.client.get(f"/conferencing/requests/{token}/")


def link_token_as_mail(scene: Scene) -> Any:
    token = urlsplit(scene.link_for(scene.alice)).path.split("/")[-2]
    return scene.window().press(f"/conferencing/verify/{token}/")


def provider_that_the_link_does_not_allow(scene: Scene) -> Any:
    scene.link_for(scene.alice, provider="zoom")
    return scene.window(scene.alice).choose(page_of(VICTIM), "go_to")


def request_of_a_deleted_person(scene: Scene) -> Any:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    scene.alice.delete()
    return window.press(letter.path)


TRICKS: dict[str, tuple[Trick, int]] = {
    "a link for the attacker is opened by the victim": (opened_by_the_victim, 403),
    "pages are only looked at": (only_looked_at, 405),
    "a form of another site": (form_of_another_site, 403),
    "a mail's button pressed by another site": (mail_confirmed_by_another_site, 403),
    "the attacker's consent page answered by the victim": (consent_page_passed_on, 400),
    "the attacker's consent page answered by a stranger": (consent_page_passed_on_to_a_stranger, 403),
    "a made-up cookie": (cookie_made_up, 403),
    "a proof for another person's link": (cookie_of_another_request, 403),
    "a proof for another link of the same person": (proof_for_another_link_of_the_same_person, 200),
    "a proof that a newer one has replaced": (proof_taken_over_by_a_newer_one, 403),
    "an attempt begun before a newer proof": (attempt_begun_before_a_newer_proof, 403),
    "a proof instead of a login": (proved_browser_at_the_profiles, 302),
    "a stranger says no": (declined_by_a_stranger, 403),
    "a code is guessed": (code_guessed, 400),
    "the code of another mail": (code_of_the_attackers_own_mail, 400),
    "a mail's token as a link": (mail_token_as_link, 400),
    "a link's token as a mail": (link_token_as_mail, 400),
    "a provider that was not asked for": (provider_that_the_link_does_not_allow, 404),
    "the link of a deleted person": (request_of_a_deleted_person, 400),
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_links_nothing_and_asks_nobody(scene: Scene, name: str) -> None:
    trick, status = TRICKS[name]
    response = trick(scene)
    assert (response.status_code, scene.untouched()) == (status, True), response.content.decode()


PATHS = ["requests/{}/", "requests/{}/mail/", "requests/{}/code/", "verify/{}/", "requested/{}/"]
MADE_UP = ["x", "A" * 43, "-" * 43, "..", "%2e%2e", "%00", "%0d%0aX:y", "é" * 20, "x" * 5000, "lrq_1", "'; DROP", "<b>"]


@pytest.mark.parametrize("token", MADE_UP)
@pytest.mark.parametrize("path", PATHS)
def test_a_made_up_token_leads_to_a_page_that_says_so(scene: Scene, path: str, token: str) -> None:
    scene.link_for(scene.alice)
    url = f"/conferencing/{path.format(token)}"
    for response in (scene.window().client.get(url), scene.window(scene.alice).client.post(url, {"code": "1"})):
        assert response.status_code in (400, 403, 404, 405), response.content
    assert (read_mails(), scene.untouched()) == ([], True)


RETURNS = [
    "no cookie",
    "another cookie",
    "another person",
    "signed out",
    "used",
    "no state",
    "other state",
    "error too",
]


@pytest.mark.parametrize("proved_by", ["mail", "session"])
@pytest.mark.parametrize("case", RETURNS)
def test_a_callback_that_is_not_the_answer_links_nothing(scene: Scene, case: str, proved_by: str) -> None:
    window = scene.window(scene.alice if proved_by == "session" else None)
    url = scene.link_for(scene.alice)
    if proved_by == "mail":
        window.ask(url)
        window.press(read_mails()[0].path)
    answer = window.consent(window.choose(page_of(VICTIM))) + "&conferencing_bounced=1"
    if case == "no cookie":
        del window.client.cookies["conferencing_link_secret"]
    elif case == "another cookie":
        window.client.cookies["conferencing_link_secret"] = "B" * 43
    elif case == "another person":
        secret = window.client.cookies["conferencing_link_secret"].value
        window = scene.window(scene.mallory)
        if proved_by == "session":
            window.client.cookies["conferencing_link_secret"] = secret
    elif case == "signed out":
        window = scene.window()
    elif case == "used":
        window.client.post(f"{page_of(VICTIM)}decline/")
    elif case == "no state":
        answer = answer.replace("state=", "estate=")
    elif case == "other state":
        answer = answer.replace("state=", "state=x")
    else:
        answer += "&error=server_error"
    assert window.arrive(answer).status_code in (400, 403)
    assert scene.untouched()
