"""What a refresh stores, what it makes of each answer, and that no outage costs anybody their link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction

from conferencing_app import clock
from conferencing_app.exceptions import KeyUnavailable, Misconfigured, Relink, Unavailable
from conferencing_app.models import ConferencingProfile, Grant
from conferencing_app.providers.types import AccessToken, Tokens
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import credentials, ownership
from conferencing_app.testing import CLIENT_ID, LinkProfile

from .conftest import age


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second try after a lost answer comes at once."""
    monkeypatch.setattr(credentials, "SECOND_TRY_SECONDS", 0)


def refreshes(sandbox: SandboxControl) -> int:
    return len(sandbox.requests("token.refresh"))


def refresh_token(profile: ConferencingProfile) -> str:
    grant = Grant.objects.get(profile=profile)
    return grant.refresh_token.open(grant.place("refresh_token"))


def test_a_token_with_time_left_is_used_without_a_call(
    conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    assert credentials.access_token(profile.pk) == credentials.access_token(profile.pk)
    age(profile, timedelta(seconds=620))
    credentials.access_token(profile.pk)
    assert refreshes(conferencing_sandbox) == 0
    age(profile, timedelta(seconds=580))
    credentials.access_token(profile.pk)
    assert refreshes(conferencing_sandbox) == 1


def test_a_token_that_never_lives_long_is_not_refreshed_for_each_call(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile
) -> None:
    conferencing_sandbox.options(access_token_seconds=120)
    tokens = {credentials.access_token(expired.pk).value for _ in range(5)}
    assert (len(tokens), refreshes(conferencing_sandbox)) == (1, 1)


def test_a_rotated_pair_is_stored_and_goes_on_working(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile
) -> None:
    before = refresh_token(expired)
    for number in range(1, 4):
        assert credentials.access_token(expired.pk)
        age(expired, timedelta(0))
        assert refreshes(conferencing_sandbox) == number
    assert refresh_token(expired) != before


def test_a_token_that_a_call_says_is_dead_is_refreshed_once(
    conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    dead = credentials.access_token(profile.pk)
    for _ in range(3):  # three calls were under way with it
        credentials.expire(profile.pk, dead)
        assert credentials.access_token(profile.pk) != dead
    assert refreshes(conferencing_sandbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_costs_no_pair(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, away = credentials._store, iter(range(3))

    def store(ticket: credentials.RefreshTicket, tokens: Tokens) -> bool:
        if next(away, None) is not None:
            raise OperationalError("database is locked")
        return original(ticket, tokens)

    monkeypatch.setattr(credentials, "STORE_AGAIN_SECONDS", (0, 0, 0))
    monkeypatch.setattr(credentials, "_store", store)
    before = refresh_token(expired)
    credentials.access_token(expired.pk)
    assert refresh_token(expired) != before
    assert refreshes(conferencing_sandbox) == 1


def test_without_a_refresh_token_in_the_answer_the_old_one_is_kept(expired: ConferencingProfile) -> None:
    before = refresh_token(expired)
    ticket = credentials.begin_refresh(expired.pk)
    assert ticket
    credentials.finish_refresh(ticket, Tokens("new", 3600.0))
    grant = Grant.objects.get()
    scopes = grant.scopes
    assert (refresh_token(expired), credentials.access_token(expired.pk).value) == (before, "new")
    assert grant.api_url
    assert scopes
    assert grant.lease_until is None


OUTAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "an edge page": ("html", {"status": 502}),
    "an edge page that says 200": ("html", {"status": 200}),
    "503": ("status", {"status": 503}),
    "429": ("status", {"status": 429, "headers": {"Retry-After": "5"}}),
    "500 with a body that looks like a verdict": ("status", {"status": 500, "body": {"error": "invalid_grant"}}),
    "half a body": ("malformed", {}),
    "a cut connection": ("drop_before", {}),
    "silence": ("delay_before", {"seconds": 1}),
}


@pytest.mark.parametrize("case", OUTAGES)
def test_an_outage_disconnects_nobody(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile, settings: Any, case: str
) -> None:
    settings.CONFERENCING_READ_TIMEOUT_SECONDS = 0.2
    action, details = OUTAGES[case]
    conferencing_sandbox.add_fault("token.refresh", action, **details)
    before = refresh_token(expired)
    with pytest.raises(Unavailable):
        credentials.access_token(expired.pk)
    expired.refresh_from_db()
    assert (expired.state, expired.cause) == ("connected", "")
    assert refreshes(conferencing_sandbox) <= 2
    assert refresh_token(expired) == before
    assert Grant.objects.get().lease_until is None


@pytest.mark.parametrize("case", ["an edge page", "503", "429", "a cut connection"])
def test_during_an_outage_the_old_token_serves_to_its_end(
    conferencing_sandbox: SandboxControl, profile: ConferencingProfile, case: str
) -> None:
    token = credentials.access_token(profile.pk)
    action, details = OUTAGES[case]
    conferencing_sandbox.add_fault("token.refresh", action, **details)
    age(profile, timedelta(seconds=120))
    assert credentials.access_token(profile.pk) == token
    age(profile, timedelta(seconds=10))
    with pytest.raises(Unavailable):
        credentials.access_token(profile.pk)


def test_an_answer_lost_on_the_way_there_is_asked_for_again(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile
) -> None:
    conferencing_sandbox.add_fault("token.refresh", "drop_before", times=1)
    assert credentials.access_token(expired.pk)
    assert refreshes(conferencing_sandbox) == 2


def test_an_answer_lost_on_the_way_back_costs_the_link_after_two_tries(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile
) -> None:
    """The old refresh token is spent and nobody knows the new one; only the token endpoint's verdict counts."""
    conferencing_sandbox.add_fault("token.refresh", "drop_after", times=1)
    for _ in range(4):
        with pytest.raises(Relink):
            credentials.access_token(expired.pk)
    expired.refresh_from_db()
    assert (expired.state, expired.cause) == ("disconnected", "credentials_expired")
    assert refreshes(conferencing_sandbox) == 2


def test_the_sites_own_fault_disconnects_nobody(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile, settings: Any
) -> None:
    wrong = {"client_id": CLIENT_ID, "client_secret": "lapsed"}
    zoom = settings.CONFERENCING_PROVIDERS["zoom"]
    for providers in ({"zoom": {**zoom, "OPTIONS": wrong}}, {}):
        settings.CONFERENCING_PROVIDERS = providers
        with pytest.raises(Misconfigured):
            credentials.access_token(expired.pk)
        expired.refresh_from_db()
        assert expired.state == "connected"
    settings.CONFERENCING_PROVIDERS = {"zoom": zoom}
    assert credentials.access_token(expired.pk), "and all is well once the site is"


def test_a_missing_key_asks_nobody_and_holds_nothing(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile, settings: Any
) -> None:
    settings.CONFERENCING_ENCRYPTION_KEYS = ["_" * 42 + "8"]
    with pytest.raises(KeyUnavailable):
        credentials.access_token(expired.pk)
    assert (refreshes(conferencing_sandbox), Grant.objects.get().lease_until) == (0, None)
    expired.refresh_from_db()
    assert expired.state == "connected"


def test_a_revoked_grant_disconnects_and_is_not_asked_for_again(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile
) -> None:
    conferencing_sandbox.revoke_grants("alice.zoom@example.com")
    for _ in range(3):
        with pytest.raises(Relink):
            credentials.access_token(expired.pk)
    expired.refresh_from_db()
    assert (expired.state, expired.cause) == ("disconnected", "credentials_expired")
    assert refreshes(conferencing_sandbox) == 1


def test_a_verdict_on_a_pair_that_was_replaced_meanwhile_counts_for_nothing(expired: ConferencingProfile) -> None:
    ticket = credentials.begin_refresh(expired.pk)
    assert ticket
    ownership.store_grant(expired, Tokens("fresh", 3600.0, "fresh refresh"))
    credentials.finish_refresh(ticket, Relink())
    expired.refresh_from_db()
    assert expired.state == "connected"
    assert credentials.access_token(expired.pk).value == "fresh"


def test_a_pair_that_comes_after_another_was_stored_is_dropped(expired: ConferencingProfile) -> None:
    ticket = credentials.begin_refresh(expired.pk)
    assert ticket
    ownership.store_grant(expired, Tokens("fresh", 3600.0, "fresh refresh"))
    credentials.finish_refresh(ticket, Tokens("late", 3600.0, "late refresh"))
    assert credentials.access_token(expired.pk).value == "fresh"
    assert refresh_token(expired) == "fresh refresh"


def test_who_was_paused_past_the_lease_saves_the_pair_from_who_came_after(expired: ConferencingProfile) -> None:
    """Where refresh tokens rotate, the paused one's pair is the only live one; the other is told invalid_grant."""
    paused = credentials.begin_refresh(expired.pk)
    assert paused
    with clock.travel(credentials.LEASE + timedelta(seconds=1)):
        second = credentials.begin_refresh(expired.pk)
        assert second
        assert second.fence > paused.fence
        credentials.finish_refresh(paused, Tokens("late", 3600.0, "late refresh"))
        assert Grant.objects.get().lease_until is not None, "the lease is the second one's"
        credentials.finish_refresh(second, Relink())
        expired.refresh_from_db()
        assert expired.state == "connected"
        assert credentials.access_token(expired.pk).value == "late"


def test_scopes_that_were_narrowed_are_stored_and_ask_for_a_new_link(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile, link_profile: LinkProfile
) -> None:
    ticket = credentials.begin_refresh(expired.pk)
    assert ticket
    credentials.finish_refresh(ticket, Tokens("new", 3600.0, "new refresh", frozenset({"user:read:user"})))
    expired.refresh_from_db()
    assert (expired.state, expired.cause) == ("disconnected", "scopes_missing")
    assert refresh_token(expired) == "new refresh"
    with pytest.raises(Relink):
        credentials.access_token(expired.pk)
    assert refreshes(conferencing_sandbox) == 0
    assert link_profile(expired.user).state == "connected"


def test_only_one_begins(expired: ConferencingProfile) -> None:
    first = credentials.begin_refresh(expired.pk)
    assert first
    assert credentials.begin_refresh(expired.pk) is None
    credentials.finish_refresh(first, Unavailable())
    second = credentials.begin_refresh(expired.pk)
    assert second
    assert second.fence == first.fence + 1


def test_nothing_begins_while_the_token_is_good(profile: ConferencingProfile) -> None:
    assert credentials.begin_refresh(profile.pk) is None
    assert Grant.objects.get().lease_until is None


def test_a_profile_without_a_grant_asks_for_a_new_link(profile: ConferencingProfile) -> None:
    Grant.objects.all().delete()
    for ask in (credentials.access_token, credentials.begin_refresh):
        with pytest.raises(Relink):
            ask(profile.pk)
    credentials.expire(profile.pk, AccessToken("any"))


@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_inside_a_transaction(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile
) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        credentials.access_token(expired.pk)
    assert refreshes(conferencing_sandbox) == 0
    assert Grant.objects.get().lease_until is None
