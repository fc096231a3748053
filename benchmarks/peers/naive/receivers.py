from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from benchmarks.peers.naive.models import Booking
from benchmarks.peers.naive.tasks import make_meeting


def connect() -> None:
    post_save.connect(booking_saved, sender=Booking, dispatch_uid="naive.booking_saved")


def booking_saved(instance: Booking, created: bool, **_: Any) -> None:
    if created:
        make_meeting.delay(instance.pk)
