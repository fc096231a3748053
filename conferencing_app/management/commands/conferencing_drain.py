from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from conferencing_app.provisioning import draining
from conferencing_app.services import workers
from conferencing_app.services.workers import Program


class Command(BaseCommand):
    help = "Does the work that is due, once: for cron, or for sites that run no worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--limit-seconds", type=float, default=50.0, help="Stop after this many seconds (default: 50)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["limit_seconds"] > 0:
            raise CommandError(_("--limit-seconds must be above 0."))
        workers.beat(Program.DRAIN)
        finished = draining.drain_until_idle(options["limit_seconds"])
        self.stdout.write(_("%(count)d done.") % {"count": finished})
