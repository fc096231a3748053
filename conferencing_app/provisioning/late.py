"""Answers that arrive after another worker has taken the row over: what they left behind at the provider is put right.

A worker that was paused past its lease may write nothing of what it meant to. But its call may have had its effect,
and nobody else knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from conferencing_app import clock, doorbell
from conferencing_app.engine.jobs import NO_ANSWER, Job
from conferencing_app.exceptions import ProviderError
from conferencing_app.models import Conference, Meeting
from conferencing_app.providers.types import MeetingDetails
from conferencing_app.provisioning import plan
from conferencing_app.provisioning.budget import Budget
from conferencing_app.provisioning.paperwork import keep_attempts
from conferencing_app.provisioning.scene import Scene


def take_in(jobs: Sequence[Job], scenes: Sequence[Scene], using: str) -> None:
    """Take note of what the calls of those jobs have done that have no scene any more."""
    held = {scene.job.key for scene in scenes}
    called = [job for job in jobs if job.key not in held and "order" in job.notes and "ticket" not in job.notes]
    if not called:
        return
    keep_attempts(called, clock.reading(using), using)
    for job in called:
        if _had_effect(job.outcome):
            _take_in(job, using)


def _had_effect(outcome: Any) -> bool:
    if outcome is NO_ANSWER:
        return False
    return outcome.outcome_unknown if isinstance(outcome, ProviderError) else not isinstance(outcome, Exception)


def _take_in(job: Job, using: str) -> None:
    step = job.notes["order"].step
    if not isinstance(step, plan.Create | plan.Update):
        return
    with transaction.atomic(using=using):
        # The conference before its meetings, the order in which a worker locks them.
        rows = Conference.objects.using(using).filter(pk=job.key)
        list(rows.select_for_update())
        meeting = Meeting.objects.using(using).select_for_update().filter(pk=step.meeting).first()
        if meeting is None:
            return
        if not isinstance(job.outcome, Exception):
            _count(meeting, using)
        changed = _made(meeting, job.outcome, using) if isinstance(step, plan.Create) else _updated(meeting, using)
        if changed:
            rows.wake()
            doorbell.ring(using)


def _count(meeting: Meeting, using: str) -> None:
    """It counts to what the account may change today."""
    budget = Budget([meeting.profile], clock.read(using), using)
    budget.spend(meeting.profile_id)
    budget.save()


def _made(meeting: Meeting, outcome: Any, using: str) -> bool:
    """What a create made is to be removed, unless it has been found and adopted meanwhile."""
    table = Meeting.objects.using(using)
    if not isinstance(outcome, MeetingDetails):
        # Whether it made one is to be looked for, also where that has been done before.
        doomed = meeting.state == Meeting.State.GONE
        state = Meeting.State.DOOMED if doomed else meeting.state
        return bool(table.filter(pk=meeting.pk).update(state=state, second_look=True, sent_at=clock.now()))
    if table.filter(conference=meeting.conference_id, meeting_id=outcome.meeting_id).exists():
        return False
    table.create(
        conference_id=meeting.conference_id,
        profile_id=meeting.profile_id,
        state=Meeting.State.DOOMED,
        marker=meeting.marker,
        meeting_id=outcome.meeting_id,
        sent_at=meeting.sent_at,
        created_at=clock.read(using),
    )
    return True


def _updated(meeting: Meeting, using: str) -> bool:
    """An old update may have overwritten a newer one: a digest like no other has the meeting brought up to date."""
    late = f"late-{secrets.token_hex(8)}"
    return bool(Meeting.objects.using(using).filter(pk=meeting.pk).update(applied_digest=late))
