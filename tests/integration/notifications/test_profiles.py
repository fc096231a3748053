"""What a site hears of its people's accounts."""

from __future__ import annotations

import pytest

from conferencing_app import crypto
from conferencing_app.models import ConferencingProfile, LinkAttempt, Notification
from conferencing_app.services import moving, profiles
from conferencing_app.services.linking import AccountClaimed
from conferencing_app.testing import Told, drain

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT = "alice.zoom@example.com"


def heard(told: list[Told]) -> list[tuple[str, str, int]]:
    return [(each.type.removeprefix("conferencing_profile_"), each.cause, each.sequence) for each in told]


def test_an_account_that_is_linked_is_told(link_profile, alice, conferencing_notifications) -> None:
    profile = link_profile(alice)
    drain()
    (told,) = conferencing_notifications
    assert (told.type, told.sender, told.profile) == ("conferencing_profile_linked", ConferencingProfile, profile)
    assert (told.event, told.conference, told.conferencing, told.subtype) == (None, None, None, None)


def test_linking_again_an_account_that_works_is_no_news(link_profile, alice, conferencing_notifications) -> None:
    assert link_profile(alice) == link_profile(alice)
    drain()
    assert heard(conferencing_notifications) == [("linked", "", 1)]


def test_a_grant_that_died_is_told_and_so_is_the_relink(
    conferencing_sandbox, link_profile, alice, save_lesson, conferencing_notifications
) -> None:
    profile = link_profile(alice)
    conferencing_sandbox.revoke_grants(ACCOUNT)
    for number in range(3):
        save_lesson(alice, f"Lesson {number}")
    drain()
    link_profile(alice)
    drain()
    of_profile = [each for each in conferencing_notifications if each.profile]
    assert {each.profile for each in of_profile} == {profile}
    assert heard(of_profile) == [("linked", "", 1), ("disconnected", "credentials_expired", 2), ("linked", "", 3)]


def test_an_account_that_heals_by_itself_is_told_as_linked(link_profile, alice, conferencing_notifications) -> None:
    profile = link_profile(alice)
    ConferencingProfile.objects.update(state="disconnected", cause="credentials_expired", announced="disconnected:x")
    assert profiles.test(profile).ok
    drain()
    assert heard(conferencing_notifications) == [("linked", "", 1), ("linked", "", 2)]


def test_supports_own_verdict_is_told(link_profile, alice, conferencing_notifications) -> None:
    profiles.disconnect(link_profile(alice))
    drain()
    assert heard(conferencing_notifications) == [("linked", "", 1), ("disconnected", "disconnected", 2)]


def test_unlinking_is_told_once_while_the_profile_leaves_and_is_wiped(
    conferencing_sandbox, link_profile, alice, conferencing_notifications
) -> None:
    profile = link_profile(alice)
    profiles.unlink(profile, remove_meetings=True)
    drain()
    profile.refresh_from_db()
    assert profile.state == "unlinked"
    assert heard(conferencing_notifications) == [("linked", "", 1), ("unlinked", "", 2)]
    assert conferencing_notifications[-1].profile.user == alice


def test_deleting_a_person_tells_that_their_account_is_unlinked(
    conferencing_sandbox, link_profile, alice, conferencing_notifications
) -> None:
    """The deletion itself writes no notification: it is the database's own cascade that marks the profile."""
    link_profile(alice)
    alice.delete()
    drain()
    assert heard(conferencing_notifications) == [("linked", "", 1), ("unlinked", "", 2)]
    assert conferencing_notifications[-1].profile.user is None


def test_an_account_that_moves_to_another_person_is_unlinked_and_linked(
    link_profile, alice, bob, conferencing_notifications
) -> None:
    former = link_profile(alice)
    with pytest.raises(AccountClaimed):
        link_profile(bob)
    attempt = LinkAttempt.objects.get(claimed=former)
    LinkAttempt.objects.filter(pk=attempt.pk).update(browser_hash=crypto.digest("bob's browser"))
    moved = moving.move(bob, attempt.public_id, browser="bob's browser").profile
    drain()
    of_former = [each for each in conferencing_notifications if each.profile == former]
    assert heard(of_former) == [("linked", "", 1), ("unlinked", "", 2)]
    assert heard([each for each in conferencing_notifications if each.profile == moved]) == [("linked", "", 1)]


def test_a_profile_that_is_gone_by_then_is_none(link_profile, alice, conferencing_notifications) -> None:
    link_profile(alice)
    Notification.objects.update(subject="pro_gone")
    drain()
    assert [each.profile for each in conferencing_notifications] == [None]
