from __future__ import annotations

import json
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from benchmarks.peers.naive.models import Booking, ZoomAccount
from benchmarks.peers.naive.sessions import session_of
from benchmarks.peers.site import SANDBOX_URL
from benchmarks.site.saving import drafts


class Command(BaseCommand):
    help = "One POST and one UPDATE for each of so many bookings, in a loop: what this machine gives without a queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        bookings = Booking.objects.bulk_create(islice(drafts(Booking), count))  # sends no signal, so no task
        links = set()
        session = session_of(ZoomAccount.objects.earliest("pk"))
        for booking in bookings:
            answer = session.post(
                f"{SANDBOX_URL}/zoom/v2/users/me/meetings", json={"topic": booking.title, "type": 2}, timeout=15
            )
            answer.raise_for_status()
            meeting = answer.json()
            links.add(meeting["join_url"])
            Booking.objects.filter(pk=booking.pk).update(meeting_id=meeting["id"], join_url=meeting["join_url"])
        self.stdout.write(json.dumps({"links": len(links)}))
