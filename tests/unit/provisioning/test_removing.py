"""A meeting is about to be removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from conferencing_app import clock
from conferencing_app.models import Conference, Meeting
from conferencing_app.provisioning.reconcile import Conferences
from tests.hosts.models import Lesson
from tests.unit.provisioning.model_provider import now, world
from tests.unit.provisioning.working import begin, call, work


@pytest.fixture
def made(two_accounts: Any) -> Conference:
    Lesson.objects.create(owner=two_accounts, title="Scales", starts_at=now() + timedelta(days=1))
    work(Conferences("default"))
    return Conference.objects.get()


def test_whatever_becomes_of_the_worker_a_shown_link_leads_to_a_meeting(made: Conference) -> None:
    handler, shown = Conferences("default"), []
    Meeting.objects.all().doom()
    Conference.objects.update(due_at=clock.now(), version=F("version") + 1)
    job = begin(handler)
    while job.call is not None:
        call(job)
        shown.append(Conference.objects.get().join_url)  # as it stays if the worker ends here
        assert shown[-1] in links()
        handler.advance([job], True)
    assert shown == [made.join_url, *links()], "another was made first, and shown before the former went"


def links() -> list[str]:
    return [f"https://meet.example.com/{number}" for number in world.live()]
