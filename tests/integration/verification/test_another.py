"""A browser that was proved by mail comes back with another account than the one to be linked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile

from .conftest import Scene, Window, read_mails
from .test_journey import answer, heading, is_signed_in
from .test_relinking import address, path_in
from .test_relinking import profile as profile

pytestmark = pytest.mark.django_db
QUESTION = "That was another Zoom account"
BOB_ZOOM = "bob.zoom@example.com"


@pytest.fixture
def window(scene: Scene, profile: ConferencingProfile) -> Window:
    """Nobody is signed in there, and Zoom knows its person by another account than before."""
    return scene.window(account=BOB_ZOOM)


def by_request(scene: Scene, window: Window, profile: ConferencingProfile) -> str:
    """The question, by a link that an application asked for."""
    read_mails()
    window.ask(scene.link_for(scene.alice, profile=profile))
    page = window.press(read_mails()[0].path).headers["Location"]
    return str(window.link(page).headers["Location"])


def by_own_mail(window: Window) -> str:
    """The question, by the app's own mail about the account."""
    (letter,) = read_mails()
    return str(window.arrive(window.consent(window.press(path_in(letter)))).headers["Location"])


def states() -> dict[str, str]:
    return dict(ConferencingProfile.objects.values_list("account_label", "state"))


def press(window: Window, question: str, button: str) -> Any:
    return window.client.post(question, {"answer": button})


def test_it_is_asked_about_in_that_browser_alone_and_the_application_gets_the_answer(
    scene: Scene, window: Window, profile: ConferencingProfile
) -> None:
    question = by_request(scene, window, profile)
    assert heading(window.open(question)) == QUESTION
    for other, status in ((scene.window(), 302), (scene.window(scene.alice), 404), (scene.window(scene.mallory), 404)):
        assert other.open(question).status_code == status
        assert press(other, question, "link").status_code == status
    told = answer(press(window, question, "link"))
    linked = ConferencingProfile.objects.get(account_label=BOB_ZOOM)
    assert told == {"last_linked_profile_id": [linked.public_id]}
    assert (linked.user, linked.state) == (scene.alice, "connected")
    profile.refresh_from_db()
    assert profile.state == "disconnected"
    assert not is_signed_in(window)


def test_trying_again_answers_the_same_request(scene: Scene, window: Window, profile: ConferencingProfile) -> None:
    again = press(window, by_request(scene, window, profile), "again")
    window.account = "alice.zoom@example.com"
    assert answer(window.arrive(window.consent(again))) == {"last_linked_profile_id": [profile.public_id]}


def test_cancelling_leads_to_the_request_which_is_still_open(
    scene: Scene, window: Window, profile: ConferencingProfile
) -> None:
    page = press(window, by_request(scene, window, profile), "cancel").headers["Location"]
    assert heading(window.open(page)) == "Link your conferencing"
    read_mails()
    assert states() == {"alice.zoom@example.com": "disconnected", "": "unlinked"}


def test_trying_again_too_late_says_so(scene: Scene, window: Window, profile: ConferencingProfile) -> None:
    question = by_request(scene, window, profile)
    with clock.travel(timedelta(minutes=11)):
        late = press(window, question, "again")
    assert (late.status_code, heading(late)) == (400, "That took too long")


def test_from_the_apps_own_mail_it_is_linked_and_said_so(
    scene: Scene, window: Window, profile: ConferencingProfile
) -> None:
    back = press(window, by_own_mail(window), "link").headers["Location"]
    assert back.startswith(f"http://testserver{address(profile)}?")
    assert "Zoom is linked." in window.open(back).content.decode()
    assert states() == {"alice.zoom@example.com": "disconnected", BOB_ZOOM: "connected"}
    assert not is_signed_in(window)
