"""An account must be linked again: the mail with its own proof, and the address that works for as long as it takes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, LinkAttempt, LinkRequest, Mail, RelinkProof, Verification
from conferencing_app.services import grants, ownership, profiles
from tests.hosts.models import Lesson
from tests.integration.pages.rows import make_user

from .conftest import Letter, Scene, read_mails
from .test_journey import CHOICE, QUESTION, heading, is_signed_in

pytestmark = pytest.mark.django_db
RELINK_IN_MAIL = re.compile(r"^http://testserver(/conferencing/relink/by-mail/\S+/)$", re.MULTILINE)
CONNECTED = "Already connected"


@pytest.fixture
def profile(scene: Scene, link_profile: Any) -> ConferencingProfile:
    """Alice's account, which she has linked and whose grant has died."""
    linked: ConferencingProfile = link_profile(scene.alice)
    read_mails()
    grants.disconnect(linked.pk, "credentials_expired")
    linked.refresh_from_db()
    return linked


def address(profile: ConferencingProfile) -> str:
    return reverse("conferencing:relink", args=[profile.public_id])


def path_in(letter: Letter) -> str:
    (path,) = RELINK_IN_MAIL.findall(letter.text)
    return str(path)


def save_lesson(owner: Any, **ahead: float) -> Lesson:
    start = clock.read("default") + timedelta(**ahead)
    return Lesson.objects.create(owner=owner, title="Scales", starts_at=start, ends_at=start + timedelta(hours=1))


def everything() -> list[list[dict[str, Any]]]:
    models: tuple[Any, ...] = (ConferencingProfile, LinkRequest, LinkAttempt, Mail, RelinkProof, Verification)
    return [list(model.objects.order_by("pk").values()) for model in models]


# The address ---------------------------------------------------------------------------------------------------------


def test_there_is_an_address_for_as_long_as_the_account_is_disconnected(
    profile: ConferencingProfile, link_profile: Any
) -> None:
    url = profile.relink_url
    assert url == f"http://testserver/conferencing/relink/{profile.public_id}/"
    with clock.travel(timedelta(days=400)):
        profile.refresh_from_db()
        assert profile.relink_url == url
    assert link_profile(profile.user) == profile
    profile.refresh_from_db()
    assert profile.relink_url == ""


def test_its_person_signed_in_links_again_and_is_told_that_it_is_connected(
    scene: Scene, profile: ConferencingProfile
) -> None:
    window = scene.window(scene.alice)
    html = window.open(address(profile)).content.decode()
    for text in ("Link your Zoom account again", "Zoom no longer accepts the link", "alice.zoom@example.com"):
        assert text in html
    form = {"profile": profile.public_id, "next": address(profile)}
    back = window.arrive(window.consent(window.client.post("/conferencing/link/zoom/", form)))
    assert back.headers["Location"] == address(profile)
    page = window.open(address(profile))
    assert heading(page) == CONNECTED
    assert "alice.zoom@example.com" in page.content.decode()


@pytest.mark.parametrize("signed_in_as", ["nobody", "mallory"])
def test_anybody_else_reads_the_same_whatever_the_id_is(
    scene: Scene, profile: ConferencingProfile, link_profile: Any, signed_in_as: str
) -> None:
    window = scene.window(scene.mallory if signed_in_as == "mallory" else None)
    ids = [profile.public_id, link_profile(make_user("bob"), "mallory.zoom@example.com").public_id, "pro_unknown"]
    pages = [window.open(reverse("conferencing:relink", args=[each])) for each in ids]
    assert [heading(page) for page in pages] == [QUESTION] * 3
    assert [page.status_code for page in pages] == [200] * 3
    told = {_without(page.content.decode(), public_id) for page, public_id in zip(pages, ids, strict=True)}
    assert len(told) == 1


