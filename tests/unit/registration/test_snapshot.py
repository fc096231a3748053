"""An event read into the words of a conference: times, zones, people, and what is no use."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from conferencing_app.models import Conference
from conferencing_app.registration.arguments import NotInMemory, in_memory_only, value_of
from conferencing_app.registration.snapshot import ARGUMENT_OF_CAUSE, Snapshot, take

NINE = datetime(2031, 7, 4, 9, 0)  # noqa: DTZ001  # a naive time is what is tested
NINE_UTC = NINE.replace(tzinfo=UTC)
NAMES = (
    "owner", "summary", "start", "end", "description", "location", "tzid",
    "attendees", "calendar", "locale", "cancelled",
)  # fmt: skip


def read(**values: Any) -> Snapshot:
    """The snapshot of an event that has these values."""
    event = SimpleNamespace(**{"start": NINE_UTC, **values})
    return take(event, {name: name if hasattr(event, name) else None for name in NAMES})


@pytest.mark.parametrize(
    ("values", "start", "end"),
    [
        ({}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        ({"end": None}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        ({"end": NINE_UTC}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        ({"end": date(2031, 7, 5)}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        ({"end": NINE_UTC + timedelta(minutes=5)}, NINE_UTC, NINE_UTC + timedelta(minutes=5)),
        ({"start": NINE}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        ({"start": NINE, "tzid": "Europe/Berlin"}, NINE_UTC - timedelta(hours=2), NINE_UTC - timedelta(hours=1)),
        ({"start": NINE, "tzid": ZoneInfo("Asia/Tokyo")}, NINE_UTC - timedelta(hours=9), NINE_UTC - timedelta(hours=8)),
        ({"tzid": "Europe/Berlin"}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        (
            {"start": NINE.replace(tzinfo=timezone(timedelta(hours=5, minutes=45)))},
            datetime(2031, 7, 4, 3, 15, tzinfo=UTC),
            datetime(2031, 7, 4, 4, 15, tzinfo=UTC),
        ),
        ({"start": "2031-07-04T09:00:00Z"}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
        ({"start": NINE_UTC.replace(microsecond=5)}, NINE_UTC, NINE_UTC + timedelta(hours=1)),
    ],
)
def test_times(values: dict[str, Any], start: datetime, end: datetime) -> None:
    snapshot = read(**values)
    assert (snapshot.start, snapshot.end, snapshot.event_cause) == (start, end, "")


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"start": None}, "no_time"),
        ({"start": date(2031, 7, 4)}, "no_time"),
        ({"start": time(9)}, "no_time"),
        ({"start": "soon"}, "no_time"),
        ({"start": "2031-99-99T00:00"}, "no_time"),
        ({"start": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))}, "no_time"),
        ({"start": None, "end": NINE_UTC}, "no_time"),
        ({"end": NINE_UTC - timedelta(seconds=1)}, "end_before_start"),
        ({"tzid": "Mars/Olympus"}, "unknown_time_zone"),
        ({"tzid": "../etc/passwd"}, "unknown_time_zone"),
        ({"tzid": "/etc/passwd"}, "unknown_time_zone"),
        ({"tzid": "Europe"}, "unknown_time_zone"),
        ({"tzid": "x" * 300}, "unknown_time_zone"),
        ({"tzid": "Europe/Berlin\x00"}, ""),
        ({"tzid": "Mars/Olympus", "start": NINE}, "unknown_time_zone"),
    ],
)
def test_causes_that_lie_in_the_event(values: dict[str, Any], cause: str) -> None:
    snapshot = read(**values)
    assert snapshot.event_cause == cause
    assert cause == "" or cause in ARGUMENT_OF_CAUSE
    assert len(snapshot.tzid) <= 64


def test_an_event_without_a_zone_has_the_sites(settings: Any) -> None:
    settings.TIME_ZONE = "America/New_York"
    snapshot = read(start=NINE, tzid="")
    assert (snapshot.tzid, snapshot.start) == ("America/New_York", NINE_UTC + timedelta(hours=4))


def test_texts() -> None:
    snapshot = read(
        summary=gettext_lazy("Talk"), description=None, location=5, locale="x" * 40, calendar="cal_" + "y" * 90
    )
    assert (snapshot.summary, snapshot.description, snapshot.location) == ("Talk", "", "5")
    assert (len(snapshot.locale), len(snapshot.calendar)) == (16, 64)
    assert read(summary="a\x00b").summary == "ab"


@pytest.mark.parametrize(("value", "cancelled"), [(True, True), (None, False), (NINE, True), ("", False), (0, False)])
def test_cancelled_is_whatever_is_true(value: Any, cancelled: bool) -> None:
    assert read(cancelled=value).cancelled is cancelled


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (None, []),
        ([], []),
        ("a@example.com", [{"email": "a@example.com"}]),
        (["a@example.com", {"email": "b@example.com", "display_name": "Bob", "x": 1}],
         [{"email": "a@example.com"}, {"email": "b@example.com", "display_name": "Bob"}]),
        (User(email="c@example.com", first_name="Cleo"), [{"email": "c@example.com", "display_name": "Cleo"}]),
        (("a@example.com" for _ in range(2)), [{"email": "a@example.com"}] * 2),
    ],
)  # fmt: skip
def test_attendees(people: Any, expected: list[dict[str, str]]) -> None:
    assert read(attendees=people).attendees == expected


@pytest.mark.parametrize("people", [[5], [{"name": "Bob"}], [object()]])
def test_an_attendee_without_an_address_is_an_error(people: Any) -> None:
    with pytest.raises(TypeError, match="An attendee must be an e-mail address"):
        read(attendees=people)


@pytest.mark.parametrize("owner", [AnonymousUser(), Group(name="x"), 5, "alice"])
def test_an_owner_that_is_no_user_is_an_error(owner: Any) -> None:
    with pytest.raises(TypeError, match="must be a User or None"):
        read(owner=owner)


@pytest.mark.parametrize("owner", [User(pk=7), SimpleLazyObject(lambda: User(pk=7))])
def test_an_owner(owner: Any) -> None:
    assert read(owner=owner).owner_id == 7


def test_paths_end_where_something_is_none() -> None:
    event = SimpleNamespace(room=None, course=SimpleNamespace(name=lambda: "Maths"))
    assert value_of(event, "room.owner.email") is None
    assert value_of(event, "course.name") == "Maths"
    with pytest.raises(AttributeError):
        value_of(event, "course.nothing")


def test_a_snapshot_is_columns_of_a_conference() -> None:
    columns = {field.attname for field in Conference._meta.concrete_fields}
    assert columns.issuperset(Snapshot._fields)


@given(
    st.builds(
        Snapshot,
        owner_id=st.none() | st.integers(),
        summary=st.text(),
        description=st.text(),
        location=st.text(),
        start=st.none() | st.datetimes(timezones=st.just(UTC)),
        end=st.none() | st.datetimes(timezones=st.just(UTC)),
        tzid=st.sampled_from(["UTC", "Europe/Berlin"]),
        locale=st.text(max_size=5),
        calendar=st.text(max_size=5),
        attendees=st.just([]),
        cancelled=st.booleans(),
        event_cause=st.just(""),
    )
)
def test_the_digest_tells_snapshots_apart(snapshot: Snapshot) -> None:
    assert snapshot.digest() == snapshot._replace().digest()
    assert len(snapshot.digest()) == 64
    for name in ("summary", "description", "location", "locale", "calendar"):
        assert snapshot._replace(**{name: getattr(snapshot, name) + "!"}).digest() != snapshot.digest()
    assert snapshot._replace(cancelled=not snapshot.cancelled).digest() != snapshot.digest()
    assert snapshot._replace(owner_id=(snapshot.owner_id or 0) + 1).digest() != snapshot.digest()
    assert snapshot._replace(event_cause="no_time").digest() != snapshot.digest()


class Key:
    """A person's key that looks other with each object, as one of a class without a repr() does."""

    def __str__(self) -> str:
        return "person 7"


