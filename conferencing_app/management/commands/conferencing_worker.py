from __future__ import annotations

import signal
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from conferencing_app.conf import settings
from conferencing_app.engine.sweeper import look_once
from conferencing_app.provisioning import draining
from conferencing_app.services import workers
from conferencing_app.services.workers import Program


class Command(BaseCommand):
    help = (
        "Makes, moves and removes conferences, for sites without a Celery broker: looks for due work for ever. "
        "Any number may run. SIGTERM or Ctrl-C lets calls under way finish and ends within 10 seconds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--poll-seconds",
            type=float,
            default=1.0,
            help="How long to wait after a look that found nothing, in seconds (default: 1; at most SWEEP_SECONDS).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["poll_seconds"] > 0:  # nor NaN: it would look without a pause
            raise CommandError(_("--poll-seconds must be above 0."))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: draining.stopping.set())
        wait = min(options["poll_seconds"], settings.SWEEP_SECONDS)
        message = _("Looking for due work every %(seconds)s s; Ctrl-C ends.")
        self.stdout.write(message % {"seconds": f"{wait:g}"})
        while not draining.stopping.is_set():
            if not look_once(partial(draining.sweep, Program.WORKER)):
                draining.stopping.wait(wait)
        draining.finish()
        look_once(partial(workers.leave, Program.WORKER))