def _without(html: str, public_id: str) -> str:
    """What differs at each look, and what the visitor has brought along."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html).replace(public_id, "")


def test_anybody_else_is_verified_by_mail_and_told_in_the_end_that_it_is_connected(
    scene: Scene, profile: ConferencingProfile
) -> None:
    read_mails()
    asking, other = scene.window(), scene.window()
    question = asking.client.post(f"{address(profile)}mail/").headers["Location"]
    assert heading(asking.open(question)) == QUESTION
    (letter,) = read_mails()
    assert (letter.to, letter.subject) == ("alice@example.com", "Verify conferencing service link to testserver")
    page = other.press(letter.path).headers["Location"]
    assert heading(other.open(page)) == CHOICE
    assert other.open(address(profile)).headers["Location"] == page, "the address leads on there"
    back = other.link(page).headers["Location"]
    assert back.startswith(f"http://testserver{address(profile)}?")
    assert heading(other.open(back)) == CONNECTED
    assert not is_signed_in(other)
    assert heading(asking.open(address(profile))) == QUESTION, "who has shown nothing learns nothing"
    profile.refresh_from_db()
    assert profile.connected


def test_what_is_unlinked_is_no_longer_linked_again(scene: Scene, profile: ConferencingProfile) -> None:
    profiles.unlink(profile, remove_meetings=False)
    stranger, owner = scene.window(), scene.window(scene.alice)
    assert heading(stranger.client.post(f"{address(profile)}mail/")) == "We don&#x27;t know this link"
    assert heading(stranger.client.post("/conferencing/relink/pro_unknown/mail/")) == "We don&#x27;t know this link"
    assert owner.open(address(profile)).headers["Location"] == "/conferencing/"
    assert LinkRequest.objects.count() == 0


def test_asking_has_the_limits_of_every_such_mail(scene: Scene, profile: ConferencingProfile) -> None:
    window = scene.window()
    codes = [window.client.post(f"{address(profile)}mail/").status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]
    assert LinkRequest.objects.count() == 5, "a refusal leaves no row, and supersedes none"


# The mail ------------------------------------------------------------------------------------------------------------


def test_one_mail_tells_what_happened_what_waits_and_how_to_cure_it(scene: Scene, link_profile: Any) -> None:
    link_profile(scene.alice)
    read_mails()
    scene.sandbox.revoke_grants("alice.zoom@example.com")
    for hours in (2, 3):
        save_lesson(scene.alice, hours=hours)
    (letter,) = read_mails()
    assert (letter.to, letter.subject) == ("alice@example.com", "Link your Zoom account on testserver again")
    for part in (letter.text, letter.html):
        assert "Zoom no longer accepts the link to this account" in part
        assert "alice.zoom@example.com" in part
        assert "2 events that lie ahead wait for it" in part
        assert f"http://testserver{path_in(letter)}" in part
    assert read_mails() == []


def test_the_mail_carries_its_own_proof_and_works_in_any_browser(scene: Scene, profile: ConferencingProfile) -> None:
    (letter,) = read_mails()
    window = scene.window()
    html = window.open(path_in(letter)).content.decode()
    for text in ("Link your Zoom account again", "<strong>alice</strong>", "Link it again"):
        assert text in html
    back = window.arrive(window.consent(window.press(path_in(letter)))).headers["Location"]
    assert back.startswith(f"http://testserver{address(profile)}?last_linked_profile_id={profile.public_id}")
    assert heading(window.open(back)) == CONNECTED
    assert not is_signed_in(window)
    profile.refresh_from_db()
    assert profile.connected
    assert [letter.subject for letter in read_mails()] == ["A Zoom account is linked to you on testserver"]
    late = scene.window(scene.alice)
    assert late.open(path_in(letter)).headers["Location"] == address(profile)
    assert heading(late.open(address(profile))) == CONNECTED


def test_opening_pages_changes_nothing(scene: Scene, profile: ConferencingProfile) -> None:
    (letter,) = read_mails()
    before = everything()
    for window in (scene.window(), scene.window(scene.alice), scene.window(scene.mallory)):
        for path in (path_in(letter), address(profile)):
            window.client.get(path)
            window.client.head(path)
    assert everything() == before


def test_a_proof_is_used_once(scene: Scene, profile: ConferencingProfile) -> None:
    (letter,) = read_mails()
    first, second = scene.window(), scene.window()
    assert "/zoom/" in first.press(path_in(letter)).headers["Location"]
    assert second.press(path_in(letter)).headers["Location"] == address(profile)
    assert heading(second.open(address(profile))) == QUESTION
    assert first.open(address(profile)).status_code == 302, "the first goes on"


@pytest.mark.parametrize("over", ["seven days", "another address", "linked and lost again", "locked out"])
def test_a_proof_that_holds_no_more_leads_to_the_address(
    scene: Scene, profile: ConferencingProfile, link_profile: Any, over: str
) -> None:
    (letter,) = read_mails()
    days = 0
    if over == "seven days":
        days = 7
    elif over == "another address":
        type(scene.alice).objects.update(email="alice@elsewhere.example")
    elif over == "locked out":
        type(scene.alice).objects.filter(pk=scene.alice.pk).update(is_active=False)
    else:
        link_profile(scene.alice)
        grants.disconnect(profile.pk, "credentials_expired")
    with clock.travel(timedelta(days=days)):
        pressed = scene.window().press(path_in(letter))
    assert (pressed.status_code, pressed.headers["Location"]) == (302, address(profile))
    assert RelinkProof.objects.filter(used_at=None).exists()
    assert LinkRequest.objects.count() == 0


def test_a_made_up_proof_is_refused(scene: Scene) -> None:
    assert heading(scene.window().press("/conferencing/relink/by-mail/made-up/")) == "We don&#x27;t know this address"


def test_what_failed_at_the_provider_can_be_tried_again(scene: Scene, profile: ConferencingProfile) -> None:
    (letter,) = read_mails()
    window = scene.window()
    scene.sandbox.add_fault("token.code", "status", status=503, times=1)
    failed = window.arrive(window.consent(window.press(path_in(letter))))
    assert failed.status_code == 503
    (again,) = re.findall(r'href="(/conferencing/requested/\w+/)"', failed.content.decode())
    assert heading(window.open(window.link(again).headers["Location"])) == CONNECTED


def test_no_mail_goes_out_once_the_account_is_linked_again(
    scene: Scene, profile: ConferencingProfile, link_profile: Any
) -> None:
    link_profile(scene.alice)
    assert [letter.subject for letter in read_mails()] == ["A Zoom account is linked to you on testserver"]
    letter = Mail.objects.get(kind="profile_disconnected")
    assert (letter.state, letter.facts, letter.due_at) == ("moot", {}, None)
    assert RelinkProof.objects.count() == 0


@pytest.mark.parametrize("cause", ["disconnected", "deauthorized", "scopes_missing"])
def test_every_way_to_lose_an_account_is_told_once(scene: Scene, link_profile: Any, cause: str) -> None:
    linked = link_profile(scene.alice)
    read_mails()
    for _ in range(2):
        _lose(linked, cause)
    letters = read_mails()
    assert [letter.subject for letter in letters] == ["Link your Zoom account on testserver again"]
    linked.refresh_from_db()
    assert linked.cause == cause


def _lose(profile: ConferencingProfile, cause: str) -> None:
    if cause == "disconnected":
        profiles.disconnect(profile)
    elif cause == "deauthorized":
        ownership.forget_account(ConferencingProfile.objects.get(pk=profile.pk))
    else:
        grants.disconnect(profile.pk, cause)


def test_the_mail_is_in_the_sites_language_and_has_a_german_one(scene: Scene, profile: ConferencingProfile) -> None:
    Mail.objects.filter(kind="profile_disconnected").update(language="de")
    (letter,) = read_mails()
    assert letter.subject == "Verknüpfen Sie Ihr Zoom-Konto auf testserver neu"


def test_tokens_of_mails_are_stored_as_digests(scene: Scene, profile: ConferencingProfile) -> None:
    (letter,) = read_mails()
    token = path_in(letter).split("/")[-2]
    assert len(token) >= 43, "256 bits in base64url"
    assert token not in str(everything())


# Who hears of it -----------------------------------------------------------------------------------------------------


def test_the_signal_carries_the_address(
    scene: Scene, profile: ConferencingProfile, conferencing_notifications: Any
) -> None:
    profiles.unlink(profile, remove_meetings=False)
    read_mails()
    told = [(each.type, each.relink_url) for each in conferencing_notifications]
    url = f"http://testserver{address(profile)}"
    assert told == [("conferencing_profile_disconnected", url), ("conferencing_profile_unlinked", "")]
