"""A site that has been busy for a month: people, accounts, events with their conferences, meetings and calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

from conferencing_app import clock
from conferencing_app.conf import settings
from conferencing_app.models import (
    Attempt,
    Conference,
    ConferencingProfile,
    Endpoint,
    Mail,
    Meeting,
    Notification,
    NotificationDelivery,
)

BATCH = 2_000
EVENTS_OF_ONE = 20
FIRST_NAMES = ("Ada", "Béla", "Chidi", "Dana", "Edda", "Farid", "Gita", "Hugo", "Ines", "Jun")
LAST_NAMES = ("Abbott", "Bauer", "Castro", "Duarte", "Ekberg", "Fontana", "Goto", "Hansen")
SUBJECTS = ("Piano lesson", "Chess club", "Tax advice", "Choir", "Physiotherapy", "Algebra", "Weekly check")
MINUTES_OF_A_MONTH = 30 * 24 * 60
# Of each hundred conferences those with the numbers below the first are failing, below the second being made.
FAILING, PENDING = 5, 6
CAUSES = ("outage", "refused", "credentials_expired", "rate_limited")


def make(count: int) -> None:
    """So many conferences with a meeting, a call, a notification and a mail each, and a twentieth as many people.

    Each of them has an account and an endpoint.
    """
    now = clock.read(settings.DATABASE)
    people = stored(get_user_model(), (person(number) for number in range(count // EVENTS_OF_ONE)))
    accounts = stored(ConferencingProfile, (account(one, now) for one in people))
    conferences = stored(
        Conference, (conference(number, accounts[number // EVENTS_OF_ONE], now) for number in range(count))
    )
    meetings = stored(Meeting, (meeting(one, now) for one in conferences))
    stored(Attempt, (call(one, now) for one in meetings))
    endpoints = stored(Endpoint, (endpoint(one, now) for one in people))
    stored(Mail, (mail(one) for one in conferences))
    news = stored(Notification, (told(one) for one in conferences))
    stored(NotificationDelivery, (delivery(one, endpoints[number // EVENTS_OF_ONE]) for number, one in enumerate(news)))


def leave() -> None:
    """Nobody and nothing of it is there any more, and the numbers begin anew."""
    for model in (
        Mail,
        NotificationDelivery,
        Notification,
        Endpoint,
        Attempt,
        Meeting,
        Conference,
        ConferencingProfile,
    ):
        model.objects.all().delete()
    get_user_model().objects.filter(is_staff=False).delete()


def stored(model: type[models.Model], rows: Iterator[Any]) -> list[Any]:
    return model._default_manager.bulk_create(rows, batch_size=BATCH)


def person(number: int) -> Any:
    first, last = FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[number % len(LAST_NAMES)]
    name = f"{first}.{last}.{number}".lower()
    return get_user_model()(username=name, first_name=first, last_name=f"{last}{number}", email=f"{name}@example.com")


def account(user: Any, now: datetime) -> ConferencingProfile:
    return ConferencingProfile(
        user=user,
        provider="zoom",
        account_key=f"zoom:{user.pk}",
        account_label=user.email,
        linked_at=now - timedelta(days=60),
        state="disconnected" if user.pk % 50 == 0 else "connected",
        cause="credentials_expired" if user.pk % 50 == 0 else "",
        is_default=True,
    )


def conference(number: int, profile: ConferencingProfile, now: datetime) -> Conference:
    kind = number % 100
    asked = now - timedelta(minutes=number * 7919 % MINUTES_OF_A_MONTH)
    made = kind >= PENDING
    return Conference(
        event_model="bookings.booking",
        event_key=str(number),
        owner_id=profile.user_id,
        lane=profile,
        summary=f"{SUBJECTS[number % len(SUBJECTS)]} {number}",
        start=now + timedelta(days=2),
        end=now + timedelta(days=2, hours=1),
        state="assigned" if made else "failing" if kind < FAILING else "pending",
        cause_code=CAUSES[number // 100 % len(CAUSES)] if kind < FAILING else "",
        cause_since=asked if kind < FAILING else None,
        provider="zoom" if made else "",
        join_url=link(number) if made else "",
        created_at=asked,
        assigned_at=min(asked + timedelta(minutes=number % 90), now) if made else None,
    )


def meeting(of: Conference, now: datetime) -> Meeting:
    made = of.state == Conference.State.ASSIGNED
    return Meeting(
        conference=of,
        profile=of.lane,
        state=Meeting.State.LIVE if made else Meeting.State.PLANNED,
        meeting_id=str(90_000_000_000 + int(of.event_key)) if made else "",
        join_url=of.join_url,
        created_at=of.created_at,
        ends_at=of.end,
    )


def call(of: Meeting, now: datetime) -> Attempt:
    return Attempt(
        conference_id=of.conference_id,
        meeting=of,
        profile_id=of.profile_id,
        provider="zoom",
        operation=Attempt.Operation.CREATE,
        started_at=of.created_at,
        milliseconds=200,
        status=201 if of.meeting_id else 503,
        cause_code="" if of.meeting_id else "outage",
        request_id=f"request-{of.conference_id}",
    )


def endpoint(user: Any, now: datetime) -> Endpoint:
    return Endpoint(user=user, url=f"https://hooks.example/{user.pk}", created_at=now - timedelta(days=60))


def told(of: Conference) -> Notification:
    failing = of.state == Conference.State.FAILING
    return Notification(
        type="conferencing_failing" if failing else "conferencing_assigned",
        subject=of.public_id,
        sequence=1,
        cause_code=of.cause_code,
        data={"event": {"model": of.event_model, "key": of.event_key}, "conferencing": {"pending": True}},
        created_at=of.created_at,
    )


def delivery(of: Notification, to: Endpoint) -> NotificationDelivery:
    return NotificationDelivery(
        notification=of,
        subject=of.subject,
        receiver=to.public_id,
        endpoint=to,
        state=NotificationDelivery.State.DELIVERED,
        delivered_at=of.created_at,
        status=204,
    )


def mail(of: Conference) -> Mail:
    return Mail(
        user_id=of.owner_id,
        kind="event_without_link",
        subject=of.public_id,
        language="en",
        state=Mail.State.SENT,
        created_at=of.created_at,
        expires_at=of.created_at + timedelta(days=1),
        sent_at=of.created_at,
    )


def link(number: int) -> str:
    return f"https://zoom.example/j/{90_000_000_000 + number}?pwd=abcdefghijklmnop"
