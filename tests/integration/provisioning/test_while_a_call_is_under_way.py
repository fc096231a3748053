"""Whatever people do while a call for their event is under way: in the end what is shown is what there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections, transaction

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.providers.zoom.meetings import ZoomMeetings
from conferencing_app.services import ownership, profiles
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)

BOB_ZOOM = "bob.zoom@example.com"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def change(world: Any, **values: Any) -> None:
    lesson = Lesson.objects.get(pk=world.lesson.pk)
    for name, value in values.items():
        setattr(lesson, name, value)
    lesson.save()


def delete_and_make_again(world: Any) -> None:
    former = Lesson.objects.get(pk=world.lesson.pk)
    key = former.pk
    former.delete()
    Lesson.objects.create(pk=key, owner=world.alice, title="Again", starts_at=former.starts_at, ends_at=former.ends_at)


def switch_owner_twice(world: Any) -> None:
    change(world, owner=world.bob)
    change(world, owner=world.alice)


def unlink(world: Any) -> None:
    profiles.unlink(ConferencingProfile.objects.get(user=world.alice), remove_meetings=True)


def unlink_and_link_again(world: Any) -> None:
    unlink(world)
    world.link_profile(world.alice)


def cancel_and_restore(world: Any) -> None:
    change(world, cancelled=True)
    change(world, cancelled=False)


def move_account_to_bob(world: Any) -> None:
    with transaction.atomic():
        ownership.transfer(ConferencingProfile.objects.get(user=world.alice), world.bob.pk)


def explicit_then(profile_id: str) -> Callable[[Any], None]:
    def ask(world: Any) -> None:
        link = {"profile_id": "explicit", "join_url": "https://x.test/", "provider_description": "X"}
        change(world, conferencing=link)
        change(world, conferencing={"profile_id": profile_id})

    return ask


# What is done, and how many meetings there are in the end; None where that depends on what was there before.
DEEDS: dict[str, tuple[Callable[[Any], Any], int | None]] = {
    "owner deleted": (lambda world: world.alice.delete(), 0),
    "event deleted": (lambda world: Lesson.objects.all().delete(), 0),
    "event deleted and made again": (delete_and_make_again, 1),
    "another owner": (lambda world: change(world, owner=world.bob), 1),
    "another owner and back": (switch_owner_twice, 1),
    "nobody's": (lambda world: change(world, owner=None), 0),
    "unlinked": (unlink, 0),
    "unlinked and linked again": (unlink_and_link_again, 1),
    "cancelled and restored": (cancel_and_restore, 1),
    "explicit, then default": (explicit_then("default"), 1),
    "explicit, then none": (explicit_then("none"), 0),
    "no time any more": (lambda world: change(world, starts_at=None), None),
    "moved into the past": (lambda world: change(world, starts_at=LONG_AGO, ends_at=None), None),
    "account moved to another person": (move_account_to_bob, 0),
}  # fmt: skip
MOMENTS = [(call, moment) for call in ("create", "update") for moment in ("before", "after")]
MOMENTS += [("delete", "before"), ("read", "after")]


@pytest.mark.parametrize(("call", "moment"), MOMENTS)
@pytest.mark.parametrize("deed", DEEDS)
def test_in_the_end_what_is_shown_is_what_there_is(
    deed, call, moment, conferencing_sandbox, link_profile, alice, bob, save_lesson, drain, monkeypatch
) -> None:
    link_profile(alice)
    if "account moved" not in deed:
        link_profile(bob, BOB_ZOOM)
    lesson = save_lesson(alice)
    world = SimpleNamespace(lesson=lesson, alice=alice, bob=bob, link_profile=link_profile)
    act, left = DEEDS[deed]
    if call != "create":
        drain()
        change(world, title="Arpeggios", **({"cancelled": True} if call == "delete" else {}))
    original, todo = getattr(ZoomMeetings, call), [act]

    def method(*args: Any, **kwargs: Any) -> Any:
        try:
            if moment == "before" and todo:
                todo.pop()(world)
            answer = original(*args, **kwargs)
            if todo:
                todo.pop()(world)
            return answer
        finally:
            connections.close_all()

    monkeypatch.setattr(ZoomMeetings, call, method)
    drain()
    assert not todo
    for minutes in (5, 60):
        with clock.travel(timedelta(minutes=minutes)):
            drain()
    there = [meeting["join_url"] for meeting in conferencing_sandbox.live_meetings()]
    shown = [one.join_url for one in Conference.objects.filter(event_deleted=False) if one.join_url]
    assert shown == there
    if left is not None and call != "delete":
        assert len(there) == left
    assert Meeting.objects.present().count() == len(there)
    assert not Conference.objects.filter(lease_until__isnull=False).exists()
    assert Grant.objects.filter(profile__state__in=["leaving", "unlinked"]).count() == 0
