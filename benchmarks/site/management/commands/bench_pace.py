from __future__ import annotations

import json
import threading
import time
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from benchmarks.site.saving import drafts
from conferencing_app.models import Conference
from project.bookings.models import Booking

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60.0


class Command(BaseCommand):
    help = "Saves bookings at a steady pace; prints the seconds from each commit to the link that anybody can read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("per_second", type=float)
        parser.add_argument("seconds", type=float)

    def handle(self, *args: Any, per_second: float, seconds: float, **options: Any) -> None:
        watch = Watch()
        watch.start()
        begun = time.monotonic()
        for number, draft in enumerate(islice(drafts(Booking), int(per_second * seconds))):
            time.sleep(max(0.0, begun + number / per_second - time.monotonic()))
            draft.save()
            watch.waiting[str(draft.pk)] = time.monotonic()
        watch.all_saved.set()
        watch.join()
        late = time.monotonic() - begun - seconds
        self.stdout.write(json.dumps({"seconds": watch.seconds, "without": len(watch.waiting), "after_last": late}))


class Watch(threading.Thread):
    """Looks for links the whole time, as pages of the site would."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.waiting: dict[str, float] = {}
        self.seconds: list[float] = []
        self.all_saved = threading.Event()

    def run(self) -> None:
        until = None
        while until is None or (self.waiting and time.monotonic() < until):
            if until is None and self.all_saved.is_set():
                until = time.monotonic() + PATIENCE_SECONDS
            self.look()
            time.sleep(LOOK_SECONDS)
        connection.close()

    def look(self) -> None:
        keys = list(self.waiting)
        ready = Conference.objects.filter(event_key__in=keys, state=Conference.State.ASSIGNED)
        for key in list(ready.values_list("event_key", flat=True)):
            self.seconds.append(time.monotonic() - self.waiting.pop(key))
