"""What a person does with a linked account: name, prefer, test, unlink."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.services import grants, profiles
from conferencing_app.testing import CLIENT_ID

from .conftest import ALICE_ZOOM, BOB_ZOOM, Journey


@pytest.fixture
def profile(alices: Journey) -> ConferencingProfile:
    return alices.link().profile


def defaults(user: Any) -> list[str]:
    """The accounts that are this person's default: one, unless something is wrong."""
    return list(ConferencingProfile.objects.filter(user=user, is_default=True).values_list("account_label", flat=True))


def meeting(profile: ConferencingProfile, ends_in: timedelta | None, state: str = "live") -> Meeting:
    """A meeting of this profile, with a conference of its own."""
    now = clock.read("default")
    conference = Conference.objects.create(
        event_model="hosts.lesson",
        event_key=str(Conference.objects.count()),
        created_at=now,
        owner=profile.user,
        lane=profile,
        state="assigned",
    )
    ends_at = None if ends_in is None else now + ends_in
    return Meeting.objects.create(
        conference=conference, profile=profile, state=state, meeting_id="1", ends_at=ends_at, created_at=now
    )


def test_a_name_is_trimmed_and_cut_to_fit(profile: ConferencingProfile) -> None:
    profiles.rename(profile, "  My Zoom ")
    assert str(profile) == "My Zoom"
    profiles.rename(profile, "x" * 200)
    assert profile.name == "x" * 100
    profiles.rename(profile, " ")
    assert str(profile) == ALICE_ZOOM


def test_exactly_one_is_the_default(alices: Journey, bobs: Journey, profile: ConferencingProfile) -> None:
    second = alices.link(BOB_ZOOM).profile
    assert defaults(alices.user) == [ALICE_ZOOM], "the first one linked, until another is chosen"
    profiles.set_default(second)
    assert second.is_default
    assert defaults(alices.user) == [BOB_ZOOM]
    profiles.set_default(second)
    assert defaults(alices.user) == [BOB_ZOOM]


def test_an_unlinked_profile_can_not_become_the_default(alices: Journey, profile: ConferencingProfile) -> None:
    alices.link(BOB_ZOOM)
    stale = ConferencingProfile.objects.get(pk=profile.pk)
    profiles.unlink(profile, remove_meetings=True)
    profiles.set_default(stale)
    assert defaults(alices.user) == [BOB_ZOOM]


def test_the_newest_takes_the_place_of_an_unlinked_default(alices: Journey, profile: ConferencingProfile) -> None:
    alices.sandbox.create_account("third@example.com")
    alices.link(BOB_ZOOM)
    alices.link("third@example.com")
    profiles.unlink(profile, remove_meetings=False)
    assert defaults(alices.user) == ["third@example.com"]


@pytest.mark.parametrize("remove", [True, False])
def test_unlinking_dooms_what_lies_ahead_or_leaves_it(profile: ConferencingProfile, remove: bool) -> None:
    hour = timedelta(hours=1)
    ahead, open_ended, over = meeting(profile, hour), meeting(profile, None), meeting(profile, -hour)
    gone = meeting(profile, hour, state="gone")
    profiles.unlink(profile, remove_meetings=remove)
    states = dict(Meeting.objects.values_list("pk", "state"))
    expected = "doomed" if remove else "live"
    assert [states[row.pk] for row in (ahead, open_ended, over, gone)] == [expected, expected, "live", "gone"]
    assert (profile.state, profile.is_default) == ("leaving", False)
    assert ConferencingProfile.objects.due().filter(pk=profile.pk).exists()
    due = set(Conference.objects.due().values_list("pk", flat=True))
    assert due == ({ahead.conference_id, open_ended.conference_id} if remove else set())


def test_unlinking_wakes_the_events_that_waited_for_it(profile: ConferencingProfile) -> None:
    conference = Conference.objects.create(
        event_model="hosts.lesson", event_key="1", created_at=clock.now(), state="failing", lane=profile
    )
    profiles.unlink(profile, remove_meetings=False)
    assert list(Conference.objects.due()) == [conference]


@pytest.mark.parametrize("trouble", ["provider down", "key missing", "busy", "not configured", "disconnected"])
def test_unlinking_always_succeeds(alices: Journey, profile: ConferencingProfile, settings: Any, trouble: str) -> None:
    if trouble == "provider down":
        alices.sandbox.add_fault("*", "html")
    elif trouble == "key missing":
        settings.CONFERENCING_ENCRYPTION_KEYS = []
    elif trouble == "busy":
        ahead = clock.now(timedelta(minutes=1))
        ConferencingProfile.objects.update(lease_until=ahead)
        Grant.objects.update(lease_until=ahead)
    elif trouble == "not configured":
        settings.CONFERENCING_PROVIDERS = {}
    else:
        grants.disconnect(profile.pk, "credentials_expired")
    profiles.unlink(profile, remove_meetings=True)
    assert profile.state == "leaving"
    assert not ConferencingProfile.objects.of(alices.user).exists()
    profiles.unlink(profile, remove_meetings=True)
    assert alices.sandbox.requests("revoke") == [], "giving back the grant is the workers' part"


