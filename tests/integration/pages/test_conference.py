"""The page of one event's conference: the card, the accounts to choose from, and what became of it so far."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.models import Conference, Notification, NotificationDelivery
from conferencing_app.services import endpoints
from conferencing_app.services.history import MOST, history
from tests.integration.pages.rows import SECRETS, make_call, make_conference, make_letter, make_profile, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return make_user("owner")


@pytest.fixture
def client(owner: Any) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def page_of(conference: Conference) -> str:
    return reverse("conferencing:conference", args=[conference.public_id])


def html_of(client: Client, conference: Conference) -> str:
    response = client.get(page_of(conference))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def make_news(conference: Conference, sequence: int = 1, **values: Any) -> Notification:
    return Notification.objects.create(
        subject=conference.public_id,
        sequence=sequence,
        data={"event": {}, "conferencing": None, "provider": "zoom"},
        created_at=clock.read("default"),
        **{"type": "conferencing_failing", "cause_code": "outage", **values},
    )


def test_it_tells_what_was_asked_each_call_and_each_notification_newest_first(client: Client, owner: Any) -> None:
    profile, now = make_profile(owner), clock.read("default")
    conference = make_conference(
        owner, state="failing", cause_code="outage", lane=profile, created_at=now - timedelta(hours=3)
    )
    make_call(profile, conference, started_at=now - timedelta(hours=2), cause_code="outage", status=503)
    make_call(profile, conference, started_at=now - timedelta(hours=1), operation="find", status=200)
    endpoint, _ = endpoints.add("https://example.com/hook?token=not-for-the-owner", user=owner)
    told = make_news(conference)
    for number, state in enumerate(("delivered", "pending")):
        NotificationDelivery.objects.create(
            notification=told, subject=told.subject, receiver=f"{number}", endpoint=endpoint, state=state
        )
    entries = history(conference).entries
    assert [(entry.words, entry.failed) for entry in entries] == [
        ("Announced: there is no link", None),
        ("Zoom: Look for the meeting", False),
        ("Zoom: Make the meeting", True),
        ("Asked for", None),
    ]
    assert entries[0].detail.startswith("Zoom does not answer properly")
    assert entries[0].detail.endswith("Posted to 1 of 2 addresses.")
    assert entries[2].detail.startswith("Zoom does not answer properly")
    html = html_of(client, conference)
    for entry in entries:
        assert entry.words in html
    assert "Asked for: A conference with the default account" in html
    assert not [secret for secret in (*SECRETS, "not-for-the-owner") if secret in html]


@pytest.mark.parametrize(
    ("request_of", "words"),
    [
        ("default", "A conference with the default account"),
        ("integrated", "The conferencing of the calendar"),
        ("explicit", "A link that was given"),
        ("none", "No conference"),
        ("their own", "A conference with the Zoom account “Room 1”"),
        ("pro_0123", "A conference with an account that has been removed"),
    ],
)
def test_it_says_what_is_wanted_in_words(client: Client, owner: Any, request_of: str, words: str) -> None:
    profile = make_profile(owner, name="Room 1")
    wanted = profile.public_id if request_of == "their own" else request_of
    assert f"Asked for: {words}" in html_of(client, make_conference(owner, profile_request=wanted))


def test_a_long_history_costs_no_more_and_says_that_it_is_cut(client: Client, owner: Any) -> None:
    profile = make_profile(owner)
    conference = make_conference(owner, state="failing", cause_code="outage", lane=profile)
    make_call(profile, conference)
    make_news(conference)
    with CaptureQueriesContext(connection) as short:
        assert "further back" not in html_of(client, conference)
    for number in range(MOST + 1):
        make_call(profile, conference)
        make_news(conference, sequence=number + 2)
    with CaptureQueriesContext(connection) as long:
        assert "further back" in html_of(client, conference)
    assert len(long) == len(short)
    assert len(history(conference).entries) == 2 * MOST + 1


def test_the_event_of_a_removed_account_is_given_another_one(client: Client, owner: Any) -> None:
    gone, other = make_profile(owner, state="unlinked"), make_profile(owner, name="Room 2")
    conference = make_conference(
        owner, state="failing", cause_code="profile_missing", profile_request=gone.public_id, attempts=4
    )
    html = html_of(client, conference)
    assert "Choose another account" in html
    assert "Link the account again" not in html
    assert f'value="{other.public_id}"' in html
    response = client.post(page_of(conference) + "choose/", {"profile": other.public_id}, follow=True)
    assert "The conference is made with “Room 2” now." in response.content.decode()
    before, conference = conference, Conference.objects.get()
    assert (conference.profile_request, conference.state, conference.cause_code) == (other.public_id, "pending", "")
    assert (conference.attempts, conference.version) == (0, before.version + 1)
    assert list(Conference.objects.due()) == [conference]


@pytest.mark.parametrize("whose", ["somebody else's", "unlinked", "made up", "\0", ""])
def test_only_an_own_linked_account_can_be_chosen(client: Client, owner: Any, whose: str) -> None:
    accounts = {
        "somebody else's": make_profile(make_user("other")).public_id,
        "unlinked": make_profile(owner, state="leaving").public_id,
    }
    conference = make_conference(owner, state="failing", cause_code="profile_missing")
    response = client.post(page_of(conference) + "choose/", {"profile": accounts.get(whose, whose)})
    assert response.status_code == 404
    assert list(Conference.objects.values_list("profile_request", "version")) == [("default", 1)]


@pytest.mark.parametrize("cause", ["", "outage", "credentials_expired", "cancelled"])
def test_where_another_account_cures_nothing_none_is_chosen(client: Client, owner: Any, cause: str) -> None:
    profile = make_profile(owner)
    conference = make_conference(owner, state="failing" if cause else "pending", cause_code=cause)
    assert "Use this account" not in html_of(client, conference)
    assert client.post(page_of(conference) + "choose/", {"profile": profile.public_id}).status_code == 303
    assert Conference.objects.get().profile_request == "default"


def test_staff_see_it_and_are_offered_no_account(owner: Any) -> None:
    make_profile(owner)
    staff = Client()
    staff.force_login(make_user("sam", ("view_conference",), is_staff=True))
    html = html_of(staff, make_conference(owner, state="failing", cause_code="profile_missing"))
    assert "has been removed" in html
    assert "Use this account" not in html


def test_without_another_account_the_way_to_link_one_leads_back(client: Client, owner: Any) -> None:
    conference = make_conference(owner, state="failing", cause_code="profile_missing")
    html = html_of(client, conference)
    assert "No other account is linked yet." in html
    assert f'href="/conferencing/?next={page_of(conference)}"' in html


def test_the_site_names_whom_to_ask_and_what_to_tell_them(client: Client, owner: Any, settings: Any) -> None:
    settings.CONFERENCING_SUPPORT_CONTACT = "help@example.com"
    conference = make_conference(owner, state="failing", cause_code="refused")
    html = html_of(client, conference)
    assert f'href="mailto:help@example.com?subject={conference.public_id}"' in html
    assert f"<code>{conference.public_id}</code>" in html


@pytest.mark.parametrize(("next_url", "shown"), [("/lessons/1/", True), ("https://evil.example/", False)])
def test_it_leads_back_to_the_event(client: Client, owner: Any, next_url: str, shown: bool) -> None:
    html = client.get(page_of(make_conference(owner)), {"next": next_url}).content.decode()
    assert (f'href="{next_url}"' in html) is shown


def test_mails_to_the_owner_are_told_and_nobody_elses(client: Client, owner: Any) -> None:
    lane = make_profile(owner)
    conference = make_conference(owner, state="failing", cause_code="credentials_expired", lane=lane)
    made = conference.created_at
    make_letter(owner, subject=lane.public_id, state="sent", created_at=made, sent_at=made + timedelta(minutes=1))
    make_letter(owner, subject=conference.public_id, kind="event_without_link", state="no_address", created_at=made)
    make_letter(owner, subject=lane.public_id, state="moot", created_at=made)
    make_letter(make_user("other"), subject=conference.public_id, created_at=made)
    told = {(entry.words, entry.failed) for entry in history(conference).entries if entry.words.startswith("Mail")}
    assert told == {
        ("Mail: the account must be linked again", False),
        ("Mail: the event begins soon and has no link", True),
    }
    assert "Mail: the account must be linked again" in html_of(client, conference)
