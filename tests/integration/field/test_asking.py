"""Asking for a conference by assignment: what is stored, what is shown, what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from conferencing_app.models import Conference
from tests.hosts.models import Consultation, Lesson, Room, RoomBooking
from tests.hosts.wanted import END, START, lesson, profile, rolled_back, row, settle

EXPLICIT = {"profile_id": "explicit", "join_url": "https://meet.example/x", "provider_description": "Our room"}


def shown(conference: Conference) -> tuple[str, str, str, str]:
    return conference.state, conference.profile_request, conference.join_url, conference.cause_code


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"profile_id": "default"}, ("pending", "default", "", "")),
        ({"profile_id": "integrated"}, ("pending", "integrated", "", "")),
        ({"profile_id": "none"}, ("not_made", "none", "", "removed")),
        (EXPLICIT, ("assigned", "explicit", "https://meet.example/x", "")),
    ],
)
def test_a_new_event_asks(alice: User, request_: dict[str, str], expected: tuple[str, ...]) -> None:
    event = lesson(alice, conferencing=request_)
    event.save()
    assert shown(row(event)) == expected
    created = Lesson.objects.create(owner=alice, title="Two", starts_at=START, conferencing=request_)
    assert shown(row(created)) == expected
    got, _ = Lesson.objects.get_or_create(
        title="Three", defaults={"owner": alice, "starts_at": START, "conferencing": request_}
    )
    assert shown(row(got)) == expected
    updated, _ = Lesson.objects.update_or_create(title="Three", defaults={"conferencing": {"profile_id": "none"}})
    assert row(updated).profile_request == "none"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"profile_id": "default"}, ("assigned", "default", "https://zoom.example/j/1", "")),
        ({"profile_id": "integrated"}, ("pending", "integrated", "", "")),
        ({"profile_id": "none"}, ("not_made", "none", "", "removed")),
        (EXPLICIT, ("assigned", "explicit", "https://meet.example/x", "")),
    ],
)
def test_an_event_that_has_one_asks_for_another(
    alice: User, request_: dict[str, str], expected: tuple[str, ...]
) -> None:
    event = lesson(alice)
    event.save()
    before = settle(event)
    event.conferencing = request_
    event.save()
    after = row(event)
    assert shown(after) == expected
    changed = request_["profile_id"] != "default"
    assert after.version == before.version + changed
    assert (after.due_at is not None) == changed
    assert after.passcode == ("" if changed else "123456")
    assert after.dial_in == ([] if changed else before.dial_in)
    assert (after.cause_since is not None) == bool(after.cause_code)


def test_an_explicit_link_is_complete_at_once(alice: User) -> None:
    event = lesson(alice, conferencing=EXPLICIT)
    event.save()
    assert event.conferencing.as_dict() == {
        "provider_name": "other",
        "join_url": "https://meet.example/x",
        "provider_description": "Our room",
    }
    first = row(event)
    assert first.assigned_at is not None
    event.conferencing = {**EXPLICIT, "join_url": "https://meet.example/y"}
    event.save()
    second = row(event)
    assert (second.join_url, second.assigned_at) == ("https://meet.example/y", first.assigned_at)
    event.title = "Renamed"
    event.save()
    assert row(event).join_url == "https://meet.example/y"
    event.conferencing = {"profile_id": "default"}
    event.save()
    assert shown(row(event)) == ("pending", "default", "", "")
    assert (row(event).explicit_join_url, row(event).assigned_at) == ("", None)


def test_assigning_nothing_leaves_the_request(alice: User, bob: User) -> None:
    account = profile(alice)
    for request_ in ({"profile_id": "none"}, EXPLICIT, {"profile_id": account.public_id}):
        event = lesson(alice, conferencing=request_)
        event.save()
        event.title = "Renamed"
        event.save()
        assert row(event).profile_request == request_["profile_id"]
        again = Lesson.objects.get(pk=event.pk)
        again.title = "Renamed again"
        again.save()
        assert row(event).profile_request == request_["profile_id"]
        assert row(event).summary == "Renamed again"


def test_a_request_that_is_not_saved_is_never_read_back(alice: User) -> None:
    event = lesson(alice, conferencing=EXPLICIT)
    assert event.conferencing is None
    event.save()
    stored = event.conferencing
    event.conferencing = {"profile_id": "none"}
    assert event.conferencing == stored
    assert event.conferencing.state == "assigned"


def test_refreshing_drops_what_was_read_and_what_was_asked(alice: User) -> None:
    event = lesson(alice)
    event.save()
    assert event.conferencing.state == "pending"
    settle(event)
    assert event.conferencing.state == "pending"
    event.conferencing = {"profile_id": "none"}
    event.refresh_from_db()
    assert event.conferencing.state == "assigned"
    event.save()
    assert row(event).profile_request == "default"


def test_refreshing_another_field_keeps_the_request(alice: User) -> None:
    event = lesson(alice)
    event.save()
    event.conferencing = {"profile_id": "none"}
    event.refresh_from_db(fields=["title"])
    event.save()
    assert row(event).profile_request == "none"


@pytest.mark.django_db(transaction=True)
def test_a_request_is_asked_once(django_user_model: Any) -> None:
    event = lesson(django_user_model.objects.create_user("alice"), conferencing={"profile_id": "none"})
    event.save()
    Conference.objects.update(profile_request="default", state="pending", cause_code="")
    event.save()
    assert row(event).profile_request == "default"


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_failed_can_be_repeated_with_the_same_event(django_user_model: Any) -> None:
    event = lesson(django_user_model.objects.create_user("alice"))
    event.save()
    event.conferencing = {"profile_id": "none"}
    with rolled_back():
        event.save()
    assert row(event).profile_request == "default"
    with transaction.atomic():
        event.save()
    assert row(event).profile_request == "none"


def test_a_request_survives_pickling_and_nothing_of_it_is_shown(alice: User) -> None:
    event = lesson(alice, conferencing=EXPLICIT)
    copied = pickle.loads(pickle.dumps(event))
    copied.save()
    assert row(copied).profile_request == "explicit"
    assert pickle.loads(pickle.dumps(copied)).conferencing == row(copied)


def test_update_fields_do_not_lose_a_request(alice: User) -> None:
    event = lesson(alice)
    event.save()
    settle(event)
    event.conferencing = {"profile_id": "none"}
    event.save(update_fields=["notes"])
    assert shown(row(event)) == ("not_made", "none", "", "removed")


# None ----------------------------------------------------------------------------------------------------------------


def test_none_asks_for_nothing_on_an_event_that_is_new(alice: User) -> None:
    event = lesson(alice, conferencing=None)
    event.save()
    assert row(event).profile_request == "default"


def test_none_is_ambiguous_on_an_event_that_is_stored(alice: User) -> None:
    event = lesson(alice)
    event.save()
    with pytest.raises(ValidationError, match='"profile_id": "none"'):
        event.conferencing = None


# attach=None ---------------------------------------------------------------------------------------------------------


def consultation(adviser: User, **values: Any) -> Consultation:
    return Consultation(**{"adviser": adviser, "topic": "Taxes", "starts_at": START, **values})


def test_without_attach_only_those_that_ask_get_one(alice: User) -> None:
    event = consultation(alice)
    event.save()
    assert Conference.objects.count() == 0
    assert event.conferencing is None
    event.conferencing = {"profile_id": "default"}
    event.save()
    assert (row(event).state, row(event).summary) == ("pending", "About Taxes")
    event.topic = "Loans"
    event.save()
    assert (row(event).summary, row(event).version) == ("About Loans", 2)
    event.save(update_fields=["topic"])
    assert row(event).stale


def test_without_attach_a_partial_save_makes_no_row(alice: User) -> None:
    event = consultation(alice)
    event.save()
    event.save(update_fields=["topic"])
    assert Conference.objects.count() == 0


def test_without_attach_an_event_made_anew_has_to_ask_again(alice: User) -> None:
    event = consultation(alice, conferencing={"profile_id": "default"})
    event.save()
    key = event.pk
    event.delete()
    consultation(alice, pk=key).save()
    assert Conference.objects.get().state == "not_made"


# Cancelling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "back"),
    [
        (None, ("pending", "default", "", "")),
        (EXPLICIT, ("assigned", "explicit", "https://meet.example/x", "")),
        ({"profile_id": "none"}, ("not_made", "none", "", "removed")),
    ],
)
def test_cancelling_removes_and_turning_back_makes_again(
    alice: User, request_: dict[str, str] | None, back: tuple[str, ...]
) -> None:
    event = lesson(alice, conferencing=request_)
    event.save()
    if request_ is None:
        settle(event)
    event = Lesson.objects.get(pk=event.pk)
    event.cancelled = True
    event.save()
    cancelled = row(event)
    assert (cancelled.state, cancelled.cause_code, cancelled.join_url) == ("not_made", "cancelled", "")
    assert (cancelled.passcode, cancelled.assigned_at) == ("", None)
    assert cancelled.cause_since is not None
    event.title = "Renamed while cancelled"
    event.save()
    assert row(event).cause_since == cancelled.cause_since
    event.cancelled = False
    event.save()
    assert shown(row(event)) == back
    assert row(event).due_at is not None


def test_an_event_cancelled_from_the_start_is_not_made(alice: User) -> None:
    event = lesson(alice, cancelled=True)
    event.save()
    assert shown(row(event)) == ("not_made", "default", "", "cancelled")


# What is refused -----------------------------------------------------------------------------------------------------


def test_the_profile_must_be_the_owners_when_saved(alice: User, bob: User) -> None:
    account = profile(bob)
    event = lesson(alice, conferencing={"profile_id": account.public_id})
    with pytest.raises(ValidationError) as refused:
        event.save()
    assert refused.value.error_dict["conferencing.profile_id"][0].code == "not_recognized"
    assert Lesson.objects.count() == 0
    event.owner = bob
    event.save()
    assert row(event).profile_request == account.public_id


def test_the_owner_behind_a_relation_that_is_not_loaded_counts_too(alice: User, bob: User) -> None:
    room = Room.objects.create(name="Attic", owner=alice)
    mine, theirs = profile(alice), profile(bob)
    values = {"room_id": room.pk, "title": "Talk", "starts_at": START}
    with pytest.raises(ValidationError):
        RoomBooking.objects.create(**values, conferencing={"profile_id": theirs.public_id})
    event = RoomBooking.objects.create(**values, conferencing={"profile_id": mine.public_id})
    assert row(event).profile_request == mine.public_id


def test_a_refused_save_does_not_spoil_the_hosts_transaction(alice: User, bob: User) -> None:
    with transaction.atomic():
        with pytest.raises(ValidationError):
            lesson(alice, conferencing={"profile_id": profile(bob).public_id}).save()
        lesson(alice).save()
    assert Lesson.objects.count() == 1


def test_a_request_is_judged_once(alice: User, bob: User) -> None:
    """Inside one transaction, a later save that asks nothing is an ordinary save."""
    event = lesson(alice, conferencing={"profile_id": profile(alice).public_id})
    event.save()
    event.owner, event.ends_at = bob, START.replace(year=2030)
    event.save()
    assert (row(event).owner_id, row(event).event_cause) == (bob.pk, "end_before_start")


def test_refreshing_by_name_drops_it_too(alice: User) -> None:
    event = lesson(alice)
    event.save()
    assert event.conferencing.state == "pending"
    settle(event)
    event.conferencing = {"profile_id": "none"}
    event.refresh_from_db(fields=["title", "conferencing"])
    assert event.conferencing.state == "assigned"
    event.save()
    assert row(event).profile_request == "default"


def test_naming_a_profile_costs_one_query(alice: User) -> None:
    account = profile(alice)
    event = lesson(alice)
    with CaptureQueriesContext(connection) as captured:
        event.conferencing = {"profile_id": account.public_id}
    assert len(captured) == 1
    with CaptureQueriesContext(connection) as captured:
        event.save()
    assert len(captured) == 2


@pytest.mark.parametrize("state", ["leaving", "unlinked"])
def test_a_profile_that_is_no_longer_linked_is_not_recognized(alice: User, state: str) -> None:
    account = profile(alice, state=state)
    with pytest.raises(ValidationError) as refused:
        lesson(alice, conferencing={"profile_id": account.public_id})
    assert refused.value.error_dict["conferencing.profile_id"][0].code == "not_recognized"


@pytest.mark.parametrize(
    ("values", "key", "cause"),
    [
        ({"ends_at": START, "starts_at": END}, "ends_at", "end_before_start"),
        ({"tzid": "Mars/Olympus"}, "tzid", "unknown_time_zone"),
    ],
)
class TestBadEventData:
    def test_raises_in_a_save_that_asks(self, alice: User, values: dict[str, Any], key: str, cause: str) -> None:
        with pytest.raises(ValidationError) as refused:
            lesson(alice, conferencing={"profile_id": "default"}, **values).save()
        assert [error.code for error in refused.value.error_dict[key]] == [cause]
        assert Lesson.objects.count() == 0

    def test_is_a_cause_in_any_other_save(self, alice: User, values: dict[str, Any], key: str, cause: str) -> None:
        event = lesson(alice, **values)
        event.save()
        assert row(event).event_cause == cause
        assert row(event).due_at is not None

    def test_is_reported_by_full_clean(self, alice: User, values: dict[str, Any], key: str, cause: str) -> None:
        with pytest.raises(ValidationError) as refused:
            lesson(alice, **values).full_clean()
        assert [error.code for error in refused.value.error_dict[key]] == [cause]
        lesson(alice, **values).full_clean(exclude={key})
