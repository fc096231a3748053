from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from conferencing_app.services.status import Status, status


class Command(BaseCommand):
    help = (
        "Says how the work stands: what is due and since when, why conferences wait, and which workers are seen. "
        "For monitors: ends with 1 when it is behind."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print all as one JSON object.")
        parser.add_argument(
            "--max-late-seconds", type=int, default=300, help="For how long work may be due (default: 300)."
        )
        parser.add_argument("--min-workers", type=int, default=1, help="How many workers there must be (default: 1).")
        parser.add_argument(
            "--max-failing", type=int, help="How many conferences may be failing (default: any number)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = status()
        behind = list(_behind(now, **options))
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(now), "late_seconds": now.late_seconds, "behind": behind}, indent=2))
        else:
            self._print(now)
        if behind:
            raise CommandError(" ".join(behind))

    def _print(self, now: Status) -> None:
        counts = ", ".join(f"{count} {state}" for state, count in now.conferences.items())
        self.stdout.write(_("Conferences: %(counts)s") % {"counts": counts})
        for one in now.waiting:
            about = {"cause": one.cause or _("being made"), "count": one.count, "parked": one.parked}
            self.stdout.write("  " + _("%(cause)s: %(count)d, of which %(parked)d wait for somebody") % about)
        for queue in now.queues:
            facts = {"name": queue.name, "due": queue.due, "age": _age(queue.late_seconds), "retried": queue.retried}
            self.stdout.write(_("%(name)s: %(due)d due, the oldest for %(age)s; %(retried)d tried again") % facts)
        endpoints = {"failing": now.endpoints.failing, "off": now.endpoints.off}
        self.stdout.write(_("Endpoints: %(failing)d do not answer, %(off)d were given up") % endpoints)
        for worker in now.workers:
            seen = {"name": worker.name, "program": worker.program, "age": _age(worker.seen_seconds_ago)}
            self.stdout.write(_("Worker %(name)s (%(program)s), seen %(age)s ago") % seen)
        if not now.workers:
            self.stdout.write(self.style.WARNING(_("No worker is seen.")))


def _behind(
    now: Status, *, max_late_seconds: int, min_workers: int, max_failing: int | None, **_: Any
) -> Iterator[str]:
    """What is beyond its limit, in plain words that do not change with the language: monitors look for them."""
    for queue in now.queues:
        if queue.late_seconds > max_late_seconds:
            yield f"{queue.name}: due for {queue.late_seconds} s, more than {max_late_seconds} s."
    if len(now.workers) < min_workers:
        yield f"workers: {len(now.workers)} seen, {min_workers} needed."
    failing = now.conferences["failing"]
    if max_failing is not None and failing > max_failing:
        yield f"failing: {failing} conferences, more than {max_failing}."


def _age(seconds: int) -> str:
    return str(timedelta(seconds=seconds))
