"""One page tells an event's whole story, and each list how things are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock
from conferencing_app.admin import health
from conferencing_app.causes import CAUSES
from conferencing_app.models import Attempt, Conference, ConferencingProfile, Endpoint, NotificationDelivery
from tests.integration.admin.lists import changelist, found_by, page
from tests.integration.pages.rows import (
    make_call,
    make_conference,
    make_delivery,
    make_endpoint,
    make_meeting,
    make_news,
    make_profile,
    make_user,
)

pytestmark = pytest.mark.django_db


def html_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def tables(client: Client, name: str, row: Any) -> dict[str, Any]:
    """The tables below the object's own columns, by title."""
    response = client.get(page(name, "change", row.pk))
    return {str(table.title): table for table in response.context["tables"]}


def test_a_conferences_page_has_its_meetings_and_attempts_the_newest_first(staff: Client, rows: dict[str, Any]) -> None:
    conference, profile = rows["conference"], rows["conferencingprofile"]
    second = make_meeting(conference, profile, state="planned", meeting_id="")
    last = make_call(profile, conference, operation="find", cause_code="rate_limited", status=429, request_id="zm-123")
    shown = tables(staff, "conference", conference)
    assert [row.url for row in shown["Meetings"].rows] == [
        page("meeting", "change", second.pk), page("meeting", "change", rows["meeting"].pk),
    ]  # fmt: skip
    attempts = shown["Attempts"].rows
    assert [row.url for row in attempts] == [
        page("attempt", "change", last.pk), page("attempt", "change", rows["attempt"].pk),
    ]  # fmt: skip
    html = html_of(staff, page("conference", "change", conference.pk))
    for told in ("look for the meeting", "429", "rate_limited", "zm-123", "503", "outage", "See all"):
        assert (told in html) is (told != "See all"), told


def test_it_says_why_and_who_can_act_in_words(staff: Client, rows: dict[str, Any]) -> None:
    html = html_of(staff, page("conference", "change", rows["conference"].pk))
    assert "Zoom does not answer properly at the moment." in html
    assert "Failing: tried again by itself" in html
    assert "Nobody here: it is tried again by itself." in html


def test_long_tables_are_cut_and_lead_to_all_of_them(staff: Client, rows: dict[str, Any]) -> None:
    conference, profile = rows["conference"], rows["conferencingprofile"]
    now = clock.read("default")
    Attempt.objects.bulk_create(
        Attempt(
            conference=conference, profile=profile, provider="zoom", operation="read", milliseconds=1, started_at=now
        )
        for _number in range(60)
    )
    for name, row in (("conference", conference), ("conferencingprofile", profile)):
        table = tables(staff, name, row)["Attempts"]
        assert (len(table.rows), table.is_cut) == (50, True)
        assert "See all of them" in html_of(staff, page(name, "change", row.pk))
        assert staff.get(table.all_url).context["cl"].result_count == 61


def test_a_meetings_page_has_the_calls_for_it(staff: Client, rows: dict[str, Any]) -> None:
    make_call(rows["conferencingprofile"], rows["conference"])
    shown = tables(staff, "meeting", rows["meeting"])["Attempts"]
    assert [row.url for row in shown.rows] == [page("attempt", "change", rows["attempt"].pk)]


def test_an_accounts_page_has_its_calls_and_the_events_that_wait_for_it(staff: Client, rows: dict[str, Any]) -> None:
    profile, now = rows["conferencingprofile"], clock.read("default")
    waiting = make_conference(profile.user, state="failing", cause_code="credentials_expired", lane=profile)
    over = make_conference(profile.user, state="failing", end=now - timedelta(hours=1))
    for conference in (waiting, over):
        make_meeting(conference, profile, state="planned")
    shown = tables(staff, "conferencingprofile", profile)
    assert [row.url for row in shown["Events that wait for it"].rows] == [page("conference", "change", waiting.pk)]
    assert [row.url for row in shown["Attempts"].rows] == [page("attempt", "change", rows["attempt"].pk)]
    assert waiting in staff.get(shown["Events that wait for it"].all_url).context["cl"].result_list
    (listed,) = found_by(staff, "conferencingprofile", q=profile.public_id)
    assert listed.waiting_count == 1


def test_who_may_not_see_attempts_is_not_shown_them_on_another_page(staff: Client, rows: dict[str, Any]) -> None:
    client, address = Client(), page("conference", "change", rows["conference"].pk)
    make_call(rows["conferencingprofile"], rows["conference"], request_id="zm-not-for-everybody")
    assert "zm-not-for-everybody" in html_of(staff, address)
    client.force_login(make_user("sam", ("view_conference",), is_staff=True))
    assert tables(client, "conference", rows["conference"]) == {}
    assert "zm-not-for-everybody" not in html_of(client, address)


