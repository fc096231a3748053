"""What tests of the wanted side share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from conferencing_app.models import Conference, ConferencingProfile, Meeting
from tests.hosts.models import Lesson

START = datetime(2031, 3, 4, 9, 0, tzinfo=UTC)
END = datetime(2031, 3, 4, 10, 30, tzinfo=UTC)


def lesson(owner: User | None, **values: Any) -> Lesson:
    """A lesson that is not saved yet."""
    return Lesson(**{"owner": owner, "title": "Algebra", "starts_at": START, "ends_at": END, **values})


def profile(user: User | None, **values: Any) -> ConferencingProfile:
    """A linked account, without a grant."""
    return ConferencingProfile.objects.create(
        **{"user": user, "provider": "zoom", "linked_at": timezone.now(), **values}
    )


def row(event: Any) -> Conference:
    """The conference as it is stored now."""
    return Conference.objects.get(event_model=event._meta.concrete_model._meta.label_lower, event_key=str(event.pk))


def settle(event: Any, **values: Any) -> Conference:
    """As if a worker had made the conference: nothing is due any more."""
    made = {
        "state": Conference.State.ASSIGNED,
        "provider": "zoom",
        "join_url": "https://zoom.example/j/1",
        "passcode": "123456",
        "dial_in": [{"number": "+49 30 1"}],
        "assigned_at": timezone.now(),
        "due_at": None,
        "attempts": 3,
        **values,
    }
    Conference.objects.filter(pk=row(event).pk).update(**made)
    return row(event)


def meeting(conference: Conference, owner: ConferencingProfile, **values: Any) -> Meeting:
    """A live meeting of the conference."""
    made = {"state": Meeting.State.LIVE, "meeting_id": "1", "created_at": timezone.now(), **values}
    return Meeting.objects.create(conference=conference, profile=owner, **made)


@contextmanager
def rolled_back(using: str = "default") -> Iterator[None]:
    """A transaction of the host's that comes to nothing."""
    with transaction.atomic(using=using):
        yield
        transaction.set_rollback(True, using=using)
