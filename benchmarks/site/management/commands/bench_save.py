from __future__ import annotations

import json
import time
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser

from benchmarks.site.saving import drafts, timed_save

WARM_UP = 20
# Time for what the first saves have left to a thread, in seconds: the broker's client is loaded in one.
REST_SECONDS = 0.5


class Command(BaseCommand):
    help = "Saves bookings one after the other; prints how long each took, and every error, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)
        parser.add_argument("--model", default="bookings.Booking", help="as APP.Model")
        parser.add_argument("--warm-up", default="benchmarks_site.PlainBooking", help="saved before, as APP.Model")

    def handle(self, *args: Any, count: int, model: str, warm_up: str, **options: Any) -> None:
        for draft in islice(drafts(apps.get_model(warm_up)), WARM_UP):  # the connection, the caches of this process
            draft.save()
        time.sleep(REST_SECONDS)
        milliseconds: list[float] = []
        errors: list[str] = []
        for draft in islice(drafts(apps.get_model(model)), count):
            try:
                milliseconds.append(timed_save(draft))
            except Exception as error:  # whatever it is, the measurement wants to count it
                errors.append(f"{type(error).__name__}: {error}")
        self.stdout.write(json.dumps({"milliseconds": milliseconds, "errors": errors}))
