"""What is sent to Zoom, and what is read from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencing_app.providers import text
from conferencing_app.providers.types import DialIn, MeetingDetails, MeetingSpec
from conferencing_app.providers.zoom import payload
from conferencing_app.providers.zoom.timezones import SAME_TIME, ZOOM_ZONES, zoom_zone

START = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
MARKER = "cnf_0123456789abcdef"
ANY_TEXT = st.text(alphabet=st.characters(codec=None, categories=None, min_codepoint=0, max_codepoint=0x10FFFF))
WIDE_TEXT = st.text(alphabet="a😀é\u200d\ufe0f\n 𝔘", min_size=150, max_size=400)


def spec(**changes) -> MeetingSpec:
    usual = {"title": "T", "description": "D", "start": START, "end": START + timedelta(hours=1), "tzid": "UTC"}
    return MeetingSpec(**{**usual, **changes})


def details_of(body: dict[str, object]) -> MeetingDetails:
    details = payload.to_details(body)
    assert details is not None
    return details


def utf16(value: str) -> int:
    return len(value.encode("utf-16-le")) // 2


def test_a_create_asks_for_a_meeting_of_its_own_and_forces_no_policy():
    assert payload.for_create(spec(tzid="Europe/Berlin"), MARKER) == {
        "topic": "T",
        "type": 2,
        "start_time": "2026-12-01T09:30:00Z",
        "duration": 60,
        "timezone": "Europe/Berlin",
        "agenda": f"Ref. {MARKER}\n\nD",
        "default_password": True,
        "settings": {"use_pmi": False},
    }


def test_an_update_sends_what_follows_the_event_and_nothing_else():
    assert set(payload.for_update(spec(), MARKER)) == {"topic", "agenda", "start_time", "duration", "timezone"}


def test_a_start_in_another_offset_is_sent_in_utc():
    start = datetime.fromisoformat("2026-12-01T11:30:00+02:00")
    assert payload.for_update(spec(start=start), MARKER)["start_time"] == "2026-12-01T09:30:00Z"


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(0, 1), (1, 1), (60, 1), (61, 2), (3600, 60), (3599.5, 60), (86400, 1440), (86401, 1440), (10**7, 1440), (-60, 1)],
)
def test_durations_are_rounded_up_within_zooms_bounds(seconds, minutes):
    assert payload.minutes(START, START + timedelta(seconds=seconds)) == minutes


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Piano", "Piano"),
        ("  a \n b\t c\r\nd ", "a b c d"),
        ("", "Zoom Meeting"),
        (" \n\x00\x1f ", "Zoom Meeting"),
        ("\ud800", "Zoom Meeting"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("😀" * 100, "😀" * 100),
        ("😀" * 101, "😀" * 99 + "…"),
        ("x" * 198 + "😀😀", "x" * 198 + "…"),
        ("word " * 100, "word " * 39 + "word…"),
    ],
)
def test_topics(title, topic):
    assert payload.topic(title) == topic


@given(ANY_TEXT | WIDE_TEXT)
def test_every_topic_fits_and_is_not_empty(title):
    topic = payload.topic(title)
    assert topic.strip()
    assert utf16(topic) <= 200
    assert "\n" not in topic
    assert payload.topic(topic) == topic


@given(ANY_TEXT | st.text(alphabet="a😀\n", min_size=900, max_size=2500))
def test_every_agenda_fits_and_begins_with_the_marker(description):
    agenda = payload.agenda(description, MARKER)
    assert utf16(agenda) <= 2000
    assert agenda.splitlines()[0] == f"Ref. {MARKER}"
    assert payload.carries(MARKER, {"agenda": agenda[:250]})


@given(ANY_TEXT, st.integers(1, 50))
def test_a_short_text_is_left_alone_and_a_long_one_is_a_beginning_of_it(value, limit):
    clean = text.cleaned(value)
    short = text.shortened(clean, limit)
    assert utf16(short) <= limit
    if utf16(clean) <= limit:
        assert short == clean
    else:
        assert short.endswith("…")
        assert clean.startswith(short[:-1])


@pytest.mark.parametrize(
    ("agenda", "carried"),
    [
        (f"Ref. {MARKER}", True),
        (f"Ref. {MARKER}\n\nText", True),
        (f"Edited by hand\nRef. {MARKER}.", True),
        (f"Ref. {MARKER}0", False),
        (f"Ref. x{MARKER}", False),
        (f"Ref. {MARKER}-2", False),
        (f"Ref. {MARKER[:-1]}", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_a_marker_is_only_itself(agenda, carried):
    assert payload.carries(MARKER, {"agenda": agenda}) is carried
    assert payload.carries(MARKER, {}) is False


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [("Europe/Berlin", "Europe/Berlin"), ("Europe/Kyiv", "Europe/Kiev"), ("Antarctica/Troll", "UTC"), ("", "UTC")],
)
def test_time_zones_by_zooms_names(tzid, zone):
    assert zoom_zone(tzid) == zone


def test_every_other_name_leads_to_a_zone_that_zoom_has():
    assert set(SAME_TIME.values()) <= ZOOM_ZONES
    assert not set(SAME_TIME) & ZOOM_ZONES


def test_what_zoom_returns_counts():
    details = details_of(
        {
            "id": 85746065843,
            "join_url": "https://zoom.us/j/85746065843?pwd=x",
            "start_url": "https://zoom.us/s/85746065843?zak=secret",
            "password": "abc",
            "start_time": "2026-12-01T09:30:00Z",
            "settings": {
                "global_dial_in_numbers": [
                    {"country": "US", "country_name": "US", "city": "New York", "number": "+1 646", "type": "toll"},
                    {"country": "DE", "country_name": "Germany", "number": "+49 69", "type": "tollfree"},
                    {"country": "FR"},
                    "odd",
                ]
            },
        }
    )
    assert details.meeting_id == "85746065843"
    assert details.passcode == "abc"
    assert details.host_url == "https://zoom.us/s/85746065843?zak=secret"
    assert details.start == START
    assert details.dial_in == (
        DialIn("+1 646", "US", "New York, US"),
        DialIn("+49 69", "DE", "Germany", toll_free=True),
    )
    assert "zak" not in repr(details)


def test_what_no_database_takes_in_a_text_is_left_out():
    number = {"number": "+1\ud800 646", "city": "New\x00 York"}
    odd = {"password": "a\x00b", "start_url": "https://s\udfff", "settings": {"global_dial_in_numbers": [number]}}
    details = details_of({"id": 1, "join_url": "https://zoom.us/j/1\x00", **odd})
    assert (details.join_url, details.passcode, details.host_url) == ("https://zoom.us/j/1", "ab", "https://s")
    assert details.dial_in == (DialIn("+1 646", "", "New York"),)


@pytest.mark.parametrize("settings", [None, {}, {"global_dial_in_numbers": None}, {"global_dial_in_numbers": []}, []])
def test_no_numbers_are_no_numbers(settings):
    assert details_of({"id": "1", "join_url": "https://x", "settings": settings}).dial_in == ()


NO_NUMBERS: list[Any] = [[], True, -5, 1.5, "abc", "1/../2", "١"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": 1},
        {"join_url": "x"},
        {"id": 0, "join_url": "x"},
        {"id": 1, "join_url": ""},
        *({"id": each, "join_url": "x"} for each in NO_NUMBERS),
        {"id": 1, "join_url": "\x00"},
    ],
)
def test_an_answer_without_id_or_link_is_no_meeting(body):
    assert payload.to_details(body) is None


@pytest.mark.parametrize("value", [None, "", "soon", 5, "2026-13-01T00:00:00Z"])
def test_a_start_that_is_not_told_is_none(value):
    assert payload.moment(value) is None
