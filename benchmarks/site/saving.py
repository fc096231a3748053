"""Bookings as the measurements save them: spread over all hosts, each save timed by itself."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone


def drafts(model: type[models.Model]) -> Iterator[models.Model]:
    """Bookings not yet saved, for one host after the other, without end."""
    start = timezone.now().replace(microsecond=0) + timedelta(days=7)
    hosts = list(get_user_model().objects.order_by("pk"))
    for number, host in enumerate(itertools.cycle(hosts)):
        begins = start + timedelta(hours=number)
        yield model(host=host, title=f"Booking {number}", starts_at=begins, ends_at=begins + timedelta(minutes=45))


def prepared(model: type[models.Model], count: int, changed: bool) -> list[models.Model]:
    """So many bookings to be saved: new ones, or ones that are stored already and have another title now."""
    bookings = list(itertools.islice(drafts(model), count))
    if changed:
        for booking in bookings:
            booking.save()
            booking.title += ", changed"  # type: ignore[attr-defined]
    return bookings


def timed_save(draft: models.Model) -> float:
    """Save, commit included; how long that took, in milliseconds."""
    begun = time.perf_counter()
    draft.save()
    return (time.perf_counter() - begun) * 1000
