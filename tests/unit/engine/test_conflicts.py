"""Of two transactions that wait for each other the database gives one up; it is run again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from conferencing_app.engine import conflicts, slices
from conferencing_app.engine.jobs import Job
from conferencing_app.engine.pool import Pool
from conferencing_app.engine.stopping import Stop
from conferencing_app.models.work import Gate
from tests.unit.engine.test_slices import Rows


class Crossing:
    """Locks two rows, one after the other; ``both`` lets two of them have their first at the same time."""

    def __init__(self) -> None:
        self.both = threading.Barrier(2)
        self.begun: list[str] = []
        self.errors: list[bool] = []

    def cross(self, first: str, second: str) -> str:
        self.begun.append(first)
        try:
            with transaction.atomic():
                Gate.objects.filter(name=first).update(name=first)
                with suppress(threading.BrokenBarrierError):  # SQLite lets no second one in
                    self.both.wait(0.5)
                Gate.objects.filter(name=second).update(name=second)
        except DatabaseError as error:
            self.errors.append(conflicts.lost(error))
            raise
        return first

    def run(self, first: str, second: str) -> str:
        try:
            return conflicts.again(lambda: self.cross(first, second))
        finally:
            connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_cured_by_running_the_loser_again() -> None:
    Gate.objects.bulk_create([Gate(name="a"), Gate(name="b")])
    crossing = Crossing()
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(crossing.run, *names) for names in (("a", "b"), ("b", "a"))]
        assert [future.result() for future in done] == ["a", "b"]
    if connection.vendor == "sqlite":
        assert crossing.errors == []
    else:
        assert (crossing.errors, len(crossing.begun)) == ([True], 3)


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (OperationalError(1213, "Deadlock found"), True),
        (OperationalError(1205, "Lock wait timeout exceeded"), True),
        (OperationalError(2006, "Server has gone away"), False),
        (OperationalError("server closed the connection unexpectedly"), False),
        (IntegrityError(), False),
    ],
)
def test_a_conflict_is_known_from_other_errors(error: DatabaseError, lost: bool) -> None:
    assert conflicts.lost(error) is lost


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflicts, "PAUSE_SECONDS", 0)
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError(1213, "Deadlock found")

    with pytest.raises(OperationalError):
        conflicts.again(work)
    assert len(tries) == conflicts.TRIES


def test_a_row_whose_transaction_loses_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflicts, "PAUSE_SECONDS", 0)
    losses = iter([OperationalError(1213, "Deadlock found")] * 2)

    class Losing(Rows):
        def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
            for error in losses:
                raise error
            super().advance(jobs, may_call)

    rows = Losing(1)
    assert slices.Slice([rows], Pool(1), 5, Stop()).run() == 1
    assert (rows.finished, rows.failed) == ([0], [])
