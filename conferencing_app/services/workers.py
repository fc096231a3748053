"""Which processes do the work. Each leaves a row now and then, so that it shows when nobody does."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta
from enum import StrEnum

from celery.app import app_or_default
from django.conf import settings as django_settings
from django.db.models import QuerySet

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.models import Conference, Worker


class Program(StrEnum):
    """What a process is that does the work."""

    CELERY = "celery"
    WORKER = "conferencing_worker"
    DRAIN = "conferencing_drain"


# How often a process shows itself, in seconds; between two rows nothing is asked or written.
BEAT_SECONDS = 15.0
# For how long it then counts as running: a look may last a slice of each kind of work, cron comes every few minutes.
# A site whose workers look more seldom has them counted for as much longer.
EXPECTED = {
    Program.CELERY: timedelta(seconds=90),
    Program.WORKER: timedelta(seconds=90),
    Program.DRAIN: timedelta(minutes=10),
}
KEEP = timedelta(days=1)
# Workers look every few seconds: what has been due for so long while none is seen, waits for somebody to start one.
LONG_DUE = timedelta(seconds=20)

WITHOUT_BROKER = "python manage.py conferencing_worker"

# By name, when this process shows itself next, by its own clock.
_next_beat: dict[str, float] = {}


def beat(program: Program) -> None:
    """Show that this process does the work; costs something every ``BEAT_SECONDS`` only."""
    name = _name(program)
    if time.monotonic() < _next_beat.get(name, 0.0):
        return
    expected = max(EXPECTED[program], timedelta(seconds=3 * settings.SWEEP_SECONDS))
    values = {"program": program, "seen_at": clock.now(), "expected_until": clock.now(expected)}
    workers = Worker.objects.using(settings.DATABASE)
    if not workers.filter(name=name).update(**values):
        workers.bulk_create([Worker(name=name, **values)], ignore_conflicts=True)
    _next_beat[name] = time.monotonic() + BEAT_SECONDS


def leave(program: Program) -> None:
    """This process ends: it is not waited for."""
    name = _name(program)
    _next_beat.pop(name, None)
    Worker.objects.using(settings.DATABASE).filter(name=name).delete()


def running() -> QuerySet[Worker]:
    """Those that count as running, the one seen last first."""
    workers = Worker.objects.using(settings.DATABASE)
    return workers.filter(expected_until__gt=clock.now()).order_by("-seen_at", "pk")


def are_missed_by(conference: Conference) -> bool:
    """Whether this has been due for long, and no worker is seen: nobody will do it. Asks nothing of one not due."""
    if conference.due_at is None or conference.due_at > clock.about_now() - LONG_DUE:
        return False
    return not running().exists()


def command_to_type() -> str:
    """What starts a worker of this site, for whoever develops it; empty outside of DEBUG."""
    if not django_settings.DEBUG:
        return ""
    app = app_or_default()
    return f"celery -A {app.main} worker" if app.main and doorbell.configured(app) else WITHOUT_BROKER


def prune() -> int:
    """Forget those that were not seen for a day; how many."""
    deleted, _ = Worker.objects.using(settings.DATABASE).filter(expected_until__lt=clock.now(-KEEP)).delete()
    return deleted


def _name(program: Program) -> str:
    """Where programs run for a while, each process has its own; cron's are one a machine."""
    process = "cron" if program is Program.DRAIN else str(os.getpid())
    return f"{socket.gethostname()[:150]}:{process}"
