"""An account has one profile, whoever links it, however often, and at whatever moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection, connections

from conferencing_app import clock
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, Grant, LinkAttempt
from conferencing_app.providers.types import AccessToken
from conferencing_app.services import credentials, grants, linking, moving, profiles
from conferencing_app.testing import LinkProfile, drain

from .conftest import ALICE_ZOOM, BOB_ZOOM, Journey


def works(profile: ConferencingProfile) -> bool:
    """Whether the provider takes the stored grant."""
    token = credentials.access_token(profile.pk)
    return bool(grants.flow_of(profile.provider).identify(token).account_id)


def test_linking_stores_who_it_is_and_what_was_granted(alices: Journey) -> None:
    profile = alices.link().profile
    assert (profile.state, profile.cause, profile.is_default) == ("connected", "", True)
    assert (profile.account_label, profile.user) == (ALICE_ZOOM, alices.user)
    assert profile.account_key is not None
    assert profile.account_key.startswith("zoom:")
    assert ALICE_ZOOM not in profile.account_key, "an address may change, the key may not"
    assert "meeting:delete:meeting" in profile.grant.scopes.split()
    assert works(profile)


def test_tokens_are_stored_sealed(alices: Journey) -> None:
    profile = alices.link().profile
    token = credentials.access_token(profile.pk).value
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM conferencing_app_grant")
        row = str(cursor.fetchall())
    assert token not in row
    assert row.count("v1.") == 2


def test_linking_again_restores_the_same_profile(alices: Journey) -> None:
    first = alices.link().profile
    ConferencingProfile.objects.filter(pk=first.pk).update(
        state="disconnected", cause="credentials_expired", name="Mine"
    )
    again = alices.link()
    assert (again.created, again.profile.public_id) == (False, first.public_id)
    assert (again.profile.state, again.profile.cause, again.profile.name) == ("connected", "", "Mine")
    assert alices.link().profile.public_id == first.public_id
    assert (ConferencingProfile.objects.count(), Grant.objects.count()) == (1, 1)
    assert works(again.profile)


def test_relinking_names_the_profile_and_restores_it(alices: Journey) -> None:
    profile = alices.link().profile
    assert alices.link(profile=profile).profile.public_id == profile.public_id


def test_somebody_elses_profile_can_not_be_relinked(alices: Journey, bobs: Journey) -> None:
    profile = alices.link().profile
    with pytest.raises(LinkError) as caught:
        bobs.to_consent(profile=profile)
    assert caught.value.code == "other_user"


def test_an_account_that_another_person_has_linked_is_refused(alices: Journey, bobs: Journey) -> None:
    profile = alices.link().profile
    with pytest.raises(linking.AccountClaimed) as caught:
        bobs.link(ALICE_ZOOM)
    assert caught.value.code == "claimed"
    assert LinkAttempt.objects.get(public_id=caught.value.attempt).claimed == profile
    profile.refresh_from_db()
    assert (profile.user, profile.state) == (alices.user, "connected")
    assert ConferencingProfile.objects.count() == 1
    assert works(profile), "the provider ended its earlier grant, so it got the fresh one"
    assert alices.sandbox.requests("token.refresh") == []


def test_a_disconnected_profile_of_another_person_is_not_revived_by_it(alices: Journey, bobs: Journey) -> None:
    profile = alices.link().profile
    grants.disconnect(profile.pk, "credentials_expired")
    with pytest.raises(linking.AccountClaimed):
        bobs.link(ALICE_ZOOM)
    profile.refresh_from_db()
    assert profile.state == "disconnected"


@pytest.mark.django_db(transaction=True)
def test_the_account_moves_to_who_has_proved_it_and_the_other_is_told(alices: Journey, bobs: Journey) -> None:
    theirs = alices.link().profile
    profiles.rename(theirs, "My Zoom")
    other = alices.link(BOB_ZOOM).profile
    with pytest.raises(linking.AccountClaimed) as caught:
        bobs.link(ALICE_ZOOM, next_url="/bookings/")
    moved = moving.move(bobs.user, caught.value.attempt, browser=bobs.browser)

    theirs.refresh_from_db()
    other.refresh_from_db()
    assert (moved.profile.user, moved.profile.state, moved.profile.is_default) == (bobs.user, "connected", True)
    assert (moved.profile.account_label, moved.next_url) == (ALICE_ZOOM, "/bookings/")
    assert works(moved.profile)
    assert (theirs.state, theirs.account_key, theirs.account_label, theirs.name) == ("unlinked", None, "", "")
    assert not Grant.objects.filter(profile=theirs).exists()
    assert (theirs.is_default, other.is_default) == (False, True)
    assert list(ConferencingProfile.objects.of(alices.user)) == [other]

    assert mail.outbox == []
    drain()
    linked = "A Zoom account is linked to you on testserver"
    moved_away = "Your Zoom account is no longer linked on testserver"
    told = [(message.to[0], message.subject) for message in mail.outbox]
    assert told == [
        ("alice@example.com", linked),
        ("alice@example.com", linked),
        ("alice@example.com", moved_away),
        ("bob@example.com", linked),
    ]
    message: Any = mail.outbox[2]
    text = str(message.body) + str(message.alternatives[0].content)
    assert text.count(ALICE_ZOOM) == 2
    assert text.count("http://testserver/conferencing/") == 3
    assert "bob" not in text, "who has it now is nobody's business"


def test_a_move_works_once(alices: Journey, bobs: Journey) -> None:
    alices.link()
    with pytest.raises(linking.AccountClaimed) as caught:
        bobs.link(ALICE_ZOOM)
    moving.move(bobs.user, caught.value.attempt, browser=bobs.browser)
    with pytest.raises(LinkError) as again:
        moving.move(bobs.user, caught.value.attempt, browser=bobs.browser)
    assert again.value.code == "used_state"


def test_a_move_is_refused_to_others_and_when_it_comes_late(alices: Journey, bobs: Journey, clock_ahead: Any) -> None:
    profile = alices.link().profile
    with pytest.raises(linking.AccountClaimed) as caught:
        bobs.link(ALICE_ZOOM)
    attempt = caught.value.attempt
    refused = []
    for user, browser, seconds, key in (
        (alices.user, bobs.browser, 0, attempt),
        (bobs.user, alices.browser, 0, attempt),
        (bobs.user, "", 0, attempt),
        (bobs.user, bobs.browser, 601, attempt),
        (bobs.user, bobs.browser, 0, "lnk_unknown"),
    ):
        with clock_ahead(seconds), pytest.raises(LinkError) as error:
            moving.move(user, key, browser=browser)
        refused.append(error.value.code)
    assert refused == ["other_user", "other_browser", "other_browser", "expired_state", "unknown_state"]
    assert moving.claimed_by(bobs.user, alices.browser, attempt) is None
    profile.refresh_from_db()
    assert (profile.user, profile.state) == (alices.user, "connected")


def test_who_proves_it_anew_meanwhile_keeps_the_account(alices: Journey, bobs: Journey) -> None:
    profile = alices.link().profile
    with pytest.raises(linking.AccountClaimed) as caught:
        bobs.link(ALICE_ZOOM)
    alices.link()
    with pytest.raises(LinkError) as late:
        moving.move(bobs.user, caught.value.attempt, browser=bobs.browser)
    assert late.value.code == "expired_state"
    assert works(profile)


def test_scopes_that_the_person_unticked_are_named_and_the_grant_is_given_back(alices: Journey) -> None:
    with pytest.raises(linking.MissingScopes) as caught:
        alices.link(untick=["meeting:delete:meeting"])
    assert (caught.value.code, caught.value.scopes) == ("missing_scopes", ("meeting:delete:meeting",))
    assert not ConferencingProfile.objects.exists()
    assert [call["status"] for call in alices.sandbox.requests("revoke")] == [200]


def test_a_grant_that_can_not_be_given_back_does_not_hide_what_is_missing(alices: Journey) -> None:
    alices.sandbox.add_fault("revoke", "html")
    with pytest.raises(linking.MissingScopes):
        alices.link(untick=["meeting:delete:meeting"])
    assert not ConferencingProfile.objects.exists()


def test_linking_again_while_leaving_stays(alices: Journey) -> None:
    profile = alices.link().profile
    fence = profile.fence
    profiles.unlink(profile, remove_meetings=True)
    again = alices.link()
    assert (again.profile.pk, again.profile.state) == (profile.pk, "connected")
    assert not ConferencingProfile.objects.due().exists()
    assert again.profile.fence > fence, "who was cleaning up may write nothing more"
    assert again.profile.is_default


def test_an_account_that_another_person_is_leaving_can_be_linked(alices: Journey, bobs: Journey) -> None:
    theirs = alices.link().profile
    profiles.unlink(theirs, remove_meetings=True)
    mine = bobs.link(ALICE_ZOOM)
    theirs.refresh_from_db()
    assert mine.created
    assert (theirs.account_key, theirs.state) == (None, "leaving")
    assert not Grant.objects.filter(profile=theirs).exists(), "giving back the dead grant must not hit the new one"
    assert works(mine.profile)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_people_who_link_one_account_at_once_do_not_crash(
    alices: Journey, bobs: Journey, round_number: int
) -> None:
    outcomes = side_by_side(
        lambda uri: alices.arrive(uri), alices.to_callback(), lambda uri: bobs.arrive(uri), bobs.to_callback(ALICE_ZOOM)
    )
    profile = ConferencingProfile.objects.get()
    assert sorted(outcomes) in (["claimed", "linked"], ["linked", "unavailable"], ["linked", "provider_error"])
    assert profile.is_default


@pytest.mark.django_db(transaction=True)
def test_one_person_who_links_two_accounts_at_once_has_one_default(alices: Journey) -> None:
    outcomes = side_by_side(
        lambda uri: alices.arrive(uri),
        alices.to_callback(),
        lambda uri: alices.arrive(uri),
        alices.to_callback(BOB_ZOOM),
    )
    assert outcomes == ["linked", "linked"]
    assert ConferencingProfile.objects.filter(is_default=True).count() == 1


def side_by_side(*calls_and_addresses: Any) -> list[str]:
    """Run the calls at once, each with its address: what came of them."""
    pairs = list(zip(calls_and_addresses[::2], calls_and_addresses[1::2], strict=True))
    barrier = threading.Barrier(len(pairs))
    outcomes: list[str] = []

    def run(call: Any, address: str) -> None:
        barrier.wait()
        try:
            call(address)
            outcomes.append("linked")
        except LinkError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_old_attempts_are_pruned(alices: Journey, clock_ahead: Any) -> None:
    alices.to_consent()
    assert linking.prune() == 0
    with clock_ahead(86401):
        alices.to_consent()
        assert linking.prune() == 1
    assert LinkAttempt.objects.count() == 1


def test_the_fixture_for_a_sites_tests_links(link_profile: LinkProfile) -> None:
    user = get_user_model().objects.create_user("carol")
    profile = link_profile(user)
    assert list(ConferencingProfile.objects.of(user)) == [profile]
    assert isinstance(credentials.usable(profile.grant, clock.read("default")), AccessToken)
