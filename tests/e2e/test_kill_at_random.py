"""Workers killed at random moments while people save, move, cancel and delete. PROMISES_FULL=1 kills 200 times.

The seed is printed with a failure; PROMISES_SEED=… repeats its choices, though not the moments within a process.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

import pytest

from tests.e2e import checker
from tests.e2e.processes import Child
from tests.e2e.site import Site
from tests.hosts.models import Lesson

KILLS = 200 if os.environ.get("PROMISES_FULL") == "1" else 20
SEED = int(os.environ.get("PROMISES_SEED") or random.SystemRandom().randrange(10**6))
WORKERS = 2
AFTER_THE_LEASE = 3.0


def do_something(site: Site, choose: random.Random) -> None:
    """What people do to their events; nothing here asks for another link."""
    lessons = list(Lesson.objects.filter(cancelled=False))
    if lessons and choose.random() < 2 / 3:
        change(choose.choice(lessons), site, choose)
    else:
        site.save_lesson(f"Lesson {choose.randrange(1000)}")


def change(lesson: Lesson, site: Site, choose: random.Random) -> None:
    """Rename, move, cancel or delete it."""
    match choose.choice(["rename", "move", "cancel", "delete"]):
        case "rename":
            lesson.title = f"Renamed {choose.randrange(1000)}"
        case "move":
            lesson.starts_at = site.lesson_time()
        case "cancel":
            lesson.cancelled = True
        case "delete":
            lesson.delete()
            return
    lesson.save()


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_orphaned_by_kills_at_random_moments(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    record_property("seed", SEED)
    print(f"PROMISES_SEED={SEED}, {KILLS} kills")
    choose = random.Random(SEED)
    site.sandbox.options(latency_seconds=0.03)  # so that many kills fall into a call
    workers: list[Child] = []
    for _ in range(KILLS):
        while len(workers) < WORKERS:
            workers.append(site.start_worker())
        for _ in range(choose.randrange(1, 5)):
            do_something(site, choose)
        time.sleep(choose.uniform(0.02, 0.5))
        workers.pop(choose.randrange(len(workers))).kill()
    record_property("kills", KILLS)
    for worker in workers:
        worker.stop()
    site.sandbox.options(latency_seconds=0)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    assert len(checker.live_at_provider(site.journal)) == Lesson.objects.filter(cancelled=False).count()
