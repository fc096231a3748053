"""Staff find what they are asked about, by whatever they are told, and quickly."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conferencing_app.admin import search
from conferencing_app.models import Conference
from tests.integration.admin.lists import changelist, found_by
from tests.integration.pages.rows import (
    make_conference,
    make_endpoint,
    make_meeting,
    make_news,
    make_profile,
    make_user,
)

pytestmark = pytest.mark.django_db
NAMES = ["attempt", "conferencingprofile", "conference", "meeting"]
# What a person tells, as a path from the names of the rows.
TOLD = [
    "conference.public_id",
    "conference.owner.username",
    "conference.owner.first_name",
    "conference.owner.last_name",
    "conference.owner.email",
    "conference.owner.get_full_name",
    "conferencingprofile.public_id",
    "meeting.meeting_id",
    "meeting.marker",
]


def told(rows: dict[str, Any], path: str) -> str:
    name, *attributes = path.split(".")
    value = reduce(getattr, attributes, rows[name])
    return str(value() if callable(value) else value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", TOLD)
def test_every_list_is_searched_by_what_anybody_may_tell(
    staff: Client, rows: dict[str, Any], name: str, path: str
) -> None:
    assert found_by(staff, name, q=told(rows, path)) == [rows[name]]


# News and their deliveries, by what anybody may tell; the account of an event is not what its news are about.
TOLD_OF_NEWS = [path for path in TOLD if path != "conferencingprofile.public_id"] + ["notification.public_id"]


@pytest.mark.parametrize("name", ["notification", "notificationdelivery", "mail"])
@pytest.mark.parametrize("path", TOLD_OF_NEWS[:-1])
def test_what_was_told_is_found_by_what_it_is_about(staff: Client, rows: dict[str, Any], name: str, path: str) -> None:
    assert found_by(staff, name, q=told(rows, path)) == [rows[name]]


def test_what_was_told_of_an_account_is_found_by_it(staff: Client, rows: dict[str, Any]) -> None:
    news = make_news(rows["conferencingprofile"])
    assert found_by(staff, "notification", q=rows["conferencingprofile"].public_id) == [news]


@pytest.mark.parametrize("path", ["endpoint.public_id", "conference.owner.username", "conference.owner.get_full_name"])
@pytest.mark.parametrize("name", ["endpoint", "notificationdelivery"])
def test_an_endpoint_and_what_was_posted_there_is_found(
    staff: Client, rows: dict[str, Any], name: str, path: str
) -> None:
    assert found_by(staff, name, q=told(rows, path)) == [rows[name]]


def test_an_endpoint_is_found_by_its_address_but_not_by_what_that_hides(staff: Client, rows: dict[str, Any]) -> None:
    shown = rows["endpoint"].url.partition("?")[0]
    assert found_by(staff, "endpoint", q=shown) == [rows["endpoint"]]
    assert found_by(staff, "endpoint", q="query-secret") == []
    plain = make_endpoint(None, url="https://plain.example.com/hook")
    assert found_by(staff, "endpoint", q="plain.example") == [plain]


def test_an_events_own_endpoint_is_found_by_the_event(staff: Client, rows: dict[str, Any]) -> None:
    event = rows["conference"]
    own = make_endpoint(None, event_model=event.event_model, event_key=event.event_key)
    assert found_by(staff, "endpoint", q=f"lesson {event.event_key}") == [own]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["{model} {key}", "{model}:{key}", "lesson {key}", "Lesson {key}", "{key}"])
def test_an_event_is_told_by_its_model_and_key(staff: Client, rows: dict[str, Any], name: str, way: str) -> None:
    conference = rows["conference"]
    make_conference(None, event_model="hosts.webinar", event_key=f"{conference.event_key}0")
    term = way.format(model=conference.event_model, key=conference.event_key)
    assert found_by(staff, name, q=term) == [rows[name]]


@pytest.mark.parametrize("name", ["attempt", "conferencingprofile", "conference", "meeting", "notification"])
@pytest.mark.parametrize("between", [" ", "-", "\N{NO-BREAK SPACE}"])
def test_a_meetings_number_is_told_in_groups(staff: Client, rows: dict[str, Any], name: str, between: str) -> None:
    number = rows["meeting"].meeting_id
    assert found_by(staff, name, q=between.join([number[:3], number[3:7], number[7:]])) == [rows[name]]


@pytest.mark.parametrize("way", ["excursion {key}", "hosts.excursion {key}", "lessonproxy {key}"])
def test_an_event_of_a_child_or_a_proxy_is_told_by_that_too(staff: Client, rows: dict[str, Any], way: str) -> None:
    conference = rows["conference"]
    assert found_by(staff, "conference", q=way.format(key=conference.event_key)) == [conference]


def test_a_key_alone_means_each_model_with_the_field(staff: Client, rows: dict[str, Any]) -> None:
    twin = make_conference(None, event_model="hosts.webinar", event_key=rows["conference"].event_key)
    assert found_by(staff, "conference", q=twin.event_key) == [twin, rows["conference"]]


def test_an_event_of_a_model_that_is_no_more_is_found_by_both(staff: Client) -> None:
    old = make_conference(None, event_model="gone.thing", event_key="7")
    assert found_by(staff, "conference", q="gone.thing 7") == [old]


@pytest.mark.parametrize("name", ["conferencingprofile", "conference", "meeting", "attempt"])
def test_a_join_link_leads_to_what_it_joins(staff: Client, rows: dict[str, Any], name: str) -> None:
    assert found_by(staff, name, q=rows["meeting"].join_url) == [rows[name]]


def test_a_part_of_a_link_and_a_link_that_a_person_brought_are_found(staff: Client, rows: dict[str, Any]) -> None:
    own = make_conference(None, join_url="https://meet.example/own-room", profile_request="explicit")
    assert found_by(staff, "conference", q="https://zoom.example/j/alice") == [rows["conference"]]
    assert found_by(staff, "conference", q="https://meet.example/own-room") == [own]


def test_links_that_begin_alike_are_told_apart(staff: Client, rows: dict[str, Any]) -> None:
    """The index has only their beginning."""
    beginning = "https://zoom.example/j/" + "9" * 300
    made = [
        make_meeting(rows["conference"], rows["conferencingprofile"], join_url=f"{beginning}?pwd={end}")
        for end in ("a", "b")
    ]
    assert found_by(staff, "meeting", q=made[0].join_url) == [made[0]]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("conferencingprofile.account_label", "conferencingprofile"),
        ("conferencingprofile.account_key", "conferencingprofile"),
        ("conference.summary", "conference"),
        ("attempt.request_id", "attempt"),
    ],
)
def test_what_only_one_list_has(staff: Client, rows: dict[str, Any], path: str, name: str) -> None:
    assert found_by(staff, name, q=told(rows, path)) == [rows[name]]


def test_an_account_is_found_by_its_number_at_the_provider(staff: Client, rows: dict[str, Any]) -> None:
    profile = rows["conferencingprofile"]
    assert found_by(staff, "conferencingprofile", q=profile.account_key.partition(":")[2]) == [profile]


def test_each_word_must_occur_and_a_row_is_shown_once(staff: Client, rows: dict[str, Any]) -> None:
    for _number in range(3):
        make_meeting(rows["conference"], rows["conferencingprofile"])
    assert found_by(staff, "conference", q="alice archer lesson") == [rows["conference"]]
    assert found_by(staff, "conference", q="alice baker") == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("term", ["alice archer", "nobody at all", "9001", "https://zoom.example/j/alice?pwd=1"])
def test_a_search_costs_the_same_queries_however_much_it_finds(
    staff: Client, rows: dict[str, Any], name: str, term: str
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            found_by(staff, name, q=term)
        assert not [query for query in queries if "DISTINCT" in query["sql"] and "COUNT(DISTINCT" not in query["sql"]]
        return len(queries)

    before = cost()
    owner = rows["conference"].owner
    for _number in range(5):
        conference = make_conference(owner, event_model="hosts.webinar")
        make_meeting(conference, make_profile(owner), join_url=rows["meeting"].join_url)
    assert cost() == before


EXACT = {
    "conference": lambda rows: search.conferences(rows["conference"].public_id),
    "event": lambda rows: search.events(f"hosts.lesson {rows['conference'].event_key}"),
    "key": lambda rows: search.events(rows["conference"].event_key),
    "account": lambda rows: search.profiles(rows["conferencingprofile"].public_id),
    "meeting": lambda rows: search.meetings(rows["meeting"].meeting_id)[0],
    "marker": lambda rows: search.meetings(rows["meeting"].marker)[1],
    "link": lambda rows: search.meetings(rows["meeting"].join_url)[2],
}


@pytest.mark.parametrize("told_by", EXACT)
def test_what_identifies_a_row_is_looked_up_by_an_index(rows: dict[str, Any], told_by: str) -> None:
    query = EXACT[told_by](rows)
    assert query.count() == 1
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is read as a whole, index or not
    plan = query.values_list("pk").explain()
    assert "SCAN" not in plan.upper().replace("INDEX SCAN", "").replace("INDEX ONLY SCAN", "").replace(
        "BITMAP HEAP SCAN", ""
    ), plan


def test_people_are_searched_for_by_the_columns_that_the_user_model_has() -> None:
    make_user("carol", first_name="Carol", last_name="Chandler")
    for word in ("carol", "chand", "CAROL@example"):
        assert search.people(word).count() == 1
    assert Conference.objects.filter(owner__in=search.people("nobody")).count() == 0


def test_an_empty_search_shows_everything(staff: Client, rows: dict[str, Any]) -> None:
    assert len(found_by(staff, "conference", q="   ")) == 2
    assert 'id="searchbar"' in staff.get(changelist("conference")).content.decode()