def test_a_page_tells_what_was_told_and_what_came_of_it(staff: Client, rows: dict[str, Any]) -> None:
    told, delivery, endpoint = rows["notification"], rows["notificationdelivery"], rows["endpoint"]
    shown = tables(staff, "conference", rows["conference"])
    assert [row.url for row in shown["Notifications"].rows] == [page("notification", "change", told.pk)]
    assert [row.url for row in shown["Deliveries"].rows] == [page("notificationdelivery", "change", delivery.pk)]
    for title, row in (("Notifications", told), ("Deliveries", delivery)):
        assert list(staff.get(shown[title].all_url).context["cl"].result_list) == [row]
    for name, row in (("notification", told), ("endpoint", endpoint)):
        (listed,) = tables(staff, name, row)["Deliveries"].rows
        assert listed.url == page("notificationdelivery", "change", delivery.pk)
    assert "Not now." in html_of(staff, page("notificationdelivery", "change", delivery.pk))
    assert tables(staff, "conferencingprofile", rows["conferencingprofile"])["Notifications"].rows == []
    linked = make_news(rows["conferencingprofile"], type="conferencing_profile_linked", cause_code="")
    (listed,) = tables(staff, "conferencingprofile", rows["conferencingprofile"])["Notifications"].rows
    assert listed.url == page("notification", "change", linked.pk)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Takes what is posted"),
        ({"failing_since": clock.read}, "Takes nothing at present"),
        ({"enabled": False}, "Switched off"),
        ({"enabled": False, "disabled_cause": "gone"}, "Switched off: it is gone"),
        ({"enabled": False, "disabled_cause": "dead"}, "Switched off: it took nothing for days"),
    ],
)
def test_every_endpoint_has_a_health_in_words(values: dict[str, Any], words: str) -> None:
    values = {name: value("default") if callable(value) else value for name, value in values.items()}
    assert str(health.of_endpoint(Endpoint(**values)).words) == words


def test_an_endpoint_that_asked_for_a_pause_says_so_until_it_is_over() -> None:
    endpoint = Endpoint(paused_until=clock.read("default") + timedelta(minutes=5))
    assert str(health.of_endpoint(endpoint).words) == "Pauses, as it has asked"
    with clock.travel(timedelta(minutes=6)):
        assert str(health.of_endpoint(endpoint).words) == "Takes what is posted"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "On its way"),
        ({"attempts": 2}, "Has not arrived, is tried again"),
        ({"state": "delivered"}, "Arrived"),
        ({"state": "dropped"}, "Its receiver is gone"),
    ],
)
def test_every_delivery_has_a_health_in_words(values: dict[str, Any], words: str) -> None:
    assert str(health.of_delivery(NotificationDelivery(**values)).words) == words


@pytest.mark.parametrize(
    "name", ["conference", "conferencingprofile", "meeting", "notification", "notificationdelivery", "endpoint"]
)
def test_a_page_with_much_on_it_costs_no_more_queries(staff: Client, rows: dict[str, Any], name: str) -> None:
    url = page(name, "change", rows[name].pk)
    staff.get(url)
    with CaptureQueriesContext(connection) as short:
        staff.get(url)
    profile, conference = rows["conferencingprofile"], rows["conference"]
    for number in range(10):
        other = make_conference(make_user(f"user{number}"), state="failing")
        make_meeting(other, profile, state="planned")
        make_meeting(conference, make_profile(profile.user))
        make_call(profile, conference, meeting=rows["meeting"])
        make_delivery(make_news(conference), rows["endpoint"])
        make_delivery(rows["notification"], make_endpoint(other.owner))
    with CaptureQueriesContext(connection) as long:
        staff.get(url)
    assert len(long) == len(short)


@pytest.mark.parametrize("code", [*CAUSES, "of a later version"])
@pytest.mark.parametrize("state", Conference.State.values)
def test_every_conference_has_a_health_in_words(code: str, state: str) -> None:
    told = health.of_conference(Conference(state=state, cause_code=code))
    assert str(told.words)
    assert str(told.words) in told.badge
    assert f"--{told.tone}" in told.badge


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Works"),
        ({"cause": "outage"}, "Linked, but its last test failed"),
        ({"state": "disconnected", "cause": "credentials_expired"}, "Must be linked again"),
        ({"state": "disconnected", "cause": "disconnected"}, "Disconnected by support"),
        ({"state": "leaving"}, "Leaving"),
        ({"state": "unlinked"}, "Unlinked"),
    ],
)
def test_every_account_has_a_health_in_words(values: dict[str, str], words: str) -> None:
    assert str(health.of_profile(ConferencingProfile(**values)).words) == words


