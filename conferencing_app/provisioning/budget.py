"""What may still be changed today in the accounts of a batch, where their provider counts changes by the day.

Zoom allows 100 creates and updates per host and UTC day; removing and reading are free. What was carried out is
counted as its answer is recorded. An account's lane lets one call at a time go out, over all processes and machines, so
the count is exact. It is kept by account, not by profile: a moved account takes what it has spent along.

The last of a day are for new meetings and new times. An edit that leaves the time as it was goes only where it takes
nothing from those that wait, else it waits for the next day, and so does what is edited meanwhile: one call serves all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.models import Count, F, Q

from conferencing_app import clock, limits
from conferencing_app.models import Conference, ConferencingProfile, Meeting, Tally
from conferencing_app.providers import registry

# This share of a day's changes is kept for new meetings and new times.
KEPT_SHARE = 0.2


@dataclass
class Day:
    """One account's day: how many changes it allows, how many there were, when the next one begins."""

    key: str
    allowed: int
    count: int
    ends_at: datetime
    is_spent: bool = False  # something of the count is not written down yet

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.count)


class Budget:
    """The days of those of these profiles whose provider counts. Call ``save`` when the batch has been recorded."""

    def __init__(self, profiles: Iterable[ConferencingProfile], now: datetime, using: str) -> None:
        self.using = using
        self.profiles = {profile.pk: profile for profile in profiles}
        counted = {pk: (_key(profile), _allowed(profile.provider)) for pk, profile in self.profiles.items()}
        self.days = self._read({pk: each for pk, each in counted.items() if each[1]}, now)

    def changes_from(self, profile: int) -> datetime | None:
        """When the next meeting may be made, or its time changed; None: now."""
        day = self.days.get(profile)
        return day.ends_at if day is not None and not day.left else None

    def edits_from(self, profile: int) -> datetime | None:
        """When the next edit may be sent that leaves the time as it was; None: now."""
        day = self.days.get(profile)
        if day is None or day.left - self._waiting.get(profile, 0) > day.allowed * KEPT_SHARE:
            return None
        return day.ends_at

    def spend(self, profile: int) -> None:
        """The provider has carried out a change."""
        day = self.days.get(profile)
        if day is not None:
            day.count += 1
            day.is_spent = True

    def exhaust(self, profile: int, until: datetime | None) -> bool:
        """The provider says that it allows no more until then, and knows best. False where it does not count by day."""
        day = self.days.get(profile)
        if day is None:
            return False
        day.count += day.left
        day.is_spent = True
        day.ends_at = until or day.ends_at
        return True

    def save(self) -> None:
        """Write down what was spent, in one statement, in place of an earlier day's too.

        Only workers do, for accounts whose lanes they hold, so that nobody waits and no other count is lost.
        """
        days = {day.key: day for day in self.days.values() if day.is_spent}.values()
        unique = ["pk"] if connections[self.using].features.supports_update_conflicts_with_target else None
        Tally.objects.using(self.using).bulk_create(
            [Tally(key=day.key, count=day.count, ends_at=day.ends_at) for day in days],
            update_conflicts=True,
            unique_fields=unique,
            update_fields=["count", "ends_at"],
        )
        for day in days:
            day.is_spent = False

    def _read(self, counted: Mapping[int, tuple[str, int]], now: datetime) -> dict[int, Day]:
        keys = {key for key, _ in counted.values()}
        rows = Tally.objects.using(self.using).filter(key__in=keys, ends_at__gt=clock.now())
        stored = {row.key: row for row in rows} if keys else {}
        days = {
            key: Day(key, allowed, stored[key].count, stored[key].ends_at)
            if key in stored
            else Day(key, allowed, 0, _midnight(now))
            for key, allowed in counted.values()
        }
        return {profile: days[key] for profile, (key, _) in counted.items()}

    @cached_property
    def _waiting(self) -> dict[int, int]:
        """How many meetings of each profile are to be made, or to be brought to another time."""
        waiting: dict[int, int] = dict(_essential(self.days, self.using))
        owners = {self.profiles[pk].user_id: pk for pk in self.days if self.profiles[pk].is_default}
        for owner, count in _new_events(owners, self.using):
            waiting[owners[owner]] = waiting.get(owners[owner], 0) + count
        return waiting


def _essential(profiles: Iterable[int], using: str) -> Iterable[tuple[int, int]]:
    new = Q(state__in=[Meeting.State.PLANNED, Meeting.State.SENT])
    same_time = Q(starts_at=F("conference__start"), ends_at=F("conference__end"))
    moved = Q(state=Meeting.State.LIVE, ends_at__gt=clock.now(), conference__due_at__isnull=False) & ~same_time
    rows = Meeting.objects.using(using).filter(new | moved, profile__in=list(profiles))
    return rows.order_by().values_list("profile").annotate(Count("pk"))


def _new_events(owners: Iterable[Any], using: str) -> Iterable[tuple[int, int]]:
    """Of each owner, those that no worker has looked at yet."""
    rows = Conference.objects.using(using).filter(
        owner__in=list(owners), lane=None, state=Conference.State.PENDING, due_at__lte=clock.now()
    )
    return rows.order_by().values_list("owner").annotate(Count("pk"))


def _key(profile: ConferencingProfile) -> str:
    return limits.key("daily_changes", profile.account_key or profile.public_id)


def _allowed(alias: str) -> int:
    try:
        return registry.get(alias).daily_changes
    except ImproperlyConfigured:
        return 0


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
