"""What nobody has done anything about: reminders, the warning before an event's start, the administrators' digest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Mail, Tally
from conferencing_app.provisioning import draining
from conferencing_app.services import profiles, reminding
from conferencing_app.services.workers import Program
from conferencing_app.testing import drain
from tests.integration.pages.rows import make_conference, make_profile, make_user

from .conftest import Letter, Scene, read_mails
from .test_journey import heading
from .test_relinking import path_in, save_lesson

pytestmark = pytest.mark.django_db
ACCOUNT = "alice.zoom@example.com"
REMINDER = "Reminder: link your Zoom account on testserver again"
WARNING = "“Scales” starts soon and has no conference link"
DIGEST = "Events on testserver wait for an administrator"
FAILING = {"state": "failing", "cause_code": "nothing_linked"}


def subjects(letters: list[Letter]) -> list[str]:
    return [letter.subject for letter in letters]


@pytest.fixture
def lost(scene: Scene, link_profile: Any) -> ConferencingProfile:
    """Alice's account, whose grant is dead; an event far ahead waits for it."""
    profile: ConferencingProfile = link_profile(scene.alice)
    scene.sandbox.revoke_grants(ACCOUNT)
    save_lesson(scene.alice, days=60)
    assert len(read_mails()) == 2, "that it was linked, and that it is lost"
    profile.refresh_from_db()
    return profile


def reminders() -> Iterator[tuple[float, list[str]]]:
    """What is sent when workers look at these moments after the account was lost."""
    for days in (2.9, 3.1, 3.2, 6.9, 7.1, 7.2, 30):
        with clock.travel(timedelta(days=days)):
            letters = read_mails()
            assert all("1 event that lies ahead waits for it" in letter.text for letter in letters)
            yield days, subjects(letters)


# Reminders -----------------------------------------------------------------------------------------------------------


def test_a_person_is_reminded_after_three_and_after_seven_days(lost: ConferencingProfile) -> None:
    assert {days: told for days, told in reminders() if told} == {3.1: [REMINDER], 7.1: [REMINDER]}


def test_a_worker_that_was_away_for_a_week_reminds_once(lost: ConferencingProfile) -> None:
    with clock.travel(timedelta(days=10)):
        assert subjects(read_mails()) == [REMINDER]
        assert read_mails() == []


def test_nobody_is_reminded_while_no_event_waits(lost: ConferencingProfile) -> None:
    Conference.objects.update(start=clock.now(-timedelta(hours=1)))
    assert not any(told for _, told in reminders())


def test_nobody_is_reminded_after_unlinking(lost: ConferencingProfile) -> None:
    profiles.unlink(lost, remove_meetings=False)
    read_mails()
    assert not any(told for _, told in reminders())


def test_nobody_is_reminded_after_linking_again(lost: ConferencingProfile, link_profile: Any) -> None:
    link_profile(lost.user)
    read_mails()
    assert not any(told for _, told in reminders())
    lost.refresh_from_db()
    assert lost.remind_at is None


def test_a_reminder_carries_its_own_proof(scene: Scene, lost: ConferencingProfile) -> None:
    with clock.travel(timedelta(days=3, hours=1)):
        (letter,) = read_mails()
        window = scene.window()
        back = window.arrive(window.consent(window.press(path_in(letter)))).headers["Location"]
        assert heading(window.open(back)) == "Already connected"


# Before an event starts ----------------------------------------------------------------------------------------------


def test_the_owner_of_an_event_without_a_link_is_told_a_day_before_once(scene: Scene) -> None:
    save_lesson(scene.alice, hours=48)
    told = {}
    for hours in (0, 23, 25, 26, 47, 49):
        with clock.travel(timedelta(hours=hours)):
            told[hours] = read_mails()
    assert {hours: subjects(letters) for hours, letters in told.items() if letters} == {25: [WARNING]}
    (letter,) = told[25]
    conference = Conference.objects.get()
    for part in (letter.text, letter.html):
        for text in (
            "No conferencing account is linked.",
            "See what can be done",
            f"http://testserver/conferencing/conferences/{conference.public_id}/",
            conference.public_id,
            "(UTC)",
        ):
            assert text in part
    assert letter.to == "alice@example.com"