class Time(datetime):
    """As packages for calendars have their own."""


class Address(StrEnum):
    OFFICE = "office@example.com"


@pytest.mark.parametrize(
    ("assigned", "stored"),
    [
        ({"owner": User(pk=cast(Any, Key()))}, {"owner": User(pk=cast(Any, Key()))}),
        ({"start": Time(2031, 7, 4, 9, 0, tzinfo=UTC)}, {"start": NINE_UTC}),
        ({"end": Time(2031, 7, 4, 9, 5, tzinfo=UTC)}, {"end": NINE_UTC + timedelta(minutes=5)}),
        ({"start": NINE_UTC.replace(fold=1)}, {"start": NINE_UTC}),
        ({"summary": Address.OFFICE}, {"summary": "office@example.com"}),
        ({"attendees": [Address.OFFICE]}, {"attendees": ["office@example.com"]}),
        ({"attendees": [{"email": Address.OFFICE}]}, {"attendees": [{"email": "office@example.com"}]}),
        ({"attendees": ["a\x00@example.com"]}, {"attendees": ["a@example.com"]}),
    ],
)
def test_what_is_assigned_has_the_digest_of_what_is_read_back(assigned: dict[str, Any], stored: dict[str, Any]) -> None:
    assert read(**assigned).digest() == read(**stored).digest()


@pytest.mark.django_db
def test_a_query_inside_a_save_is_refused_even_where_it_is_swallowed() -> None:
    def swallows() -> int:
        try:
            return User.objects.count()
        except Exception:
            return 0

    with pytest.raises(NotInMemory), in_memory_only():
        User.objects.count()
    with pytest.raises(NotInMemory), in_memory_only():
        swallows()
    with pytest.raises(ZeroDivisionError), in_memory_only():
        1 / 0  # noqa: B018  # the error is what matters
    assert User.objects.count() == 0
