"""The overview counts what was made, waited and failed, over time and by provider, and draws it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conferencing_app import clock
from conferencing_app.admin.overview.chart import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, ceiling, draw
from conferencing_app.admin.overview.page import SPANS
from conferencing_app.models import Conference
from conferencing_app.services.timeline import timeline, waiting_now
from tests.integration.admin.lists import page
from tests.integration.pages.rows import make_call, make_conference, make_profile, make_user

OVERVIEW = "/admin/conferencing_app/conference/overview/"
START = datetime(2031, 5, 6, 12, tzinfo=UTC)
EDGES = [START + timedelta(hours=number) for number in range(5)]


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.mark.django_db
def test_what_happened_is_counted_in_the_stretch_and_for_the_provider_where_it_did() -> None:
    owner = make_user("owner")
    zoom, webex = make_profile(owner), make_profile(owner, provider="webex")
    made: dict[str, Any] = {"state": "assigned"}
    # Asked for before the beginning, made in the second stretch.
    make_conference(owner, **made, provider="zoom", created_at=at(-5), assigned_at=at(1.5))
    # Made at once, in the first one; and cancelled since, so that its provider is only known from its lane.
    make_conference(
        owner, state="not_made", cause_code="cancelled", lane=webex, created_at=at(0.5), assigned_at=at(0.6)
    )
    # Made long before; with a link of its own; asked for since.
    make_conference(owner, **made, provider="zoom", created_at=at(-50), assigned_at=at(-49))
    make_conference(owner, **made, profile_request="explicit", created_at=at(2))
    make_conference(owner, state="failing", cause_code="outage", lane=zoom, created_at=at(2.5))
    # Never made: its event was over in the third stretch.
    make_conference(owner, state="not_made", cause_code="past", cause_since=at(2.1), created_at=at(-1))
    failing = make_conference(owner, state="pending", created_at=at(3))
    for hours in (2.6, 2.7, 3.1):
        make_call(zoom, failing, cause_code="outage", started_at=at(hours))
    make_call(zoom, None, cause_code="credentials_expired", started_at=at(0.1))
    make_call(zoom, failing, started_at=at(1))

    seen = timeline(EDGES)
    assert seen.made == {"zoom": [0, 1, 0, 0], "webex": [1, 0, 0, 0]}
    # With neither link nor account ("") there is first the one that was then over, at the end the one just asked for.
    assert seen.waiting == {"zoom": [1, 0, 1, 1], "webex": [0, 0, 0, 0], "": [1, 1, 0, 1]}
    assert {name: counts for name, counts in seen.failing.items() if any(counts)} == {"zoom": [0, 0, 1, 1]}
    assert {(one.state, one.cause_code, one.provider, one.count) for one in waiting_now()} == {
        ("failing", "outage", "zoom", 1),
        ("pending", "", "", 1),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["24h", "7d", "30d", "made up"])
def test_the_page_draws_it_and_tells_it_as_a_table_too(staff: Client, rows: dict[str, Any], chosen: str) -> None:
    now = clock.read("default")
    Conference.objects.filter(pk=rows["conference"].pk).update(state="assigned", provider="zoom", assigned_at=now)
    response = staff.get(OVERVIEW, {"range": chosen})
    assert response.status_code == 200
    html = response.content.decode()
    for key, most in (("made", 1), ("waiting", 1), ("failing", 2)):
        assert f'<desc id="conferencing-{key}-desc">At most {most}' in html
    (waits,) = response.context["waiting"]
    assert (waits["count"], waits["code"], waits["provider"]) == (1, "outage", "Zoom")
    assert "Zoom does not answer properly" in html
    newest = response.context["rows"][0]
    assert newest["cells"] == [1, 1, 2], "made, waiting and failing at Zoom, as this stretch is not over"
    count = SPANS.get(chosen, SPANS["24h"]).count
    assert len(response.context["rows"]) == count
    pictures = re.findall(r'<svg class="conferencing-chart".*?</svg>', html, re.DOTALL)
    assert [bool(ElementTree.fromstring(picture).findall("rect")) for picture in pictures] == [True] * 3


@pytest.mark.django_db
def test_numbers_in_pictures_are_numbers_in_every_language(staff: Client, rows: dict[str, Any], settings: Any) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    html = staff.get(OVERVIEW, headers={"accept-language": "de"}).content.decode()
    assert f'viewBox="0 0 {WIDTH} {HEIGHT}"' in html


@pytest.mark.django_db
def test_it_costs_the_same_queries_however_much_happened(staff: Client, rows: dict[str, Any]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(OVERVIEW).status_code == 200
        return len(queries)

    cost()
    before = cost()
    for number in range(5):
        owner = make_user(f"user{number}")
        profile = make_profile(owner, provider=f"provider{number}")
        make_conference(owner, state="failing", cause_code="refused", lane=profile)
        make_call(profile, rows["conference"], cause_code="refused")
    assert cost() == before


@pytest.mark.django_db
def test_the_list_leads_there_and_only_who_may_see_conferences_gets_in(staff: Client, rows: dict[str, Any]) -> None:
    assert page("conference", "overview") == OVERVIEW
    assert f'href="{OVERVIEW}"' in staff.get(page("conference", "changelist")).content.decode()
    client = Client()
    client.force_login(make_user("idle", ("view_meeting",), is_staff=True))
    assert client.get(OVERVIEW).status_code == 403
    assert staff.post(OVERVIEW).status_code == 405


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize("name", SPANS)
def test_stretches_end_ahead_and_begin_at_round_local_times(name: str, zone: str) -> None:
    span, now = SPANS[name], datetime(2031, 11, 2, 7, 30, tzinfo=UTC)  # New York's clocks go back on that day
    with timezone.override(zone):
        edges = span.edges(now)
        hours = [timezone.localtime(edge).hour for edge in edges]
    assert len(edges) == span.count + 1
    assert edges == sorted(edges)
    assert edges[-2] <= now < edges[-1]
    assert {hour % span.hours for hour in hours} == {0}


@pytest.mark.parametrize(("value", "round_number"), [(0, 2), (2, 2), (3, 4), (5, 10), (11, 20), (99, 100), (101, 200)])
def test_the_scale_ends_at_a_round_number(value: int, round_number: int) -> None:
    assert ceiling(value) == round_number


def test_bars_stand_on_each_other_and_stay_inside_the_picture() -> None:
    chart = draw({"a": [3, 0], "b": [1, 1000]}, ["a", "b"], ["one", "two"])
    lower, upper, alone = chart.bars
    assert (lower.series, upper.series, alone.series) == (0, 1, 1)
    assert lower.x == upper.x == LEFT
    assert alone.x > lower.x + lower.width
    assert upper.y < lower.y
    assert upper.y + upper.height == lower.y
    assert (alone.y, alone.y + alone.height) == (TOP, HEIGHT - BOTTOM)
    assert alone.x + alone.width <= WIDTH
    assert lower.height >= 1, "three among a thousand are seen"
    assert [mark.text for mark in chart.times] == ["one", "two"]
    assert [mark.text for mark in chart.levels] == ["0", "500", "1000"]


def test_nothing_at_all_can_be_drawn() -> None:
    chart = draw({}, [], ["one"])
    assert chart.bars == []
    assert [mark.text for mark in chart.levels] == ["0", "1", "2"]
