"""Another account comes back than the one to be linked again: it is asked about, and used by nothing until then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from conferencing_app import clock
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, Grant, LinkAttempt
from conferencing_app.services import another, grants, linking, moving, profiles
from conferencing_app.testing import drain
from tests.hosts.models import Lesson

from .conftest import ALICE_ZOOM, BOB_ZOOM, Journey
from .test_accounts import works


@pytest.fixture
def lost(alices: Journey) -> ConferencingProfile:
    """Alice's account, which must be linked again."""
    profile = alices.link().profile
    grants.disconnect(profile.pk, "credentials_expired")
    profile.refresh_from_db()
    drain()
    mail.outbox.clear()
    return profile


def come_back(journey: Journey, account: str, profile: ConferencingProfile, **options: Any) -> str:
    """The question by which linking the profile again with this account ends."""
    with pytest.raises(linking.AnotherAccount) as caught:
        journey.link(account, profile=profile, **options)
    assert caught.value.code == "other_account"
    return caught.value.attempt


def revoked(journey: Journey) -> list[str]:
    return [call["account"] for call in journey.sandbox.requests("revoke")]


def waiting_account() -> ConferencingProfile:
    profile: ConferencingProfile = ConferencingProfile.objects.get(state="leaving")
    return profile


@pytest.mark.django_db(transaction=True)
def test_nothing_is_changed_until_the_answer(
    alices: Journey, lost: ConferencingProfile, conferencing_notifications: Any
) -> None:
    before = Grant.objects.get()
    conferencing_notifications.clear()
    come_back(alices, BOB_ZOOM, lost)
    drain()
    kept = Grant.objects.get(profile=lost)
    assert (kept.access_token, kept.refresh_token) == (before.access_token, before.refresh_token)
    assert list(ConferencingProfile.objects.of(alices.user)) == [lost]
    assert not waiting_account().is_default
    assert (mail.outbox, list(conferencing_notifications), revoked(alices)) == ([], [], [])


@pytest.mark.django_db(transaction=True)
def test_it_becomes_an_account_of_its_own_and_what_waits_for_the_former_goes_on_waiting(
    alices: Journey, lost: ConferencingProfile, conferencing_notifications: Any
) -> None:
    start = clock.read("default") + timedelta(days=2)
    lesson = Lesson.objects.create(
        owner=alices.user, title="Scales", starts_at=start, ends_at=start + timedelta(hours=1)
    )
    drain()
    attempt = come_back(alices, BOB_ZOOM, lost, next_url="/bookings/")
    conferencing_notifications.clear()
    linked = another.link(alices.user, attempt, browser=alices.browser)
    drain()

    lost.refresh_from_db()
    assert (linked.created, linked.next_url) == (True, "/bookings/")
    assert (linked.profile.account_label, linked.profile.state) == (BOB_ZOOM, "connected")
    assert works(linked.profile)
    assert (lost.account_label, lost.state, lost.is_default) == (ALICE_ZOOM, "disconnected", True)
    lesson = Lesson.objects.get(pk=lesson.pk)
    assert lesson.conferencing is not None
    assert (lesson.conferencing.state, lesson.conferencing.cause.code) == ("failing", "credentials_expired")
    assert [told.profile for told in conferencing_notifications if told.profile] == [linked.profile]
    assert [letter.subject for letter in mail.outbox] == ["A Zoom account is linked to you on testserver"]
    with pytest.raises(LinkError) as again:
        another.link(alices.user, attempt, browser=alices.browser)
    assert again.value.code == "used_state"


@pytest.mark.django_db(transaction=True)
def test_who_does_not_want_it_has_its_grant_given_back_at_once(alices: Journey, lost: ConferencingProfile) -> None:
    attempt = come_back(alices, BOB_ZOOM, lost)
    waiting = waiting_account()
    another.let_go(alices.user, attempt, browser=alices.browser)
    drain()
    waiting.refresh_from_db()
    assert revoked(alices) == [BOB_ZOOM]
    assert (waiting.state, waiting.account_key, waiting.account_label) == ("unlinked", None, "")
    assert [grant.profile for grant in Grant.objects.all()] == [lost]
    with pytest.raises(LinkError) as late:
        another.link(alices.user, attempt, browser=alices.browser)
    assert late.value.code == "used_state"


@pytest.mark.django_db(transaction=True)
def test_without_an_answer_its_grant_is_given_back_after_ten_minutes(
    alices: Journey, lost: ConferencingProfile, clock_ahead: Any
) -> None:
    attempt = come_back(alices, BOB_ZOOM, lost)
    with clock_ahead(590):
        drain()
    assert revoked(alices) == []
    with clock_ahead(601):
        drain()
        assert revoked(alices) == [BOB_ZOOM]
        assert [grant.profile for grant in Grant.objects.all()] == [lost]
        with pytest.raises(LinkError) as late:
            another.link(alices.user, attempt, browser=alices.browser)
    assert late.value.code == "expired_state"
    assert list(ConferencingProfile.objects.of(alices.user)) == [lost]


def test_nobody_answers_but_the_person_in_the_browser_that_linked(
    alices: Journey, bobs: Journey, lost: ConferencingProfile
) -> None:
    attempt = come_back(alices, BOB_ZOOM, lost)
    refused = []
    for user, browser, key in (
        (bobs.user, alices.browser, attempt),
        (alices.user, bobs.browser, attempt),
        (alices.user, "", attempt),
        (alices.user, alices.browser, "lnk_unknown"),
    ):
        assert another.asked(user, browser, key) is None
        for answer in (another.link, another.let_go, another.start_again):
            with pytest.raises(LinkError) as error:
                answer(user, key, browser=browser)
            refused.append(error.value.code)
    assert set(refused) == {"other_user", "other_browser", "unknown_state"}
    assert another.asked(alices.user, alices.browser, attempt) == LinkAttempt.objects.get(public_id=attempt)
    assert another.link(alices.user, attempt, browser=alices.browser).created


