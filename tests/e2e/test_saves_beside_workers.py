"""People save, move, cancel and delete while workers are at the same rows: no save fails, and all comes out right."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.e2e.site import Site
from tests.e2e.test_kill_at_random import change
from tests.hosts.models import Lesson

WORKERS, PEOPLE = 3, 4
ROUNDS = 200 if os.environ.get("PROMISES_FULL") == "1" else 40


def live(site: Site, choose: random.Random) -> None:
    """One person: each has events of their own."""
    mine: list[Lesson] = []
    try:
        for number in range(ROUNDS):
            if not mine or choose.random() < 0.4:
                mine.append(site.save_lesson(f"Lesson {number}"))
                continue
            lesson = choose.choice(mine)
            change(lesson, site, choose)
            if lesson.pk is None or lesson.cancelled:
                mine.remove(lesson)
    finally:
        connection.close()


@pytest.mark.slow
def test_no_save_fails_because_of_a_worker(site: Site) -> None:
    for _ in range(WORKERS):
        site.start_worker()
    with ThreadPoolExecutor(PEOPLE) as people:
        for done in [people.submit(live, site, random.Random(seed)) for seed in range(PEOPLE)]:
            done.result()
    site.settle()
    site.check()
    assert "could not be" not in site.nursery.output(), "no worker gave a row up"
