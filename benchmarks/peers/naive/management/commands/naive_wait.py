from __future__ import annotations

from typing import Any

from benchmarks.peers.naive.models import Booking
from benchmarks.site.waiting import WaitCommand


class Command(WaitCommand):
    help = "Waits until each booking has its link, or the time is up; prints how many links there are, as JSON."

    def left(self) -> int:
        return Booking.objects.filter(join_url="").count()

    def ended(self) -> dict[str, Any]:
        return {"links": Booking.objects.exclude(join_url="").values("join_url").distinct().count()}
