"""What the host does while a new event is saved: its receivers of signals, and its wrappers of statements."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import NotSupportedError, connection
from django.db.models.signals import post_save, pre_save

from conferencing_app import receivers
from conferencing_app.models import Conference
from tests.hosts.models import Lesson
from tests.hosts.wanted import lesson, row


@contextmanager
def receiving(signal: Any, receiver: Callable[..., None]) -> Iterator[None]:
    signal.connect(receiver, sender=Lesson, weak=False)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=Lesson)


def test_what_the_host_changes_before_the_save_is_in_it(alice: User) -> None:
    def shout(instance: Lesson, **_: Any) -> None:
        instance.title = instance.title.upper()

    with receiving(pre_save, shout):
        event = lesson(alice)
        event.save()
    assert row(event).summary == "ALGEBRA"


@contextmanager
def before_ours(receiver: Callable[..., None]) -> Iterator[None]:
    """As receivers are that the host's models.py connects."""
    post_save.disconnect(sender=Lesson, dispatch_uid="conferencing_app.event_saved")
    try:
        with receiving(post_save, receiver):
            receivers.listen(Lesson)
            yield
    finally:
        receivers.listen(Lesson)


@pytest.mark.parametrize("receiving_it", [lambda ask: receiving(pre_save, ask), before_ours], ids=["pre", "post"])
def test_what_a_receiver_asks_for_is_heard(alice: User, receiving_it: Any) -> None:
    def ask(instance: Any, **_: Any) -> None:
        instance.conferencing = {"profile_id": "none"}
        instance.conferencing_subscriptions = []

    with receiving_it(ask):
        event: Any = lesson(alice)
        event.save()
    assert (row(event).profile_request, row(event).state) == ("none", "not_made")


def test_a_copy_that_a_receiver_saves_has_its_own(alice: User) -> None:
    def repeat(instance: Lesson, created: bool, **_: Any) -> None:
        if created and instance.title == "Algebra":
            again: Any = copy.copy(instance)
            again.pk, again._state.adding, again.title = None, True, "Algebra again"
            again.conferencing = {"profile_id": "none"}
            again.save()

    with receiving(post_save, repeat):
        lesson(alice).save()
    asked = {event.title: row(event).profile_request for event in Lesson.objects.all()}
    assert asked == {"Algebra": "default", "Algebra again": "none"}


@pytest.mark.django_db(transaction=True)
def test_what_a_receiver_raises_is_raised_once(django_user_model: Any) -> None:
    saves = []

    def fail(instance: Lesson, **_: Any) -> None:
        saves.append(instance)
        raise NotSupportedError("as ordered")

    with receiving(post_save, fail), pytest.raises(NotSupportedError):
        lesson(django_user_model.objects.create_user("alice")).save()
    assert len(saves) == 1


def with_comment(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    return execute(f"/* a page */ {sql} -- a line", params, many, context)


def with_statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """As packages do that tell the database's triggers who is at it."""
    if connection.vendor != "postgresql":
        return execute(sql, params, many, context)
    cursor = execute(f"SELECT set_config('host.who', %s, true); {sql}", ("alice", *(params or ())), many, context)
    while cursor is not None and cursor.nextset():
        pass
    return cursor


@pytest.mark.parametrize("wrapper", [with_comment, with_statement])
def test_the_host_may_change_each_statement(alice: User, wrapper: Any) -> None:
    with connection.execute_wrapper(wrapper):
        event = lesson(alice)
        event.save()
    assert Lesson.objects.get(pk=event.pk).title == row(event).summary == "Algebra"


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_an_event_saved_while_another_is_saved_has_its_own(alice: User, signal: Any) -> None:
    def save_another(instance: Lesson, **_: Any) -> None:
        if instance.title == "Algebra":
            lesson(alice, title="Homework").save()

    with receiving(signal, save_another):
        lesson(alice).save()
    assert {event.title: row(event).summary for event in Lesson.objects.all()} == {
        "Algebra": "Algebra",
        "Homework": "Homework",
    }
    assert Conference.objects.count() == 2


def test_a_receiver_that_saves_the_new_event_once_more_is_heard(alice: User) -> None:
    def number(instance: Lesson, created: bool, **_: Any) -> None:
        if created:
            instance.title = f"Lesson {instance.pk}"
            instance.save()

    with receiving(post_save, number):
        event = lesson(alice)
        event.save()
    assert (row(event).summary, row(event).version) == (f"Lesson {event.pk}", 2)
