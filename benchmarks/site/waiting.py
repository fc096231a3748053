"""Waiting until nothing is left to be made."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

LOOK_SECONDS = 0.2


class WaitCommand(BaseCommand):
    """Waits until nothing is ``left``, or the time is up; prints what ``ended`` says, as JSON."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("seconds", type=float)

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        until = time.monotonic() + seconds
        while self.left() and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        self.stdout.write(json.dumps(self.ended()))

    def left(self) -> int:
        raise NotImplementedError

    def ended(self) -> dict[str, Any]:
        raise NotImplementedError
