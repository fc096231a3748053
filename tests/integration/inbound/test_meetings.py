"""What hosts do to their meetings at Zoom: heard over HTTP, looked at, and put right, or left as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.provisioning.reconcile import Conferences
from conferencing_app.services import retrying
from conferencing_app.services.explain import explain
from conferencing_app.testing import Told, drain
from tests.hosts.models import Lesson
from tests.integration.inbound.conftest import deletion, post, stored
from tests.unit.provisioning.working import begin, finish

pytestmark = pytest.mark.django_db(transaction=True)

A_MINUTE = timedelta(seconds=60)


@pytest.fixture
def made(listening: Any, lesson: Lesson) -> Lesson:
    drain()
    assert stored(lesson).state == "assigned"
    return lesson


def delete_by_hand(sandbox: Any) -> None:
    (meeting,) = sandbox.live_meetings()
    sandbox.delete_meeting(meeting["id"])
    heard(sandbox, "meeting.deleted")


def edit_by_hand(sandbox: Any, **fields: Any) -> None:
    (meeting,) = sandbox.live_meetings()
    sandbox.edit_meeting(meeting["id"], **fields)
    heard(sandbox, "meeting.updated")


def heard(sandbox: Any, event: str) -> None:
    """The site has taken the newest message, and it was this one."""
    newest = sandbox.delivered()[-1]
    assert newest["body"]["event"] == event
    assert [delivery["status"] for delivery in newest["deliveries"]] == [200]


def calls(sandbox: Any, operation: str) -> int:
    return len(sandbox.requests(operation))


def link(sandbox: Any) -> str:
    (meeting,) = sandbox.live_meetings()
    return str(meeting["join_url"])


def deleted_twice(sandbox: Any, lesson: Lesson) -> None:
    delete_by_hand(sandbox)
    with clock.travel(A_MINUTE):
        drain()
        delete_by_hand(sandbox)
    with clock.travel(2 * A_MINUTE):
        drain()


def test_the_site_proves_that_the_address_is_its_own(listening: Any, transactional_db: None) -> None:
    assert listening.validate_webhook("sandbox-client")


def test_a_deleted_meeting_is_looked_at_again_after_a_minute_and_made_again(listening: Any, made: Lesson) -> None:
    before = stored(made).join_url
    delete_by_hand(listening)
    drain()
    assert (stored(made).join_url, calls(listening, "get")) == (before, 0), "not on one word"
    with clock.travel(A_MINUTE - timedelta(seconds=2)):
        drain()
        assert calls(listening, "get") == 0
    with clock.travel(A_MINUTE):
        drain()
    assert (calls(listening, "get"), calls(listening, "create")) == (1, 2)
    assert stored(made).join_url == link(listening) != before
    assert (stored(made).state, stored(made).cause) == ("assigned", None)


def test_a_deletion_that_is_not_so_changes_nothing(listening: Any, made: Lesson) -> None:
    before = stored(made).join_url
    assert post(deletion(listening.live_meetings()[0]["id"])).status_code == 200
    with clock.travel(A_MINUTE):
        drain()
    assert (stored(made).join_url, calls(listening, "get"), calls(listening, "create")) == (before, 1, 1)
    assert (Meeting.objects.get().missing_since, Conference.objects.get().due_at) == (None, None)


def test_during_an_outage_the_second_look_waits(listening: Any, made: Lesson) -> None:
    before = stored(made).join_url
    delete_by_hand(listening)
    listening.add_fault("get", "status", status=503)
    with clock.travel(A_MINUTE):
        drain()
    assert (stored(made).join_url, calls(listening, "create")) == (before, 1)
    listening.clear_faults()
    with clock.travel(timedelta(minutes=10)):
        drain()
    assert stored(made).join_url == link(listening) != before


def test_deleted_again_it_is_left_to_its_owner(listening: Any, made: Lesson) -> None:
    deleted_twice(listening, made)
    with clock.travel(timedelta(hours=12)):
        drain()
    assert calls(listening, "create") == 2
    assert listening.live_meetings() == []
    conference = stored(made)
    assert (conference.state, conference.cause_code, conference.join_url) == ("failing", "deleted_by_host", "")
    explanation = explain(conference)
    assert explanation is not None
    assert explanation.sentence.startswith("The meeting was deleted at Zoom by its host")
    assert (explanation.actor, explanation.try_label, explanation.can_try_now) == ("user", "Make it again", True)
    assert not explanation.retrying
    assert not explanation.trying_now


def test_each_of_it_is_announced(listening: Any, lesson: Lesson, conferencing_notifications: list[Told]) -> None:
    drain()
    edit_by_hand(listening, password="newpass1")
    drain()
    deleted_twice(listening, lesson)
    told = [each for each in conferencing_notifications if each.type.startswith(("conferencing_a", "conferencing_f"))]
    assert [each.type.removeprefix("conferencing_") for each in told] == ["assigned", "assigned", "assigned", "failing"]
    assert told[-1].cause == "deleted_by_host"


def test_an_edit_of_the_event_alone_does_not_bring_it_back(listening: Any, made: Lesson) -> None:
    deleted_twice(listening, made)
    made.title = "Arpeggios"
    made.save()
    with clock.travel(2 * A_MINUTE):
        drain()
    assert (stored(made).cause_code, calls(listening, "create")) == ("deleted_by_host", 2)


def test_the_owner_has_it_made_again_and_it_counts_anew(listening: Any, made: Lesson) -> None:
    deleted_twice(listening, made)
    with clock.travel(2 * A_MINUTE):
        assert retrying.try_now(Conference.objects.all()).count() == 1
        drain()
        assert (stored(made).state, stored(made).join_url) == ("assigned", link(listening))
        delete_by_hand(listening)
    with clock.travel(4 * A_MINUTE):
        drain()
    assert (stored(made).state, stored(made).join_url) == ("assigned", link(listening))


@pytest.mark.parametrize("ask_again", ["another request", "cancelled and turned back"])
def test_an_event_that_asks_again_gets_one_again(listening: Any, made: Lesson, ask_again: str) -> None:
    deleted_twice(listening, made)
    if ask_again == "another request":
        made.conferencing = {"profile_id": ConferencingProfile.objects.get().public_id}
        made.save()
    else:
        made.cancelled = True
        made.save()
        made.cancelled = False
        made.save()
    with clock.travel(2 * A_MINUTE):
        drain()
    assert (stored(made).state, stored(made).join_url) == ("assigned", link(listening))


def test_a_meeting_that_is_deleted_and_no_longer_wanted_is_not_made_again(listening: Any, made: Lesson) -> None:
    delete_by_hand(listening)
    made.cancelled = True
    made.save()
    with clock.travel(A_MINUTE):
        drain()
    assert (stored(made).state, calls(listening, "create"), calls(listening, "get")) == ("not_made", 1, 0)


def test_a_meeting_deleted_after_its_event_is_nobodys_concern(listening: Any, made: Lesson) -> None:
    before = stored(made).join_url
    delete_by_hand(listening)
    with clock.travel(timedelta(days=3)):
        drain()
    assert (stored(made).join_url, calls(listening, "get"), calls(listening, "create")) == (before, 0, 1)


def test_a_new_passcode_is_shown_with_its_new_link(listening: Any, made: Lesson) -> None:
    before = stored(made)
    edit_by_hand(listening, password="newpass1")
    drain()
    after = stored(made)
    assert (after.passcode, after.join_url) == ("newpass1", link(listening))
    assert (before.passcode, before.join_url) != (after.passcode, after.join_url)
    assert (calls(listening, "get"), calls(listening, "update")) == (1, 0)


def test_other_edits_by_hand_stay_as_they_are_and_cost_no_call(listening: Any, made: Lesson) -> None:
    edit_by_hand(listening, topic="By hand", duration=25, agenda="Bring tea.")
    drain()
    (meeting,) = listening.live_meetings()
    assert (meeting["topic"], meeting["duration"]) == ("By hand", 25)
    assert (calls(listening, "get"), calls(listening, "update")) == (0, 0)
    assert stored(made).state == "assigned"


def test_our_own_update_coming_back_costs_no_call(listening: Any, made: Lesson) -> None:
    made.title = "Arpeggios"
    made.save()
    drain()
    heard(listening, "meeting.updated")
    asked = len(listening.requests())
    drain()
    assert len(listening.requests()) == asked
    assert Conference.objects.get().due_at is None


def test_our_own_removal_coming_back_costs_no_call(listening: Any, made: Lesson) -> None:
    made.delete()
    drain()
    heard(listening, "meeting.deleted")
    asked = len(listening.requests())
    drain()
    assert len(listening.requests()) == asked
    assert listening.live_meetings() == []


def test_what_is_heard_while_it_is_being_read_is_read_once_more(listening: Any, made: Lesson) -> None:
    """The answer that is under way may be older than the edit."""

    handler = Conferences("default")
    edit_by_hand(listening, password="first111")
    job = begin(handler)
    assert job.call is not None
    job.outcome = job.call()
    edit_by_hand(listening, password="second22")
    finish(handler, job)
    drain()
    assert (stored(made).passcode, stored(made).join_url) == ("second22", link(listening))


def test_a_deletion_heard_while_it_is_being_read_is_not_forgotten(listening: Any, made: Lesson) -> None:

    handler = Conferences("default")
    before = stored(made).join_url
    edit_by_hand(listening, password="first111")
    job = begin(handler)
    assert job.call is not None
    job.outcome = job.call()
    delete_by_hand(listening)
    finish(handler, job)
    with clock.travel(A_MINUTE):
        drain()
    assert stored(made).join_url == link(listening) != before


def test_messages_in_the_wrong_order_and_twice_come_to_the_same(listening: Any, made: Lesson) -> None:
    edit_by_hand(listening, password="newpass1")
    delete_by_hand(listening)
    for message in listening.delivered():
        listening.send_again(message["sequence"])
    assert all(each["status"] == 200 for message in listening.delivered() for each in message["deliveries"])
    with clock.travel(A_MINUTE):
        drain()
    assert calls(listening, "create") == 2
    assert stored(made).join_url == link(listening)