def test_the_two_questions_are_not_taken_for_each_other(
    alices: Journey, bobs: Journey, lost: ConferencingProfile
) -> None:
    attempt = come_back(alices, BOB_ZOOM, lost)
    with pytest.raises(LinkError, match="unknown_state"):
        moving.move(alices.user, attempt, browser=alices.browser)
    assert moving.claimed_by(alices.user, alices.browser, attempt) is None
    with pytest.raises(linking.AccountClaimed) as claimed:
        bobs.link(ALICE_ZOOM)
    with pytest.raises(LinkError, match="unknown_state"):
        another.link(bobs.user, claimed.value.attempt, browser=bobs.browser)
    assert another.asked(bobs.user, bobs.browser, claimed.value.attempt) is None
    assert moving.move(bobs.user, claimed.value.attempt, browser=bobs.browser).created


@pytest.mark.django_db(transaction=True)
def test_trying_again_leads_to_the_account_that_was_meant(alices: Journey, lost: ConferencingProfile) -> None:
    attempt = come_back(alices, BOB_ZOOM, lost, next_url="/bookings/")
    consent = another.start_again(alices.user, attempt, browser=alices.browser)
    linked = alices.arrive(alices.sandbox.approve(consent, ALICE_ZOOM))
    assert (linked.profile, linked.profile.state, linked.next_url) == (lost, "connected", "/bookings/")
    drain()
    assert revoked(alices) == [BOB_ZOOM]
    assert list(ConferencingProfile.objects.of(alices.user)) == [lost]
    assert works(lost)


@pytest.mark.django_db(transaction=True)
def test_coming_back_with_it_twice_asks_twice_and_only_the_last_one_answers(
    alices: Journey, lost: ConferencingProfile
) -> None:
    first = come_back(alices, BOB_ZOOM, lost)
    consent = another.start_again(alices.user, first, browser=alices.browser)
    with pytest.raises(linking.AnotherAccount) as second:
        alices.arrive(alices.sandbox.approve(consent, BOB_ZOOM))
    third = come_back(alices, BOB_ZOOM, lost)
    drain()
    assert revoked(alices) == [], "it was let go, and then asked about anew"
    for over in (first, second.value.attempt):
        with pytest.raises(LinkError, match="used_state"):
            another.link(alices.user, over, browser=alices.browser)
    assert works(another.link(alices.user, third, browser=alices.browser).profile)


def test_ones_own_other_account_is_kept_alive_and_the_answer_changes_nothing(alices: Journey) -> None:
    """The provider has just ended that account's earlier grant, so the fresh one is its only one."""
    first, second = alices.link().profile, alices.link(BOB_ZOOM).profile
    attempt = come_back(alices, BOB_ZOOM, first)
    assert works(first)
    assert works(second)
    with pytest.raises(LinkError) as refused:
        another.link(alices.user, attempt, browser=alices.browser)
    assert refused.value.code == "expired_state"
    another.let_go(alices.user, attempt, browser=alices.browser)
    assert list(ConferencingProfile.objects.of(alices.user)) == [first, second]
    assert not ConferencingProfile.objects.due().exists()


@pytest.mark.django_db(transaction=True)
def test_an_account_that_was_leaving_is_asked_about_and_leaves_if_it_is_not_wanted(
    alices: Journey, lost: ConferencingProfile
) -> None:
    other = alices.link(BOB_ZOOM).profile
    profiles.unlink(other, remove_meetings=True)
    attempt = come_back(alices, BOB_ZOOM, lost)
    other.refresh_from_db()
    assert other.state == "leaving"
    another.let_go(alices.user, attempt, browser=alices.browser)
    drain()
    other.refresh_from_db()
    assert (other.state, revoked(alices)) == ("unlinked", [BOB_ZOOM])


def test_an_account_of_somebody_else_is_asked_about_as_ever(
    alices: Journey, bobs: Journey, lost: ConferencingProfile
) -> None:
    theirs = bobs.link(BOB_ZOOM).profile
    with pytest.raises(linking.AccountClaimed) as caught:
        alices.link(BOB_ZOOM, profile=lost)
    assert works(theirs)
    moved = moving.move(alices.user, caught.value.attempt, browser=alices.browser).profile
    lost.refresh_from_db()
    assert set(ConferencingProfile.objects.of(alices.user)) == {lost, moved}
    assert lost.state == "disconnected"


def test_who_links_it_meanwhile_has_it(alices: Journey, bobs: Journey, lost: ConferencingProfile) -> None:
    attempt = come_back(alices, BOB_ZOOM, lost)
    theirs = bobs.link(BOB_ZOOM).profile
    with pytest.raises(LinkError) as late:
        another.link(alices.user, attempt, browser=alices.browser)
    assert late.value.code == "expired_state"
    assert works(theirs)
    assert list(ConferencingProfile.objects.of(bobs.user)) == [theirs]


def test_linking_it_outright_meanwhile_is_an_answer(alices: Journey, lost: ConferencingProfile) -> None:
    come_back(alices, BOB_ZOOM, lost)
    linked = alices.link(BOB_ZOOM).profile
    assert (linked.state, linked.account_label) == ("connected", BOB_ZOOM)
    assert works(linked)
    assert ConferencingProfile.objects.count() == 2
