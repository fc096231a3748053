"""The field works with every kind of model, and adds no column to any."""

from __future__ import annotations

import copy
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import FieldError, ValidationError
from django.core.management import call_command
from django.db import connection, models
from django.db.models import Prefetch
from django.forms import modelform_factory
from django.test.utils import CaptureQueriesContext, isolate_apps

from conferencing_app import ConferencingField
from conferencing_app.models import Conference
from conferencing_app.registration import registered_models
from conferencing_app.services import attaching
from tests.hosts.models import (
    Excursion,
    Imported,
    ImportedChild,
    Lesson,
    LessonProxy,
    PartyBooking,
    Seminar,
    Visit,
    Webinar,
    Workshop,
)
from tests.hosts.wanted import START, lesson, row


def only() -> Conference:
    return Conference.objects.get()


def test_it_is_no_column_and_no_migration(db: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "conferencing" not in {column.name for column in Lesson._meta.concrete_fields}
    assert "conferencing" not in {field.name for field in Lesson._meta.fields}
    call_command("makemigrations", "hosts", check=True, dry_run=True)
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "hosts_lesson")
    assert "conferencing" not in {column.name for column in columns}


def test_a_uuid_key(alice: User) -> None:
    key = uuid.uuid4()
    Webinar.objects.create(id=str(key), host=alice, name="Launch", when=START, guests=["a@example.com"])
    assert (only().event_key, only().event_model) == (str(key), "hosts.webinar")
    assert only().attendees == [{"email": "a@example.com"}]
    loaded = Webinar.objects.get()
    loaded.save()
    assert (only().version, loaded.conferencing) == (1, only())
    loaded.delete()
    assert only().event_deleted


def test_a_proxy_shares_the_conference(alice: User) -> None:
    event = LessonProxy(owner=alice, title="Algebra", starts_at=START, conferencing={"profile_id": "none"})
    event.save()
    assert (only().event_model, only().profile_request) == ("hosts.lesson", "none")
    assert Lesson.objects.get().conferencing == LessonProxy.objects.get().conferencing == only()


def test_a_child_table_shares_the_conference(alice: User) -> None:
    event = Excursion(owner=alice, title="Museum", starts_at=START, conferencing={"profile_id": "integrated"})
    event.save()
    assert (only().event_model, only().event_key) == ("hosts.lesson", str(event.pk))
    assert Lesson.objects.get().conferencing == event.conferencing == only()
    event.title = "Zoo"
    event.save()
    assert (only().summary, only().profile_request) == ("Zoo", "integrated")
    parent = Lesson.objects.get()
    parent.title = "Park"
    parent.save()
    assert only().summary == "Park"


def test_children_of_an_abstract_model_have_conferences_of_their_own(alice: User) -> None:
    workshop = Workshop.objects.create(person=alice, title="Clay", starts_at=START)
    seminar = Seminar.objects.create(person=alice, title="Kant", starts_at=START)
    assert (row(workshop).summary, row(seminar).summary) == ("Clay", "Kant")
    assert Workshop.conferencing.model_label == "hosts.workshop"


def test_a_field_that_comes_late_reaches_the_children(alice: User) -> None:
    event = Imported.objects.create(user=alice, subject="Imported", begin=START)
    assert row(event).summary == "Imported"
    child = ImportedChild(user=alice, subject="Child", begin=START, conferencing={"profile_id": "none"})
    child.save()
    assert row(Imported.objects.get(pk=child.pk)).profile_request == "none"
    child.delete()
    assert Conference.objects.filter(event_deleted=True).count() == 1


@isolate_apps("tests.hosts")
def test_a_model_registered_after_start_is_listened_to() -> None:
    class Late(models.Model):
        starts_at = models.DateTimeField()

        class Meta:
            app_label = "hosts"

    Late.add_to_class("conferencing", ConferencingField(owner=None, summary=None, start="starts_at"))
    assert models.signals.post_save.has_listeners(Late)
    assert models.signals.post_delete.has_listeners(Late)


def test_a_save_is_wrapped_once(alice: User) -> None:
    for model in (Lesson, LessonProxy, Excursion):
        depth, method = 0, model.save_base
        while hasattr(method, "__wrapped__"):
            depth, method = depth + 1, method.__wrapped__
        assert depth == 1


def test_registered_models(db: Any) -> None:
    registered = registered_models()
    assert {Lesson, LessonProxy, Excursion, ImportedChild, Workshop} <= set(registered)
    assert User not in registered


# Reading -------------------------------------------------------------------------------------------------------------


def test_reading_is_cached_and_an_event_without_a_key_costs_nothing(alice: User) -> None:
    event = lesson(alice)
    with CaptureQueriesContext(connection) as captured:
        assert event.conferencing is None
    assert len(captured) == 0
    event.save()
    with CaptureQueriesContext(connection) as captured:
        assert event.conferencing is event.conferencing
    assert len(captured) == 1


