"""A site under test: what a crash test does to it, and how it is judged."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http import QueryDict

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Meeting, Notification, NotificationDelivery
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import linking
from tests.e2e import checker
from tests.e2e.processes import Child, Nursery, is_alive, wait_until
from tests.hosts.models import Lesson


@dataclass
class Site:
    """Its database is this test's, its workers are processes, its Zoom is the sandbox."""

    nursery: Nursery
    sandbox: SandboxControl
    journal: Path
    owner: Any
    history: checker.LinkHistory
    ahead: float = 0.0

    def link_account(self) -> ConferencingProfile:
        """The owner links their account, or links it again, through the consent page."""
        browser = secrets.token_urlsafe(32)
        answer = self.sandbox.approve(linking.start(self.owner, "zoom", browser=browser), "alice.zoom@example.com")
        query = QueryDict(urlsplit(answer).query)
        return linking.finish(self.owner, "zoom", browser=browser, query=query, absolute_uri=answer).profile

    def save_lesson(self, title: str, **values: Any) -> Lesson:
        return Lesson.objects.create(owner=self.owner, title=title, **{"starts_at": self.lesson_time(), **values})

    def lesson_time(self) -> datetime:
        return (clock.read("default") + timedelta(days=2)).replace(microsecond=0)

    def leap(self, seconds: float) -> None:
        """Let time pass, for this process and for those that are started from now on."""
        self.ahead += seconds
        clock.offset = timedelta(seconds=self.ahead)

    def start_worker(self, failpoints: str = "") -> Child:
        return self.nursery.start("work", failpoints=failpoints, ahead=self.ahead)

    def crash_at(self, point: str) -> None:
        """Run a worker until it is killed at this point ("name", or "name:n" for its n-th time)."""
        name, _, times = point.partition(":")
        worker = self.start_worker(f"{name}=kill:{times or 1}")
        wait_until(lambda: not is_alive(worker.pid), lambda: f"a worker reaches {point}\n{self.report()}")
        assert worker.points_hit() == [name] * int(times or 1)

    def settle(self) -> None:
        """Run a sound worker until nothing is left to do."""
        worker = self.start_worker()
        wait_until(checker.is_settled, lambda: f"everything settles\n{self.report()}")
        worker.stop()

    def check(self) -> None:
        checker.check(self.journal)
        checker.check_heard()
        self.history.check()

    def report(self) -> str:
        """What is known when a test fails."""
        tables = (Conference, Meeting, ConferencingProfile, Notification, NotificationDelivery)
        rows = [row for table in tables for row in table.objects.values()]
        return "\n".join([*map(str, rows), self.nursery.output()[-4000:]])