def test_an_account_that_pauses_says_so_until_the_pause_is_over() -> None:
    profile = ConferencingProfile(paused_until=clock.read("default") + timedelta(minutes=5))
    assert str(health.of_profile(profile).words) == "Pauses, as the provider asked"
    with clock.travel(timedelta(minutes=6)):
        assert str(health.of_profile(profile).words) == "Works"


def test_the_lists_say_at_a_glance_what_is_wrong(staff: Client, rows: dict[str, Any]) -> None:
    make_conference(None, state="pending")
    glance = staff.get(changelist("conference")).context["glance"]
    assert [(str(kind.words), count) for kind, count, _query in glance] == [("Failing", 2), ("Being made", 1)]
    assert "No account has to be linked again." in html_of(staff, changelist("conferencingprofile"))
    ConferencingProfile.objects.filter(pk=rows["conferencingprofile"].pk).update(state="disconnected")
    ((kind, count, query),) = staff.get(changelist("conferencingprofile")).context["glance"]
    assert (str(kind.words), count) == ("Must be linked again", 1)
    listed = staff.get(changelist("conferencingprofile") + query).context["cl"].result_list
    assert list(listed) == [rows["conferencingprofile"]]
    Conference.objects.update(state="assigned", cause_code="")
    assert "Nothing is waiting." in html_of(staff, changelist("conference"))


@pytest.mark.parametrize(("waiting", "expected"), [("1h", 3), ("1d", 2), ("7d", 1), ("made up", 5)])
def test_conferences_are_filtered_by_how_long_they_wait(
    staff: Client, rows: dict[str, Any], waiting: str, expected: int
) -> None:
    """Since the cause came up, else since they were asked for; the made ones do not wait."""
    now = clock.read("default")
    Conference.objects.update(created_at=now, cause_since=now)
    owner = rows["conference"].owner
    make_conference(owner, state="failing", cause_code="outage", cause_since=now - timedelta(days=8))
    make_conference(owner, state="pending", created_at=now - timedelta(days=2))
    Conference.objects.filter(pk=rows["conference"].pk).update(cause_since=now - timedelta(hours=2))
    make_conference(owner, state="assigned", created_at=now - timedelta(days=30))
    assert len(found_by(staff, "conference", waiting=waiting)) == expected


def test_conferences_are_filtered_by_the_provider_that_they_have_or_wait_for(
    staff: Client, rows: dict[str, Any]
) -> None:
    """Who asks what is wrong with a provider asks for those that have no link of it."""
    waits = rows["conference"]
    assert (waits.state, waits.provider, waits.lane.provider) == ("failing", "", "zoom")
    has = make_conference(None, state="assigned", provider="zoom", join_url="https://zoom.example/j/7")
    other = make_conference(None, lane=make_profile(waits.owner, provider="webex"))
    assert set(found_by(staff, "conference", provider="zoom")) >= {waits, has}
    assert other not in found_by(staff, "conference", provider="zoom")
    assert found_by(staff, "conference", provider="webex") == [other]
    assert '<td class="field-provider_alias">zoom</td>' in html_of(staff, changelist("conference") + "?state=failing")


def test_filters_offer_what_is_known_and_keep_what_is_not(staff: Client, rows: dict[str, Any]) -> None:
    """The choices cost no query on a long table."""
    with CaptureQueriesContext(connection) as queries:
        page_of_all = staff.get(changelist("conference"))
    assert not [query["sql"] for query in queries if "DISTINCT" in query["sql"]]
    offered = {spec.title: [choice["display"] for choice in spec.choices(page_of_all.context["cl"])]
               for spec in page_of_all.context["cl"].filter_specs}  # fmt: skip
    assert offered["cause"][1:] == ["none", *CAUSES]
    assert offered["provider"][1:] == ["Zoom"]
    Conference.objects.filter(pk=rows["conference"].pk).update(cause_code="of_an_old_version")
    assert found_by(staff, "conference", cause_code="of_an_old_version") == [rows["conference"]]
    html = html_of(staff, changelist("conference") + "?cause_code=of_an_old_version")
    assert ">of_an_old_version</a>" in html


def test_counts_beside_the_filters_are_one_query_each(staff: Client, rows: dict[str, Any]) -> None:
    response = staff.get(changelist("conference"), {"_facets": "True"})
    assert "outage (2)" in " ".join(response.content.decode().split())


@pytest.fixture
def without_attempts() -> Iterator[None]:
    shown_by = type(admin.site.get_model_admin(Attempt))
    admin.site.unregister(Attempt)
    yield
    admin.site.register(Attempt, shown_by)


def test_a_site_may_leave_out_one_of_the_lists(staff: Client, rows: dict[str, Any], without_attempts: None) -> None:
    assert list(tables(staff, "conference", rows["conference"])) == ["Meetings", "Notifications", "Deliveries", "Mails"]