def test_a_test_asks_the_provider_each_time_and_stores_what_it_says(
    alices: Journey, profile: ConferencingProfile
) -> None:
    before = len(alices.sandbox.requests("me"))
    results = [profiles.test(profile) for _ in range(3)]
    assert [(result.ok, result.cause_code) for result in results] == [(True, "")] * 3
    assert len(alices.sandbox.requests("me")) == before + 3
    assert profile.checked_at == results[-1].checked_at
    assert results[0].checked_at <= results[-1].checked_at


TROUBLES: dict[str, tuple[str, dict[str, Any], str]] = {
    "down": ("html", {"status": 502}, "outage"),
    "slow down": ("status", {"status": 429}, "rate_limited"),
    "half a body": ("malformed", {}, "outage"),
    "a cut connection": ("drop_before", {}, "outage"),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_a_test_during_an_outage_says_so_and_disconnects_nobody(
    alices: Journey, profile: ConferencingProfile, case: str
) -> None:
    action, details, cause = TROUBLES[case]
    alices.sandbox.add_fault("me", action, **details)
    result = profiles.test(profile)
    assert (result.ok, result.cause_code) == (False, cause)
    assert (profile.state, profile.cause) == ("connected", cause)
    alices.sandbox.clear_faults()
    assert profiles.test(profile).ok
    assert (profile.state, profile.cause) == ("connected", "")


def test_a_test_finds_a_grant_that_was_revoked(alices: Journey, profile: ConferencingProfile) -> None:
    """The stored token looks good for an hour; the provider knows better."""
    alices.sandbox.revoke_grants(ALICE_ZOOM)
    result = profiles.test(profile)
    assert (result.ok, result.cause_code) == (False, "credentials_expired")
    assert (profile.state, profile.cause) == ("disconnected", "credentials_expired")


def test_a_test_of_a_site_that_is_set_up_wrongly_blames_the_site(
    alices: Journey, profile: ConferencingProfile, settings: Any
) -> None:
    Grant.objects.update(expires_at=clock.now())
    options = {"client_id": CLIENT_ID, "client_secret": "lapsed"}
    settings.CONFERENCING_PROVIDERS = {"zoom": {**settings.CONFERENCING_PROVIDERS["zoom"], "OPTIONS": options}}
    assert profiles.test(profile).cause_code == "misconfigured"
    settings.CONFERENCING_PROVIDERS = {}
    assert profiles.test(profile).cause_code == "misconfigured"
    settings.CONFERENCING_ENCRYPTION_KEYS = []
    assert not profiles.test(profile).ok
    assert profile.state == "connected"


def test_a_test_heals_a_profile_that_was_wrongly_held_for_dead(alices: Journey, profile: ConferencingProfile) -> None:
    conference = Conference.objects.create(
        event_model="hosts.lesson", event_key="1", created_at=clock.now(), state="failing", owner=alices.user
    )
    grants.disconnect(profile.pk, "credentials_expired")
    assert profiles.test(profile).ok
    assert (profile.state, profile.cause) == ("connected", "")
    assert list(Conference.objects.due()) == [conference]


def test_a_test_of_a_narrowed_grant_does_not_call_it_well(profile: ConferencingProfile) -> None:
    Grant.objects.update(scopes="user:read:user")
    assert profiles.test(profile).cause_code == "scopes_missing"
    assert profile.state == "disconnected"
    assert profiles.test(profile).cause_code == "scopes_missing"


@pytest.mark.django_db(transaction=True)
def test_a_test_asks_nobody_inside_a_transaction(alices: Journey) -> None:
    profile = alices.link().profile
    before = len(alices.sandbox.requests("me"))
    with pytest.raises(RuntimeError), transaction.atomic():
        profiles.test(profile)
    assert len(alices.sandbox.requests("me")) == before


@pytest.mark.django_db(transaction=True)
def test_a_callback_asks_nobody_inside_a_transaction(alices: Journey) -> None:
    uri = alices.to_callback()
    with pytest.raises(RuntimeError), transaction.atomic():
        alices.arrive(uri)
    assert alices.token_calls() == 0
