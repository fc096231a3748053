"""On PostgreSQL a new event's own INSERT takes its conference along, where all of it is known but the event's key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from conferencing_app.models import Conference
from conferencing_app.registration import along
from conferencing_app.services import attaching, function
from tests.hosts.models import (
    Consultation,
    Excursion,
    Lesson,
    LessonProxy,
    PartyBooking,
    Recital,
    Room,
    RoomBooking,
    Webinar,
    Workshop,
)
from tests.hosts.wanted import START, lesson, row

IN_ONE = connection.vendor == "postgresql"
APART = ["BEGIN", "INSERT", "INSERT", "COMMIT"]


def asking(user: User) -> Lesson:
    event = lesson(user)
    event.conferencing = {"profile_id": "default"}
    return event


def subscribing(user: User) -> Any:
    event: Any = lesson(user)
    event.conferencing_subscriptions = []
    return event


ALONG: dict[str, Callable[[User], Any]] = {
    "plain": lesson,
    "without an owner": lambda user: lesson(None),
    "proxy": lambda user: LessonProxy(owner=user, title="Algebra", starts_at=START),
    "abstract": lambda user: Workshop(person=user, title="Pots", starts_at=START),
    "relation": lambda user: RoomBooking(room=Room.objects.create(name="Red", owner=user), title="A", starts_at=START),
    "not all in memory": lambda user: lesson(user, title=Upper(Value("algebra"))),
    "columns that the database fills in": lambda user: Recital(artist=user, title="ALGEBRA", starts_at=START),
}
BY_ITSELF: dict[str, Callable[[User], Any]] = {
    "asks": asking,
    "subscribes": subscribing,
    "key given": lambda user: lesson(user, pk=4711),
    "no number as key": lambda user: Webinar(host=user, name="A", when=START),
    "two tables": lambda user: Excursion(owner=user, title="A", starts_at=START),
    "a method may see the key": lambda user: PartyBooking(host=user, starts_at=START),
    "a function may see the key": lambda user: Consultation(adviser=user, topic="A", starts_at=START),
}


def saving(event: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        event.save()
    return [query["sql"] for query in captured if query["sql"]]


def statements(event: Any) -> list[str]:
    return [sql.split()[0] for sql in saving(event)]


@pytest.mark.parametrize("make", ALONG.values(), ids=ALONG)
def test_both_are_written_by_one_statement(alice: User, make: Callable[[User], Any]) -> None:
    event = make(alice)
    assert statements(event) == (["INSERT"] if IN_ONE else ["INSERT", "INSERT"])
    conference = row(event)
    assert (conference.state, conference.version, conference.cause_code) == ("pending", 1, "")
    assert conference.due_at is not None
    attaching.read_afresh(conference)
    assert conference.summary == type(event)._base_manager.get(pk=event.pk).title
    field: Any = type(event).conferencing
    assert row(event).digest == field.snapshot(type(event)._base_manager.get(pk=event.pk)).digest()


@pytest.mark.parametrize("make", BY_ITSELF.values(), ids=BY_ITSELF)
def test_what_can_not_be_known_before_takes_a_statement_of_its_own(alice: User, make: Callable[[User], Any]) -> None:
    event = make(alice)
    assert not any(function.PREFIX in sql for sql in saving(event))
    assert Conference.objects.count() == (0 if isinstance(event, Consultation) else 1)


class Disguised(models.BigAutoField):
    """A key that people see as something else, as some packages have it."""


def inserted_otherwise(*_: Any) -> list[tuple[int]]:
    return [(1,)]


@pytest.mark.parametrize(
    ("owner", "name", "value"), [(Lesson._meta, "pk", Disguised()), (Lesson, "_do_insert", inserted_otherwise)]
)
def test_a_model_with_ways_of_its_own_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, value: Any
) -> None:
    assert along.is_plain(Lesson.conferencing)
    monkeypatch.setattr(owner, name, value)
    assert not along.is_plain(Lesson.conferencing)


def test_a_column_may_look_something_up_before_it_is_saved(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def number(instance: Lesson, add: bool) -> str:
        instance.title = f"Lesson {Lesson.objects.count() + 1}"
        return instance.title

    monkeypatch.setattr(Lesson._meta.get_field("title"), "pre_save", number)
    event = lesson(alice)
    event.save()
    assert row(event).summary == "Lesson 1"


def test_a_former_events_conference_is_made_anew(alice: User) -> None:
    """A row of a deleted event whose key comes again, as it does on SQLite, and after a sequence was set back."""
    former = lesson(alice, title="Former")
    former.save()
    Conference.objects.update(
        event_key=str(former.pk + 1), event_deleted=True, state="assigned", join_url="https://old"
    )
    event = lesson(alice)
    event.save()
    conference = row(event)
    assert (conference.summary, conference.state, conference.join_url) == ("Algebra", "pending", "")
    assert (conference.event_deleted, conference.stale, conference.version) == (False, False, 2)


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_none_is_opened(django_user_model: Any) -> None:
    event = lesson(django_user_model.objects.create_user("alice"))
    assert statements(event) == (["INSERT"] if IN_ONE else APART)
    assert row(event).summary == "Algebra"


@pytest.mark.django_db(transaction=True)
def test_a_refused_event_leaves_neither(django_user_model: Any) -> None:
    event = lesson(django_user_model.objects.create_user("alice"), title="x" * 201 if IN_ONE else None)
    with pytest.raises(DatabaseError):
        event.save()
    assert (Lesson.objects.count(), Conference.objects.count()) == (0, 0)


@pytest.fixture
def with_rule() -> Iterator[None]:
    """A table with a rule, as some old databases have them."""
    table = Lesson._meta.db_table
    if IN_ONE:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE RULE also AS ON INSERT TO {table} DO ALSO NOTIFY lessons")
    yield
    if IN_ONE:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP RULE also ON {table}")


@pytest.mark.django_db(transaction=True)
def test_a_table_with_a_rule_may_take_it_along(django_user_model: Any, with_rule: None) -> None:
    event = lesson(django_user_model.objects.create_user("alice"))
    assert statements(event) == (["INSERT"] if IN_ONE else APART)
    assert row(event).version == 1


@pytest.mark.django_db(transaction=True)
def test_a_host_that_commits_by_itself_may_save(django_user_model: Any) -> None:
    owner = django_user_model.objects.create_user("alice")
    transaction.set_autocommit(False)
    try:
        event = lesson(owner)
        event.save()
        transaction.rollback()
        assert (Lesson.objects.count(), Conference.objects.count()) == (0, 0)
        event = lesson(owner)
        event.save()
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert row(event).summary == "Algebra"
