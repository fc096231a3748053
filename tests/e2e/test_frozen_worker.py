"""A worker that is frozen past its lease, and thaws after another has taken over, changes nothing for the worse.

Between two transactions the whole process is frozen (SIGSTOP). Around a call only its thread is: the rest of a frozen
process may be inside of a transaction, and on SQLite nobody else can write until it thaws.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from conferencing_app.models import Conference
from tests.e2e import checker
from tests.e2e.processes import Child, wait_until
from tests.e2e.site import Site

AFTER_THE_LEASE = 3.0


Freeze = Callable[[str], Child]
BETWEEN_TRANSACTIONS = ["claim.after_commit", "meeting.after_planned", "reply.after_commit", "meeting.after_sent"]


@pytest.fixture
def frozen(site: Site, tmp_path: Path) -> Freeze:
    def freeze_at(point: str) -> Child:
        action = "stop" if point in BETWEEN_TRANSACTIONS else f"wait:{tmp_path / 'thaw'}"
        worker = site.start_worker(f"{point}={action}")
        wait_until(worker.points_hit, site.report)
        return worker

    return freeze_at


def thaw(site: Site, worker: Child, tmp_path: Path) -> None:
    """Let it go on, and end when it has."""
    (tmp_path / "thaw").touch()
    worker.signal(signal.SIGCONT)
    worker.stop()
    site.settle()


@pytest.mark.parametrize("point", [*BETWEEN_TRANSACTIONS, "create.before_call", "create.after_call"])
def test_frozen_while_it_makes_a_meeting(site: Site, frozen: Freeze, tmp_path: Path, point: str) -> None:
    site.save_lesson("Scales")
    worker = frozen(point)
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    thaw(site, worker, tmp_path)
    site.check()


@pytest.mark.parametrize("point", ["update.before_call", "update.after_call", "read.before_call", "read.after_call"])
def test_frozen_while_it_moves_a_meeting_that_is_moved_again(
    site: Site, frozen: Freeze, tmp_path: Path, point: str
) -> None:
    lesson = site.save_lesson("Scales")
    site.settle()
    lesson.title = "Arpeggios"
    lesson.save()
    worker = frozen(point)
    lesson.title = "Sonatas"
    lesson.save()
    site.leap(AFTER_THE_LEASE)
    site.settle()
    site.check()
    thaw(site, worker, tmp_path)
    site.check()


@pytest.mark.parametrize("point", ["create.before_call", "create.after_call"])
def test_frozen_while_it_makes_a_meeting_for_an_event_that_is_then_deleted(
    site: Site, frozen: Freeze, tmp_path: Path, point: str
) -> None:
    lesson = site.save_lesson("Scales")
    worker = frozen(point)
    lesson.delete()
    site.leap(AFTER_THE_LEASE)
    site.settle()
    thaw(site, worker, tmp_path)
    site.check()
    assert checker.live_at_provider(site.journal) == []
    assert Conference.objects.get().event_deleted


@pytest.mark.parametrize("point", ["delete.before_call", "delete.after_call"])
def test_frozen_while_it_removes_the_meeting_of_an_event_that_is_turned_back(
    site: Site, frozen: Freeze, tmp_path: Path, point: str
) -> None:
    lesson = site.save_lesson("Scales")
    site.settle()
    lesson.cancelled = True
    lesson.save()
    worker = frozen(point)
    lesson.cancelled = False
    lesson.save()
    site.leap(AFTER_THE_LEASE)
    site.settle()
    thaw(site, worker, tmp_path)
    checker.check(site.journal)
