"""A person's accounts on the page: their health, names, default, test and farewell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, Meeting
from conferencing_app.sandbox.client import SandboxControl
from tests.integration.pages.rows import make_conference, make_meeting, make_profile, make_user

pytestmark = pytest.mark.django_db
PROFILES = "/conferencing/"


@pytest.fixture
def alice() -> Any:
    return make_user("alice")


@pytest.fixture
def client(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def url(name: str, profile: ConferencingProfile) -> str:
    return reverse(f"conferencing:{name}", args=[profile.public_id])


def page(client: Client) -> str:
    response = client.get(PROFILES)
    assert response.status_code == 200
    return response.content.decode()


def test_with_nothing_linked_the_page_offers_what_can_be_linked(client: Client) -> None:
    html = page(client)
    assert "Choose a service" in html
    assert "Link Zoom" in html
    assert 'action="/conferencing/link/zoom/"' in html


def test_a_provider_whose_options_are_not_usable_is_left_out(client: Client, settings: Any) -> None:
    settings.CONFERENCING_PROVIDERS = {
        "zoom": {"BACKEND": "conferencing_app.providers.zoom.ZoomProvider", "OPTIONS": {}},
        "gone": {"BACKEND": "nowhere.Provider"},
    }
    assert "This site has no conferencing service set up yet." in page(client)


@pytest.mark.parametrize("state", ["leaving", "unlinked"])
def test_an_account_that_leaves_is_no_longer_listed_nor_reachable(client: Client, alice: Any, state: str) -> None:
    profile = make_profile(alice, state=state)
    assert profile.account_label not in page(client)
    assert client.get(url("rename", profile)).status_code == 404


def test_the_list_costs_the_same_however_many_accounts(
    client: Client, alice: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        make_profile(alice, state="disconnected", cause="credentials_expired")
    with django_assert_max_num_queries(3):  # session, user, accounts
        page(client)


def test_an_account_is_renamed(client: Client, alice: Any) -> None:
    profile = make_profile(alice)
    assert client.post(url("rename", profile), {"name": "  Work <b> "}).headers["Location"] == PROFILES
    html = page(client)
    assert "Work &lt;b&gt;" in html
    assert "The name is changed." in html
    client.post(url("rename", profile), {"name": ""})
    profile.refresh_from_db()
    assert str(profile) == profile.account_label


def test_an_error_is_tied_to_its_field(client: Client, alice: Any) -> None:
    response = client.post(url("rename", make_profile(alice)), {"name": "x" * 101})
    html = response.content.decode()
    assert response.status_code == 400
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    described_by = html.split('aria-describedby="')[1].split('"')[0].split()
    assert "id_name_error" in described_by
    assert all(f'id="{name}"' in html for name in described_by)


def test_one_account_is_the_default(client: Client, alice: Any) -> None:
    first, second = make_profile(alice, is_default=True), make_profile(alice)
    assert client.post(url("set_default", second)).status_code == 303
    assert list(ConferencingProfile.objects.filter(is_default=True)) == [second]
    assert "is now your default account" in page(client)
    assert not ConferencingProfile.objects.get(pk=first.pk).is_default


def test_testing_asks_the_provider_and_shows_the_fresh_result(
    client: Client, alice: Any, link_profile: Any, conferencing_sandbox: SandboxControl
) -> None:
    profile = link_profile(alice)
    before = len(conferencing_sandbox.requests("me"))
    assert client.post(url("test", profile)).headers["Location"] == PROFILES
    assert len(conferencing_sandbox.requests("me")) == before + 1
    html = page(client)
    assert "Zoom has just confirmed it" in html
    assert "Last tested" in html


def test_testing_a_dead_grant_says_so_and_offers_to_link_again(
    client: Client, alice: Any, link_profile: Any, conferencing_sandbox: SandboxControl
) -> None:
    profile = link_profile(alice)
    conferencing_sandbox.revoke_grants(profile.account_label)
    client.post(url("test", profile))
    html = page(client)
    assert html.count("Zoom no longer accepts the link to this account.") == 2, "the answer speaks of the account too"
    assert "Needs you" in html
    assert "Link it again" in html


def test_testing_during_an_outage_keeps_the_account(
    client: Client, alice: Any, link_profile: Any, conferencing_sandbox: SandboxControl
) -> None:
    profile = link_profile(alice)
    conferencing_sandbox.add_fault("me", "status", status=503)
    client.post(url("test", profile))
    html = page(client)
    assert html.count("Zoom did not answer properly when this account was last tested. Test it again.") == 2
    assert "Has trouble" in html
    assert "Link it again" not in html
    conferencing_sandbox.clear_faults()
    client.post(url("test", profile))
    assert "Has trouble" not in page(client)


# Unlink --------------------------------------------------------------------------------------------------------------


def meetings_of(profile: ConferencingProfile, alice: Any) -> dict[str, Meeting]:
    past = clock.read("default") - timedelta(hours=1)
    conference = make_conference(alice, lane=profile)
    return {
        "ahead": make_meeting(conference, profile),
        "no end": make_meeting(conference, profile, ends_at=None),
        "over": make_meeting(conference, profile, ends_at=past),
        "gone": make_meeting(conference, profile, state="gone"),
    }


def test_unlinking_asks_what_becomes_of_the_meetings_ahead(client: Client, alice: Any) -> None:
    profile = make_profile(alice)
    meetings_of(profile, alice)
    html = client.get(url("unlink", profile)).content.decode()
    assert "2 meetings that lie ahead" in html
    assert "checked" not in html


def test_unlinking_without_an_answer_asks_again(client: Client, alice: Any) -> None:
    profile = make_profile(alice)
    meetings_of(profile, alice)
    response = client.post(url("unlink", profile))
    html = response.content.decode()
    assert response.status_code == 400
    assert 'id="id_meetings_error"' in html
    assert "id_meetings_error" in html.split('aria-describedby="')[1].split('"')[0]
    profile.refresh_from_db()
    assert profile.is_linked


@pytest.mark.parametrize(("answer", "state"), [("remove", "doomed"), ("keep", "live")])
def test_unlinking_does_what_was_answered(client: Client, alice: Any, answer: str, state: str) -> None:
    profile = make_profile(alice)
    meetings = meetings_of(profile, alice)
    response = client.post(url("unlink", profile), {"meetings": answer})
    assert (response.status_code, response.headers["Location"]) == (303, PROFILES)
    states = {name: Meeting.objects.get(pk=meeting.pk).state for name, meeting in meetings.items()}
    assert states == {"ahead": state, "no end": state, "over": "live", "gone": "gone"}
    assert profile.account_label not in page(client)


def test_unlinking_asks_nothing_when_no_meeting_lies_ahead(client: Client, alice: Any) -> None:
    profile = make_profile(alice)
    html = client.get(url("unlink", profile)).content.decode()
    assert "No meeting that lies ahead" in html
    assert 'type="radio"' not in html
    assert client.post(url("unlink", profile)).status_code == 303


@pytest.mark.parametrize("name", ["rename", "set_default", "test", "unlink"])
def test_another_persons_account_is_not_found(client: Client, name: str) -> None:
    foreign = make_profile(make_user("bob"))
    response = client.post(url(name, foreign), {"name": "mine now", "meetings": "remove"})
    assert response.status_code == 404
    before = (foreign.name, foreign.state, foreign.is_default)
    foreign.refresh_from_db()
    assert (foreign.name, foreign.state, foreign.is_default) == before
