"""Events that did not pass through save(): sync, failing, and the command for old rows."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conferencing_app import events
from conferencing_app.models import Conference
from conferencing_app.registration import ConferencingField
from conferencing_app.services import attaching
from tests.hosts.models import Consultation, Excursion, Lesson, LessonProxy, Room, RoomBooking, Webinar
from tests.hosts.wanted import START, lesson, row, settle


@pytest.fixture
def old(alice: User) -> list[Lesson]:
    """Lessons that were there before the field, and so have no conference."""
    return Lesson.objects.bulk_create([lesson(alice, title=f"Old {number}") for number in range(5)])


def test_bulk_created_events_get_conferences(old: list[Lesson]) -> None:
    assert Conference.objects.count() == 0
    assert events.sync(Lesson.objects.all()) == events.Synced(seen=5, created=5, updated=0)
    assert {(c.summary, c.state, c.version) for c in Conference.objects.all()} == {
        (f"Old {number}", "pending", 1) for number in range(5)
    }
    assert Conference.objects.filter(due_at=None).count() == 0


def test_what_is_up_to_date_costs_no_write(old: list[Lesson]) -> None:
    old[0].save()
    events.sync(Lesson.objects.all())
    with CaptureQueriesContext(connection) as captured:
        assert events.sync(Lesson.objects.all()) == events.Synced(seen=5)
    written = [query["sql"] for query in captured if query["sql"].split()[0] in ("INSERT", "UPDATE")]
    assert written == []


def test_updated_rows_are_brought_up_to_date_and_wake_the_worker(old: list[Lesson]) -> None:
    events.sync(Lesson.objects.all())
    for event in old:
        settle(event)
    Lesson.objects.filter(pk__in=[old[0].pk, old[1].pk]).update(starts_at=START - timedelta(hours=2))
    assert events.sync(Lesson.objects.order_by("-title")[:4]) == events.Synced(seen=4, updated=1)
    assert events.sync(Lesson.objects.all()) == events.Synced(seen=5, updated=1)
    moved = row(old[0])
    assert (moved.start, moved.version, moved.attempts) == (START - timedelta(hours=2), 2, 0)
    assert moved.due_at is not None
    assert (moved.state, moved.join_url) == ("assigned", "https://zoom.example/j/1")
    assert row(old[2]).due_at is None


def test_cancelled_by_update(old: list[Lesson]) -> None:
    events.sync(Lesson.objects.all())
    settle(old[0])
    Lesson.objects.filter(pk=old[0].pk).update(cancelled=True)
    events.sync(Lesson.objects.filter(pk=old[0].pk))
    assert (row(old[0]).state, row(old[0]).cause_code, row(old[0]).join_url) == ("not_made", "cancelled", "")
    Lesson.objects.filter(pk=old[0].pk).update(cancelled=False)
    events.sync(Lesson.objects.filter(pk=old[0].pk))
    assert (row(old[0]).state, row(old[0]).cause_code, row(old[0]).cause_since) == ("pending", "", None)


def test_a_stale_row_is_read(old: list[Lesson]) -> None:
    old[0].save()
    old[0].save(update_fields=["title"])
    assert events.sync(Lesson.objects.filter(pk=old[0].pk)).updated == 1
    assert not row(old[0]).stale


def test_an_event_made_anew_in_bulk_starts_anew(alice: User, old: list[Lesson]) -> None:
    events.sync(Lesson.objects.all())
    key = old[0].pk
    old[0].delete()
    (again,) = Lesson.objects.bulk_create([lesson(alice, pk=key)])
    assert events.sync(Lesson.objects.filter(pk=key)).updated == 1
    assert (row(again).event_deleted, row(again).state) == (False, "pending")


def test_a_save_that_comes_between_wins(old: list[Lesson]) -> None:
    events.sync(Lesson.objects.all())
    field, event = Lesson.conferencing, Lesson.objects.get(pk=old[0].pk)
    read_before = Lesson.objects.get(pk=event.pk)
    read_before.title = "As it was read, before the save"

    def load() -> list[Lesson]:
        event.title = "Saved meanwhile"
        event.save()
        return [read_before]

    assert attaching.write_batch(field, [str(event.pk)], load) == (0, 0)
    assert row(event).summary == "Saved meanwhile"


@pytest.mark.parametrize("model", [LessonProxy, Excursion])
def test_proxies_and_children(alice: User, model: Any) -> None:
    event = Excursion(owner=alice, title="Museum", starts_at=START)
    event.save()
    Conference.objects.all().delete()
    assert events.sync(model.objects.all()) == events.Synced(seen=1, created=1)
    assert Conference.objects.get().event_model == "hosts.lesson"


def test_without_attach_only_what_is_there_is_brought_up_to_date(alice: User) -> None:
    asked = Consultation.objects.create(
        adviser=alice, topic="Taxes", starts_at=START, conferencing={"profile_id": "default"}
    )
    Consultation.objects.bulk_create([Consultation(adviser=alice, topic="Loans", starts_at=START)])
    Consultation.objects.update(topic="Savings")
    assert events.sync(Consultation.objects.all()) == events.Synced(seen=2, updated=1)
    assert row(asked).summary == "About Savings"
    assert Conference.objects.count() == 1


def test_relations_on_the_way_are_loaded_at_once(alice: User) -> None:
    RoomBooking.objects.bulk_create(
        RoomBooking(room=Room.objects.create(name=f"Room {n}", owner=alice), title="Talk", starts_at=START)
        for n in range(5)
    )
    with CaptureQueriesContext(connection) as captured:
        assert events.sync(RoomBooking.objects.all()).created == 5
    assert len([query for query in captured if query["sql"].startswith("SELECT")]) == 3
    assert set(Conference.objects.values_list("owner_id", flat=True)) == {alice.pk}


def test_several_batches(old: list[Lesson], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BATCH", 2)
    assert events.sync(Lesson.objects.all()) == events.Synced(seen=5, created=5)


def test_a_model_without_the_field_is_refused(db: Any) -> None:
    with pytest.raises(TypeError, match=r"auth\.User has no ConferencingField"):
        events.sync(User.objects.all())
    with pytest.raises(TypeError, match=r"auth\.User has no ConferencingField"):
        events.failing(User.objects.all())


def test_failing_finds_what_needs_someone(old: list[Lesson], alice: User) -> None:
    events.sync(Lesson.objects.all())
    settle(old[1], state="failing", cause_code="nothing_linked")
    settle(old[3], state="failing", cause_code="outage")
    assert set(events.failing(Lesson.objects.all())) == {old[1], old[3]}
    assert set(events.failing(Lesson.objects.filter(title="Old 3"))) == {old[3]}
    webinar = Webinar.objects.create(host=alice, name="Launch", when=START)
    assert list(events.failing(Webinar.objects.all())) == []
    settle(webinar, state="failing")
    assert list(events.failing(Webinar.objects.all())) == [webinar]
    old[1].delete()
    assert set(events.failing(Lesson.objects.all())) == {old[3]}


# The command ---------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*args: str, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    call_command("conferencing_backfill", *args, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_covers_the_table_in_batches(old: list[Lesson]) -> None:
    said = run("hosts.Lesson", "--batch-size=2")
    assert "hosts.Lesson: 2/5, up to primary key" in said
    assert "hosts.Lesson: 5 events, 5 conferences created, 0 brought up to date." in said
    assert "0 conferences created, 0 brought up to date" in run("hosts.Lesson")
    assert Conference.objects.count() == 5


def test_the_command_names_the_databases_there_are(old: list[Lesson]) -> None:
    with pytest.raises(CommandError, match="--database must be one of: default"):
        run("hosts.Lesson", "--database=nowhere")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
@pytest.mark.parametrize("option", ["conferencing_worker --poll-seconds", "conferencing_drain --limit-seconds"])
def test_no_command_looks_without_a_pause_nor_for_no_time(option: str, seconds: str) -> None:
    with pytest.raises(CommandError, match="must be above 0"):
        call_command(*f"{option}={seconds}".split())


def test_the_command_draws_a_bar_on_a_terminal(old: list[Lesson]) -> None:
    said = run("hosts.Lesson", out=Terminal())
    assert "\rhosts.Lesson [##############################] 100% 5/5\n" in said


def test_the_command_goes_on_where_it_stopped(old: list[Lesson], monkeypatch: pytest.MonkeyPatch) -> None:
    honest, calls = events.sync_batch, []

    def stops_in_the_second_batch(field: ConferencingField, keys: Any, using: str) -> events.Synced:
        calls.append(keys)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return honest(field, keys, using)

    monkeypatch.setattr(events, "sync_batch", stops_in_the_second_batch)
    said = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        call_command("conferencing_backfill", "hosts.Lesson", "--batch-size=2", stdout=io.StringIO(), stderr=said)
    assert f"conferencing_backfill hosts.Lesson --from-pk {old[1].pk}" in said.getvalue()
    monkeypatch.undo()
    assert "3 events, 3 conferences created" in run("hosts.Lesson", f"--from-pk={old[1].pk}")
    assert Conference.objects.count() == 5


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["auth.User"], "auth.User has no ConferencingField. Models that have one: hosts.Lesson"),
        (["nonsense"], "nonsense has no ConferencingField"),
        (["hosts.Lesson", "hosts.Webinar", "--from-pk=1"], "--from-pk goes with one model only"),
        (["hosts.Lesson", "--from-pk=x"], "--from-pk"),
        (["hosts.Lesson", "--batch-size=0"], "--batch-size must be at least 1"),
    ],
)
def test_the_command_says_what_is_wrong(db: Any, args: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says.replace(".", r"\.")):
        run(*args)
