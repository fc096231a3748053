"""What a site hears of its events: each outcome once, and nothing where nothing became of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock
from conferencing_app.models import Conference, Grant, Meeting, Notification, NotificationDelivery
from conferencing_app.notifications import announcing
from conferencing_app.services import profiles
from conferencing_app.services.history import history
from conferencing_app.testing import Told, drain
from tests.hosts.models import Consultation, Excursion, Lesson, LessonProxy
from tests.hosts.wanted import lesson, row

pytestmark = pytest.mark.django_db(transaction=True)

LINK = "https://meet.example.com/42"
EXPLICIT = {"profile_id": "explicit", "join_url": LINK, "provider_description": "Ours"}


def heard(told: list[Told]) -> list[tuple[str, str, int]]:
    """What was heard of events, in order."""
    return [(each.type, each.cause, each.sequence) for each in told if each.conferencing]


def test_a_conference_that_is_made_is_told_once_with_all_that_a_receiver_needs(
    conferencing_sandbox, link_profile, alice, save_lesson, conferencing_notifications
) -> None:
    link_profile(alice)
    saved = save_lesson(alice)
    drain()
    (told,) = [each for each in conferencing_notifications if each.event]
    (meeting,) = conferencing_sandbox.live_meetings()
    assert (told.type, told.sender, told.event) == ("conferencing_assigned", Lesson, saved)
    assert told.conference == saved.conferencing
    assert told.conferencing == {"provider_name": "zoom", "join_url": meeting["join_url"]}
    assert (told.cause, told.subtype, told.sequence) == ("", None, 1)
    assert told.notification_id == Notification.objects.get(type="conferencing_assigned").public_id
    with clock.travel(timedelta(minutes=5)):
        drain()
    assert len(heard(conferencing_notifications)) == 1


def test_a_save_that_changes_nothing_and_an_edit_that_keeps_the_link_are_no_news(
    conferencing_sandbox, link_profile, alice, save_lesson, conferencing_notifications
) -> None:
    link_profile(alice)
    saved = save_lesson(alice)
    drain()
    saved.save()
    drain()
    saved.title = "Arpeggios"
    saved.save()
    drain()
    assert [meeting["topic"] for meeting in conferencing_sandbox.live_meetings()] == ["Arpeggios"]
    assert heard(conferencing_notifications) == [("conferencing_assigned", "", 1)]


def test_the_history_names_the_provider_of_what_was_told(
    conferencing_sandbox, link_profile, alice, save_lesson
) -> None:
    link_profile(alice)
    save_lesson(alice)
    conferencing_sandbox.add_fault("create", "status", status=503)
    drain()
    told = [entry for entry in history(Conference.objects.get()).entries if entry.words.startswith("Announced")]
    assert [entry.detail.split(" at the moment")[0] for entry in told] == ["Zoom does not answer properly"]


def test_a_failure_is_told_when_its_cause_changes_and_not_on_each_retry(
    conferencing_sandbox, link_profile, alice, save_lesson, conferencing_notifications
) -> None:
    link_profile(alice)
    save_lesson(alice)
    conferencing_sandbox.add_fault("create", "status", status=503)
    for minutes in (0, 10, 20, 30):
        with clock.travel(timedelta(minutes=minutes)):
            drain()
    assert len(conferencing_sandbox.requests("create")) == 4
    assert heard(conferencing_notifications) == [("conferencing_failing", "outage", 1)]
    conferencing_sandbox.clear_faults()
    conferencing_sandbox.add_fault("create", "status", status=400, body={"code": 3161, "message": "Off."}, times=1)
    with clock.travel(timedelta(minutes=40)):
        drain()
        Conference.objects.wake()
        drain()
    assert heard(conferencing_notifications)[1:] == [
        ("conferencing_failing", "refused", 2),
        ("conferencing_assigned", "", 3),
    ]
    assert [each.conferencing for each in conferencing_notifications if each.cause == "refused"] == [
        {"pending": True, "cause": "refused"}
    ]


def test_a_missing_profile_has_the_subtype_of_the_wire_and_nothing_linked_has_none(
    conferencing_sandbox, link_profile, alice, bob, save_lesson, conferencing_notifications
) -> None:
    profile = link_profile(alice)
    save_lesson(alice, conferencing={"profile_id": profile.public_id})
    save_lesson(bob)
    profiles.unlink(profile, remove_meetings=True)
    drain()
    assert {(each.event.owner, each.cause, each.subtype) for each in conferencing_notifications if each.event} == {
        (alice, "profile_missing", "profile_missing"),
        (bob, "nothing_linked", None),
    }


def test_an_explicit_link_is_told_and_so_is_another_one(alice, save_lesson, conferencing_notifications) -> None:
    saved = save_lesson(alice, conferencing=EXPLICIT)
    drain()
    saved.conferencing = {**EXPLICIT, "join_url": f"{LINK}/b"}
    saved.save()
    drain()
    assert [each.conferencing["join_url"] for each in conferencing_notifications] == [LINK, f"{LINK}/b"]
    assert conferencing_notifications[1].conferencing["provider_description"] == "Ours"


def test_what_was_removed_is_told_when_it_comes_back(alice, save_lesson, conferencing_notifications) -> None:
    saved = save_lesson(alice, conferencing=EXPLICIT)
    drain()
    for cancelled in (True, False):
        saved.cancelled = cancelled
        saved.save()
        drain()
    assert heard(conferencing_notifications) == [("conferencing_assigned", "", 1), ("conferencing_assigned", "", 2)]


def test_an_event_that_is_over_is_not_told(alice, conferencing_notifications) -> None:
    past = clock.read("default") - timedelta(days=1)
    over = lesson(alice, starts_at=past, ends_at=past + timedelta(hours=1))
    over.save()
    drain()
    assert row(over).cause_code == "past"
    assert conferencing_notifications == []


def test_an_event_that_is_gone_by_then_is_none(alice, save_lesson, conferencing_notifications) -> None:
    saved = save_lesson(alice)
    conference = row(saved)
    conference.state, conference.cause_code = Conference.State.FAILING, "nothing_linked"
    announcing.announce_conferences([conference], clock.read("default"), "default")
    Lesson.objects.all().delete()
    Conference.objects.all().delete()
    drain()
    (told,) = conferencing_notifications
    assert (told.sender, told.event, told.conference) == (Lesson, None, None)
    assert told.conferencing == {"pending": True, "cause": "nothing_linked"}


def test_an_event_whose_model_is_gone_has_no_sender(conferencing_notifications) -> None:
    conference = Conference(event_model="gone.lesson", event_key="1", state="failing", cause_code="internal")
    announcing.announce_conferences([conference], clock.read("default"), "default")
    drain()
    assert [(each.sender, each.event) for each in conferencing_notifications] == [(None, None)]


@pytest.mark.parametrize("model", [LessonProxy, Excursion])
def test_the_sender_is_the_model_that_declares_the_field(alice, model, conferencing_notifications) -> None:
    saved = model.objects.create(owner=alice, title="Scales")
    drain()
    (told,) = conferencing_notifications
    assert (told.sender, told.event.pk, told.cause) == (Lesson, saved.pk, "no_time")


def test_what_the_sites_own_function_raises_is_told(alice, monkeypatch, conferencing_notifications) -> None:
    """The handler itself fails, and its row is put off by another way than the usual one."""

    def summary(event: Any) -> str:
        raise ValueError("the site's own mistake")

    saved = Consultation(adviser=alice, topic="Fees", starts_at=clock.read("default") + timedelta(days=1))
    saved.conferencing = {"profile_id": "default"}
    saved.save()
    saved.save(update_fields=["topic"])
    monkeypatch.setitem(type(saved).conferencing.sources, "summary", summary)
    drain()
    assert row(saved).cause_code == "internal"
    assert heard(conferencing_notifications) == [("conferencing_failing", "internal", 1)]


def test_many_are_announced_by_one_statement_and_no_news_by_none(alice) -> None:
    now = clock.read("default")
    conferences = [Conference(event_model="hosts.lesson", state="failing", cause_code="outage") for _ in range(50)]
    with CaptureQueriesContext(connection) as queries:
        announcing.announce_conferences(conferences, now, "default")
    assert [query["sql"].split()[0] for query in queries if "INTO" in query["sql"]] == ["INSERT"]
    with CaptureQueriesContext(connection) as queries:
        announcing.announce_conferences(conferences, now, "default")
    assert len(queries) == 0
    assert Notification.objects.count() == 50


def test_where_nobody_listens_a_worker_leaves_the_history_and_makes_no_deliveries(
    conferencing_sandbox, link_profile, alice, save_lesson
) -> None:
    link_profile(alice)
    for number in range(3):
        save_lesson(alice, f"Lesson {number}")
    drain()
    assert Notification.objects.filter(type="conferencing_assigned", due_at=None).count() == 3
    assert not NotificationDelivery.objects.exists()


def test_where_nobody_listens_what_is_announced_is_not_looked_at_again(alice) -> None:
    conference = Conference(event_model="hosts.lesson", state="failing", cause_code="outage")
    announcing.announce_conferences([conference], clock.read("default"), "default")
    assert Notification.objects.get().due_at is None


def test_no_link_of_the_hosts_own_and_no_token_is_kept(
    conferencing_sandbox, link_profile, alice, save_lesson, conferencing_notifications
) -> None:
    link_profile(alice)
    save_lesson(alice)
    drain()
    kept = json.dumps([*Notification.objects.values(), *NotificationDelivery.objects.values()], default=str)
    meeting, grant = Meeting.objects.get(), Grant.objects.get()
    assert meeting.join_url in kept
    sealed: list[tuple[Any, str]] = [(meeting, "host_url"), (grant, "access_token"), (grant, "refresh_token")]
    secrets = [getattr(holder, name).open(holder.place(name)) for holder, name in sealed]
    assert [len(secret) > 20 for secret in secrets] == [True] * 3
    assert [secret for secret in [*secrets, "alice.zoom@example.com"] if secret in kept] == []
