"""Writing down what there is to tell, in the transaction of the change that it tells of.

A subject remembers what was told of it last, and each of these looks at what it is now: whoever changes a state and
calls them announces just what is news, however often it is called.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile, Endpoint, Notification, Subject
from conferencing_app.notifications import catalogue, fanout
from conferencing_app.notifications.catalogue import News

logger = logging.getLogger(__name__)

# What the announcing of conferences changes of their rows.
COLUMNS = ("announced", "sequence")

AnySubject = TypeVar("AnySubject", bound=Subject)


def announce_conferences(conferences: Iterable[Conference], now: datetime, using: str) -> None:
    """Write a notification for each of these of which there is news, all in one statement.

    Call it with rows that the transaction has locked, and save their ``COLUMNS`` afterwards. ``now`` is the database's.
    Only workers do: where none of the receivers that they know listens, no other process need look for any.
    """
    notifications = _news_of(conferences, catalogue.of_conference, catalogue.facts_of_conference, now)
    if not notifications:
        return
    is_anybody_subscribed = Endpoint.objects.using(using).exists()
    for notification in notifications:
        if notification.cause_code:
            logger.info("Conference %s is failing: %s.", notification.subject, notification.cause_code)
        if not is_anybody_subscribed and not fanout.receivers_of(notification):
            notification.due_at = None
    Notification.objects.using(using).bulk_create(notifications)


def announce_profiles(profiles: Sequence[ConferencingProfile]) -> None:
    """The same for profiles, and saves what it changes; call it with rows that the transaction has just written."""
    using = settings.DATABASE
    notifications = _news_of(profiles, catalogue.of_profile, catalogue.facts_of_profile, clock.now())
    if not notifications:
        return
    Notification.objects.using(using).bulk_create(notifications)
    for profile in profiles:
        ConferencingProfile.objects.using(using).filter(pk=profile.pk).update(
            announced=profile.announced, sequence=profile.sequence
        )
    doorbell.ring(using)


def _news_of(
    subjects: Iterable[AnySubject],
    news_of: Callable[[AnySubject], News | None],
    facts_of: Callable[[AnySubject], dict[str, Any]],
    now: Any,
) -> list[Notification]:
    notifications = []
    for subject in subjects:
        news = news_of(subject)
        if news is None or news.mark == subject.announced:
            continue
        subject.announced = news.mark
        if news.type:
            subject.sequence += 1
            notifications.append(_notification(subject, news, facts_of(subject), now))
    return notifications


def _notification(subject: Any, news: News, facts: dict[str, Any], now: Any) -> Notification:
    return Notification(
        type=news.type,
        subject=subject.public_id,
        sequence=subject.sequence,
        cause_code=news.cause,
        data=facts,
        created_at=now,
        due_at=now,
    )