def test_a_copy_under_another_key_has_a_conference_of_its_own(alice: User) -> None:
    event = lesson(alice)
    event.save()
    first = event.conferencing
    copied = copy.copy(event)
    copied.pk, copied._state.adding = None, True
    assert copied.conferencing is None
    copied.save()
    assert copied.conferencing != first
    assert Conference.objects.count() == 2


@pytest.mark.parametrize("model", [Lesson, LessonProxy])
def test_prefetching_costs_one_query(alice: User, model: type[Lesson]) -> None:
    for _ in range(5):
        lesson(alice).save()
    Conference.objects.filter(pk=Conference.objects.first().pk).delete()  # type: ignore[union-attr]  # there are five
    with CaptureQueriesContext(connection) as captured:
        events = model.objects.order_by("pk").prefetch_related("conferencing")  # type: ignore[misc]  # the plugin knows no private fields but Django's own
        found = [event.conferencing for event in events]
    assert len(captured) == 2
    assert [conference is None for conference in found] == [True, False, False, False, False]


def test_prefetching_through_a_relation_and_with_a_queryset(alice: User) -> None:
    lesson(alice).save()
    with CaptureQueriesContext(connection) as captured:
        (person,) = User.objects.prefetch_related("lesson_set__conferencing")  # type: ignore[misc]  # the plugin knows no private fields but Django's own
        assert person.lesson_set.all()[0].conferencing.state == "pending"
    assert len(captured) == 3
    none = Prefetch("conferencing", queryset=Conference.objects.filter(state="assigned"), to_attr="assigned")
    assert Lesson.objects.prefetch_related(none)[0].assigned is None


def test_filtering_by_it_says_why_not(db: Any) -> None:
    with pytest.raises(FieldError, match="conferencing"):
        list(Lesson.objects.filter(conferencing__state="pending"))  # type: ignore[misc]  # it is what fails here, too


# Forms and full_clean ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "values", "valid"),
    [
        (["title", "starts_at", "ends_at"], {"starts_at": "2031-03-04 10:00", "ends_at": "2031-03-04 09:00"}, False),
        (["title", "starts_at", "ends_at"], {"starts_at": "2031-03-04 10:00", "ends_at": "2031-03-04 11:00"}, True),
        (["title"], {}, True),
    ],
)
def test_forms_report_what_they_let_one_edit(
    alice: User, fields: list[str], values: dict[str, str], valid: bool
) -> None:
    legacy = lesson(alice, ends_at=START - timedelta(hours=1))
    legacy.save()
    form = modelform_factory(Lesson, fields=fields)({"title": "Algebra", **values}, instance=legacy)
    assert form.is_valid() == valid
    assert set(form.errors) == (set() if valid else {"ends_at"})


def test_full_clean_reports_a_computed_time_zone(alice: User) -> None:
    with pytest.raises(ValidationError) as refused:
        Visit(visitor=alice, day=date(2031, 3, 4), hour=time(9), zone="Mars/Olympus").full_clean()
    assert refused.value.error_dict["zone"][0].code == "unknown_time_zone"


# How times and people are read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", datetime(2031, 7, 4, 7, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2031, 7, 4, 13, 0, tzinfo=UTC)),
        ("", datetime(2031, 7, 4, 9, 0, tzinfo=UTC)),
    ],
)
def test_naive_times_are_in_the_events_zone(alice: User, zone: str, expected: datetime) -> None:
    Visit.objects.create(visitor=alice, day=date(2031, 7, 4), hour=time(9), zone=zone)
    assert (only().start, only().event_cause) == (expected, "")
    assert only().tzid == (zone or "UTC")


@pytest.mark.parametrize("day", [None, date(2031, 7, 4)])
def test_no_time_or_a_date_only_is_a_cause(alice: User, day: date | None) -> None:
    Visit.objects.create(visitor=alice, day=day, hour=None, conferencing={"profile_id": "default"})
    assert (only().event_cause, only().start, only().state) == ("no_time", None, "pending")


def test_many_to_many_attendees_are_read_by_the_worker(alice: User, bob: User) -> None:
    event = PartyBooking.objects.create(host=alice, starts_at=START)
    event.guests.add(bob)
    event.save()
    marked = row(event)
    assert marked.stale
    assert attaching.read_afresh(marked)
    assert marked.attendees == [{"email": "bob@example.com"}]
    assert marked.summary == "Party"


def test_times_given_as_text_are_what_the_column_will_hold(alice: User) -> None:
    event = Lesson.objects.create(owner=alice, title="Text", starts_at="2031-03-04T10:00:00+01:00")
    written = row(event)
    Lesson.objects.get().save()
    assert (written.start, row(event).version) == (START, 1)


def test_inside_the_hosts_transaction_there_is_no_savepoint(alice: User) -> None:
    """As with ATOMIC_REQUESTS: the request's transaction is the only one."""
    event = lesson(alice)
    with CaptureQueriesContext(connection) as captured:
        event.save()
    in_one = connection.vendor == "postgresql"
    assert [query["sql"].split()[0] for query in captured] == (["INSERT"] if in_one else ["INSERT", "INSERT"])
