from __future__ import annotations

import json
import time
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser

from benchmarks.site.saving import prepared, timed_save

WARM_UP = 20
# Time for what the first saves have left to a thread, in seconds: the broker's client is loaded in one.
REST_SECONDS = 0.5


class Command(BaseCommand):
    help = "Saves bookings one after the other; prints how long each took, and every error, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)
        parser.add_argument("--model", default="bookings.Booking", help="as APP.Model")
        parser.add_argument("--warm-up", default="benchmarks_site.PlainBooking", help="saved before, as APP.Model")
        parser.add_argument("--changed", action="store_true", help="save what is stored already, with another title")

    def handle(self, *args: Any, count: int, model: str, warm_up: str, changed: bool, **options: Any) -> None:
        for booking in prepared(apps.get_model(warm_up), WARM_UP, changed):  # the connection, this process's caches
            booking.save()
        bookings = prepared(apps.get_model(model), count, changed)
        time.sleep(REST_SECONDS)
        milliseconds: list[float] = []
        errors: list[str] = []
        for booking in bookings:
            try:
                milliseconds.append(timed_save(booking))
            except Exception as error:  # whatever it is, the measurement wants to count it
                errors.append(f"{type(error).__name__}: {error}")
        self.stdout.write(json.dumps({"milliseconds": milliseconds, "errors": errors}))