def test_an_event_that_is_moved_to_a_later_day_is_told_of_once_more(scene: Scene) -> None:
    lesson: Any = save_lesson(scene.alice, hours=3)
    told = {}
    for day, moved_by in ((0, 3), (1, 0), (2.5, 0), (2.6, 0), (2.7, 1 / 24)):
        with clock.travel(timedelta(days=day)):
            drain()
            with clock.travel(timedelta(days=day, minutes=6)):
                told[day] = len(read_mails())
            lesson.starts_at += timedelta(days=moved_by)
            lesson.ends_at += timedelta(days=moved_by)
            lesson.save()
    with clock.travel(timedelta(days=2.8)):
        told[2.8] = len(read_mails())
    assert told == {0: 1, 1: 0, 2.5: 1, 2.6: 0, 2.7: 0, 2.8: 0}


def test_a_long_title_is_shortened_in_the_subject_alone(scene: Scene) -> None:
    save_lesson(scene.alice, hours=12)
    title = "Scales " * 1000
    Conference.objects.update(summary=title)
    read_mails()
    with clock.travel(timedelta(minutes=6)):
        (letter,) = read_mails()
    assert len(letter.subject) < 200
    assert title in letter.text


def test_how_long_before_is_a_setting(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_WARN_SECONDS = 3600
    save_lesson(scene.alice, hours=3)
    drain()
    with clock.travel(timedelta(hours=1.9)):
        assert read_mails() == []
    with clock.travel(timedelta(hours=2.1)):
        assert subjects(read_mails()) == [WARNING]


def test_what_fails_for_a_moment_is_worth_no_mail(scene: Scene, link_profile: Any) -> None:
    save_lesson(scene.alice, hours=3)
    drain()
    with clock.travel(timedelta(minutes=4)):
        assert read_mails() == []
        link_profile(scene.alice)
        read_mails()
    with clock.travel(timedelta(minutes=10)):
        assert read_mails() == [], "it has its link"


def test_an_event_that_no_worker_gets_to_is_told_of_as_well(scene: Scene) -> None:
    """Its row is in other hands, and nothing comes of it."""
    now = clock.read("default")
    held = {"state": "pending", "lease_until": now + timedelta(days=1), "start": now + timedelta(hours=3)}
    make_conference(scene.alice, **held, due_at=now - timedelta(minutes=4), summary="Scales")
    make_conference(scene.alice, **held, due_at=now + timedelta(minutes=30), summary="Later")
    assert read_mails() == []
    with clock.travel(timedelta(minutes=2)):
        (letter,) = read_mails()
        assert letter.subject == "“Scales” starts soon and has no conference link"
        for part in (letter.text, letter.html):
            assert "It is being made, and that takes too long." in part
        assert read_mails() == [], "once"


def test_what_a_run_makes_after_a_long_pause_is_not_told_of(scene: Scene, link_profile: Any) -> None:
    link_profile(scene.alice)
    save_lesson(scene.alice, hours=3)
    with clock.travel(timedelta(minutes=10)):
        drain()
    assert Conference.objects.get().state == "assigned"
    assert not Mail.objects.filter(kind="event_without_link").exists()


def test_each_event_is_told_of_by_itself_and_where_linking_again_helps_the_mail_proves_who_reads_it(
    scene: Scene, lost: ConferencingProfile
) -> None:
    for hours in (2, 3):
        save_lesson(scene.alice, hours=hours)
    drain()
    with clock.travel(timedelta(minutes=6)):
        first, second = read_mails()
        assert {first.subject, second.subject} == {WARNING}
        assert path_in(first) != path_in(second)
        window = scene.window()
        back = window.arrive(window.consent(window.press(path_in(second)))).headers["Location"]
        assert heading(window.open(back)) == "Already connected"
        drain()
    assert set(Conference.objects.values_list("state", flat=True)) == {"assigned"}


def test_nothing_is_sent_once_the_event_has_its_link(scene: Scene, link_profile: Any) -> None:
    save_lesson(scene.alice, hours=3)
    drain()
    with clock.travel(timedelta(minutes=6)):
        reminding.look()
        link_profile(scene.alice)
        assert subjects(read_mails()) == ["A Zoom account is linked to you on testserver"]
    letter = Mail.objects.get(kind="event_without_link")
    assert (letter.state, letter.subject) == ("moot", Conference.objects.get().public_id)


def test_the_mail_is_in_the_events_language(scene: Scene) -> None:
    owner = scene.alice
    since = clock.read("default") - timedelta(hours=1)
    for locale in ("de-AT", "tlh", ""):
        make_conference(owner, **FAILING, cause_since=since, locale=locale, summary=locale or "none")
    assert sorted(subjects(read_mails())) == [
        "“none” starts soon and has no conference link",
        "“tlh” starts soon and has no conference link",
        "„de-AT“ beginnt bald und hat keinen Konferenzlink",
    ]


# The administrators --------------------------------------------------------------------------------------------------


def wait_for_an_admin(code: str, count: int, lane: ConferencingProfile | None = None) -> None:
    since = clock.read("default") - timedelta(hours=1)
    later = clock.read("default") + timedelta(days=30)
    for _ in range(count):
        make_conference(lane and lane.user, state="failing", cause_code=code, cause_since=since, lane=lane, start=later)


def test_administrators_get_one_digest_a_day(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_ADMINS = ["ops@example.com", "sam@example.com"]
    wait_for_an_admin("refused", 2, make_profile(scene.alice))
    wait_for_an_admin("key_unavailable", 1)
    wait_for_an_admin("outage", 1)
    told = {}
    for hours in (0, 1, 23.9, 24.1, 25):
        with clock.travel(timedelta(hours=hours)):
            told[hours] = read_mails()
    assert {hours: subjects(letters) for hours, letters in told.items() if letters} == {0: [DIGEST], 24.1: [DIGEST]}
    (letter,) = told[0]
    for text in (
        "Zoom refuses to make the meeting",
        "2 events, since",
        "1 event, since",
        "http://testserver/admin/conferencing_app/conference/?state=failing&cause_code=refused",
    ):
        assert text in letter.text
    assert "does not answer" not in letter.text, "that is the provider's"
    assert letter.text.count("http://") == 2


def test_there_is_no_digest_of_nothing_nor_for_nobody(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_ADMINS = ["ops@example.com"]
    assert read_mails() == []
    wait_for_an_admin("refused", 1)
    settings.CONFERENCING_ADMINS = []
    assert read_mails() == []
    assert Mail.objects.count() == 0
    settings.CONFERENCING_ADMINS = ["ops@example.com"]
    assert subjects(read_mails()) == [DIGEST]


# The looks -----------------------------------------------------------------------------------------------------------


def test_a_look_costs_the_same_however_much_it_finds(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_ADMINS = ["ops@example.com"]
    costs = []
    for count in (1, 30):
        due_for_everything(count)
        with CaptureQueriesContext(connection) as queries:
            reminding.look()
        costs.append(len(queries))
        Mail.objects.all().delete()
        Tally.objects.all().delete()
    assert costs[0] == costs[1], costs


def due_for_everything(count: int) -> None:
    before = clock.read("default") - timedelta(days=4)
    for number in range(count):
        owner = make_user(f"owner{count}.{number}")
        profile = make_profile(owner, state="disconnected", cause="credentials_expired")
        ConferencingProfile.objects.filter(pk=profile.pk).update(disconnected_at=before, remind_at=before)
        make_conference(owner, state="failing", cause_code="refused", cause_since=before, lane=profile)


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_once_write_each_mail_once(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_ADMINS = ["ops@example.com"]
    due_for_everything(20)
    barrier = threading.Barrier(4)

    def look() -> None:
        barrier.wait()
        try:
            reminding.look()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = list(Mail.objects.values_list("kind", flat=True))
    counts = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    assert counts == {"admin_digest": 1, "event_without_link": 20, "profile_disconnected": 20}


def test_each_worker_looks_once_in_a_while_by_itself(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "_process", draining._Process())
    looked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            draining.sweep(Program.WORKER)
        looked.append(sum("warned_at" in query["sql"] for query in queries.captured_queries) > 0)
    assert looked == [True, False]
