"""Saves at the same time, and processes that die in the middle: event and conference always tell the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from conferencing_app import events
from conferencing_app.models import Conference
from tests.hosts.models import Lesson
from tests.hosts.wanted import START, lesson, row

ROOT = Path(__file__).resolve().parents[3]
SAVERS, ROUNDS = 4, 8

SAVE_IN_A_PROCESS = """
import django
django.setup()
from tests.hosts.wanted import lesson
event = lesson(None, title="From a process")
event.conferencing = {"profile_id": "default"}  # which no event's own INSERT can take along
event.save()
"""


@pytest.mark.django_db(transaction=True)
def test_the_last_save_wins_whatever_runs_beside_it() -> None:
    event = lesson(None)
    event.save()

    def save(number: int) -> None:
        try:
            for turn in range(ROUNDS):
                mine = Lesson.objects.get(pk=event.pk)
                mine.title = f"{number}-{turn}"
                mine.save()
        finally:
            connection.close()

    def sync(_: int) -> None:
        try:
            for turn in range(ROUNDS):
                Lesson.objects.filter(pk=event.pk).update(description=f"Turn {turn}")
                events.sync(Lesson.objects.filter(pk=event.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(SAVERS + 1) as pool:
        running = [*(pool.submit(save, number) for number in range(SAVERS)), pool.submit(sync, 0)]
        for future in running:
            future.result()
    stored, wanted = Lesson.objects.get(), row(event)
    assert (wanted.summary, wanted.description) == (stored.title, stored.description)
    assert wanted.version > ROUNDS
    assert Conference.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("point", "expected"), [("save.before_wanted", 0), ("save.before_commit", 0), ("save.after_commit", 1)]
)
def test_a_killed_process_leaves_both_or_neither(point: str, expected: int, tmp_path: Path) -> None:
    log = tmp_path / "failpoints"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "CONFERENCING_FAILPOINTS": f"{point}=kill",
        "CONFERENCING_FAILPOINT_LOG": str(log),
    }
    process = subprocess.run([sys.executable, "-c", SAVE_IN_A_PROCESS], cwd=ROOT, env=environment, check=False)
    assert process.returncode == -signal.SIGKILL
    assert log.read_text() == f"{point}\n"
    assert (Lesson.objects.count(), Conference.objects.count()) == (expected, expected)


@pytest.mark.django_db(transaction=True)
def test_two_first_saves_under_one_key_make_one_conference() -> None:
    def create(_: int) -> None:
        try:
            Lesson(pk=77, title="Given key", starts_at=START).save()
        finally:
            connection.close()

    with ThreadPoolExecutor(SAVERS) as pool:
        for future in [pool.submit(create, number) for number in range(SAVERS)]:
            assert isinstance(future.exception(), IntegrityError | None)
    assert Conference.objects.get().event_key == "77"
