"""What all work on due accounts has in common: an account's lease is its lane, so that nothing else calls for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, Value, When

from conferencing_app import clock
from conferencing_app.conf import settings
from conferencing_app.engine import claim
from conferencing_app.engine.jobs import Handler, Job
from conferencing_app.models import ConferencingProfile
from conferencing_app.models.profile import ConferencingProfileQuerySet


class AccountWork(Handler):
    """A handler of due profiles: ``those`` are its own. What is done with one is the subclass's business."""

    rest_seconds = 0.5

    def __init__(self, using: str) -> None:
        self.using = using

    def those(self, profiles: ConferencingProfileQuerySet) -> ConferencingProfileQuerySet:
        """Of these profiles, those that are this handler's."""
        raise NotImplementedError

    def claim(self, room: int) -> list[Job]:
        with transaction.atomic(using=self.using):
            rows = claim.lock(self.those(ConferencingProfile.objects.using(self.using).due()), room)
            leased = claim.lease(rows, settings.LEASE_SECONDS, self.using)
            self.claimed(leased)
        return [Job(self, row.pk, row.fence) for row in leased]

    def claimed(self, profiles: Sequence[ConferencingProfile]) -> None:
        """What is done with them in the transaction that leases them."""

    def release(self, jobs: Sequence[Job]) -> None:
        claim.release(ConferencingProfile, [(job.key, job.fence) for job in jobs], self.using)

    def release_lanes(self, held: dict[int, int]) -> None:
        """Rows and lanes are the same here."""

    def held(self, job: Job) -> ConferencingProfile | None:
        rows = ConferencingProfile.objects.using(self.using).filter(pk=job.key).held(job.fence)
        return rows.select_related("grant").first()

    def write(self, job: Job, profile: ConferencingProfile, values: dict[str, Any], due_at: datetime | None) -> None:
        """Give the row back. Where it was woken since it was read (its last meeting went, say) it stays due."""
        unchanged = When(due_at=profile.due_at, then=Value(due_at, output_field=DateTimeField()))
        rows = ConferencingProfile.objects.using(self.using).filter(pk=profile.pk).held(job.fence)
        rows.update(**values, lease_until=None, due_at=Case(unchanged, default=clock.now()))
