"""Conferences as due work: claim them with their lanes, take each one step further, record, show.

One external call at a time, its answer committed before the next. Between two calls everything that needs no call is
done in the transaction that records the last answer.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, transaction
from django.db.models import Case, DateTimeField, Exists, OuterRef, Q, Value, When

from conferencing_app import causes, clock
from conferencing_app.conf import settings
from conferencing_app.engine import batches, claim, lanes, retry
from conferencing_app.engine.jobs import NO_ANSWER, Handler, Job
from conferencing_app.exceptions import AccessTokenExpired, ConferencingError, Unavailable
from conferencing_app.failpoints import failpoint
from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.notifications import announcing
from conferencing_app.provisioning import calls, late, plan
from conferencing_app.provisioning.paperwork import (
    Draft,
    do_paperwork,
    draft_of,
    give_back,
    keep_attempts,
    record_outcome,
)
from conferencing_app.provisioning.scene import Scene, load, locked_elsewhere
from conferencing_app.services import attaching, credentials

logger = logging.getLogger(__name__)

# How many rows of one lane are claimed together: they run one after the other, and others should get their turn.
ROWS_PER_LANE = 8
# When another process refreshes the token that a row needs, the row comes back after this, in seconds.
REFRESH_WAIT_SECONDS = 0.5

# What a round may change of a row; everything else belongs to those who save events.
MEETING_COLUMNS = (
    *("state", "sent_at", "second_look", "read_back", "missing_since", "cause_code", "retry_at", "meeting_id"),
    *("join_url", "passcode", "dial_in", "host_url", "applied_digest", "starts_at", "ends_at", "live_at", "gone_at"),
)
SHOWN_COLUMNS = ("state", "provider", "join_url", "passcode", "dial_in", "cause_code", "cause_since", "assigned_at")
# While it goes on to its next call, to one that removes a meeting, and when it is given back.
WHILE_CALLING = ("host_deletions", "lane", "attempts", *announcing.COLUMNS)
WHILE_REMOVING = (*SHOWN_COLUMNS, *WHILE_CALLING)
CONFERENCE_COLUMNS = (*WHILE_REMOVING, "due_at", "lease_until")

LEAVING = ConferencingProfile.State.LEAVING


class Conferences(Handler):
    """The handler of due conferences."""

    def __init__(self, using: str) -> None:
        self.using = using

    def claim(self, room: int) -> list[Job]:
        full = lanes.full(ConferencingProfile, gate="provider", cap=settings.PROVIDER_CONCURRENCY, using=self.using)
        lease_ends = time.monotonic() + settings.LEASE_SECONDS
        busy = ConferencingProfile.objects.filter(
            Q(lease_until__gt=clock.now()) | Q(provider__in=full), pk=OuterRef("lane_id")
        )
        with transaction.atomic(using=self.using):
            due = Conference.objects.using(self.using).due().filter(~Exists(busy)).only("fence", "lane", "stale")
            rows = claim.lock(due, room)
            held = self._take_lanes({row.lane_id for row in rows if row.lane_id is not None})
            mine = _at_most_per_lane([row for row in rows if row.lane_id is None or row.lane_id in held])
            leased = claim.lease(mine, settings.LEASE_SECONDS, self.using)
        failpoint("claim.after_commit")
        return [self._job(row, held, lease_ends) for row in leased]

    def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
        jobs = [job for job in jobs if self._is_prepared(job)]
        with transaction.atomic(using=self.using):
            reading, budget, scenes = load(jobs, self.using)
            for scene in scenes:
                record_outcome(scene)
            keep_attempts([scene.job for scene in scenes], reading, self.using)
            steps = self._plan(scenes)
            going_on = self._with_lane(steps) if may_call else []
            drafts = [draft_of(scene, step) for scene, step in going_on]
            going = {scene for scene, _ in going_on}
            give_back(steps, going)
            announcing.announce_conferences([scene.conference for scene in scenes], reading.now, self.using)
            self._save(scenes, drafts)
            budget.save()
            self._mark_sent(drafts)
            failpoint("reply.before_commit")
        failpoint("reply.after_commit")
        locked = [job for job in locked_elsewhere(jobs, scenes, self.using) if time.monotonic() < job.lease_ends]
        jobs = [job for job in jobs if job not in locked]
        late.take_in(jobs, scenes, self.using)
        for job in jobs:
            job.call, job.outcome = None, NO_ANSWER
            job.notes = {"token_renewed": job.notes.get("token_renewed", False)}
        for job in locked:
            job.call = calls.once_more(job.outcome)
        for scene in scenes:
            scene.keep_lane()
        for draft in drafts:
            self._set_call(draft)

    def fail(self, job: Job) -> None:
        """Something on our side raised: the row is tried again, later and later, and says so."""
        with transaction.atomic(using=self.using):
            held = Conference.objects.using(self.using).filter(pk=job.key).held(job.fence)
            row = held.select_for_update().first()
            if row is None:
                return
            now = clock.read(self.using)
            at = retry.next_try(causes.Retry.TRANSIENT, row.attempts + 1, now, start=row.start)
            if row.state != Conference.State.ASSIGNED:
                row.state = Conference.State.FAILING
            row.cause_code = "internal"
            announcing.announce_conferences([row], now, self.using)
            columns = ("state", "cause_code", *announcing.COLUMNS)
            values = {name: getattr(row, name) for name in columns}
            self._put_off(row, {**values, "attempts": row.attempts + 1}, at)

    def release(self, jobs: Sequence[Job]) -> None:
        claim.release(Conference, [(job.key, job.fence) for job in jobs], self.using)

    def release_lanes(self, held: dict[int, int]) -> None:
        lanes.release(ConferencingProfile, held, self.using)

    def _is_prepared(self, job: Job) -> bool:
        """Do what must be committed by itself; whether that worked.

        Where the host's own code raises on its event, that row alone is put off. Else each of its group would be taken
        on by itself, and one poisoned event slow down all others.
        """
        try:
            _before_transaction(job, self.using)
        except DatabaseError:
            raise
        except Exception:  # Whatever the host's own code raises.
            logger.exception("The event of row %s could not be read.", job.key)
            job.call = None
            self.fail(job)
            return False
        return True

    def _job(self, row: Conference, held: dict[int, int], lease_ends: float) -> Job:
        fence_of_lane = held[row.lane_id] if row.lane_id is not None else 0
        notes = {"stale": True} if row.stale else {}
        return Job(self, row.pk, row.fence, row.lane_id, fence_of_lane, notes=notes, lease_ends=lease_ends)

    def _take_lanes(self, ids: set[int]) -> dict[int, int]:
        return lanes.take(
            ConferencingProfile,
            ids,
            gate="provider",
            cap=settings.PROVIDER_CONCURRENCY,
            seconds=settings.LEASE_SECONDS,
            using=self.using,
        )

    def _plan(self, scenes: Sequence[Scene]) -> list[tuple[Scene, plan.Call | plan.Rest]]:
        """Carry out every step that needs no call; for each scene the first that does, or Rest."""
        steps: list[tuple[Scene, plan.Call | plan.Rest]] = []
        while scenes:
            intents = []
            for scene in scenes:
                step = do_paperwork(scene)
                if isinstance(step, plan.Intend):
                    intents.append((scene, step.profile))
                else:
                    steps.append((scene, step))
            self._intend(intents)
            scenes = [scene for scene, _ in intents]
        return steps

    def _intend(self, intents: Sequence[tuple[Scene, int]]) -> None:
        planned = [
            Meeting(conference=scene.conference, profile_id=profile, created_at=scene.now) for scene, profile in intents
        ]
        Meeting.objects.using(self.using).bulk_create(planned)
        for (scene, _), meeting in zip(intents, planned, strict=True):
            scene.meetings.append(meeting)
        if planned:
            transaction.on_commit(partial(failpoint, "meeting.after_planned"), using=self.using)

    def _with_lane(self, steps: Sequence[tuple[Scene, plan.Call | plan.Rest]]) -> list[tuple[Scene, plan.Call]]:
        """Those that may make their call now: the job holds the lane, or gets it here as the first that needs it."""
        calling = [(scene, step, scene.lane_of(step)) for scene, step in steps if isinstance(step, plan.Call)]
        free = self._take_lanes({lane for scene, _, lane in calling if scene.job.lane is None})
        for scene, _, lane in calling:
            if scene.job.lane is None and lane in free:
                scene.taken = (lane, free.pop(lane))
                scene.conference.lane_id = lane
        now = time.monotonic()
        return [(scene, step) for scene, step, lane in calling if scene.lane == lane and now < scene.job.lease_ends]

    def _save(self, scenes: Sequence[Scene], drafts: Sequence[Draft]) -> None:
        """Write down what has changed. The rows are locked, so nobody has asked for more meanwhile."""
        meetings = [meeting for scene in scenes for meeting in scene.meetings if meeting.pk in scene.changed]
        batches.rewrite(meetings, MEETING_COLUMNS, self.using)
        steps = {draft.scene: draft.order.step for draft in drafts}
        rows = defaultdict(list)
        for scene in scenes:
            rows[_columns(steps.get(scene))].append(scene.conference)
        for columns, conferences in rows.items():
            batches.rewrite(conferences, columns, self.using)
        leaving = {
            meeting.profile_id
            for scene in scenes
            for meeting in scene.meetings
            if meeting.state == Meeting.State.GONE and scene.profiles[meeting.profile_id].state == LEAVING
        }
        if leaving:
            # It may have been the last that kept the profile from leaving for good.
            ConferencingProfile.objects.using(self.using).filter(pk__in=leaving).wake()

    def _put_off(self, row: Conference, values: dict[str, object], due_at: datetime | None) -> None:
        """Give a row back outside of the transaction that read it; where more was asked for meanwhile it stays due."""
        unchanged = When(version=row.version, then=Value(due_at, output_field=DateTimeField()))
        Conference.objects.using(self.using).filter(pk=row.pk).held(row.fence).update(
            **values, lease_until=None, due_at=Case(unchanged, default=clock.now())
        )

    def _mark_sent(self, drafts: Sequence[Draft]) -> None:
        """Committed before the first byte leaves: from now on these meetings may exist. Their rows are locked."""
        creating = [draft.order.step.meeting for draft in drafts if draft.creates_now]
        if creating:
            rows = Meeting.objects.using(self.using).filter(pk__in=creating)
            rows.update(state=Meeting.State.SENT, sent_at=clock.now())
            transaction.on_commit(partial(failpoint, "meeting.after_sent"), using=self.using)

    def _set_call(self, draft: Draft) -> None:
        """The job's call: the step itself where a token is at hand, else the refresh that it needs first."""
        job, grant = draft.scene.job, draft.scene.grant(draft.order.profile)
        job.notes["order"] = draft.order
        if draft.error is not None:
            job.call = calls.failing(draft.error)
        elif draft.token is not None and grant is not None:
            job.notes |= {"token": draft.token, "stored": grant.access_token}
            job.call = calls.call_of(draft.order, draft.token, job.lease_ends)
        else:
            self._refresh_first(draft.scene)

    def _refresh_first(self, scene: Scene) -> None:
        """Set the refresh as the job's call, or put the row off for a moment."""
        job = scene.job
        assert job.lane is not None  # noqa: S101 - says so to the type checker
        try:
            ticket = credentials.begin_refresh(job.lane, conference_id=scene.conference.pk)
        except ConferencingError as error:
            job.call = calls.failing(error)
            return
        if ticket is None:
            self._put_off(scene.conference, {}, scene.now + timedelta(seconds=REFRESH_WAIT_SECONDS))
            return
        job.notes["ticket"] = ticket
        job.call = partial(credentials.carry_out, ticket)


def _columns(step: plan.Call | None) -> tuple[str, ...]:
    """What is written of a row before this call, or where there is none."""
    if step is None:
        return CONFERENCE_COLUMNS
    return WHILE_REMOVING if isinstance(step, plan.Delete) else WHILE_CALLING


def _before_transaction(job: Job, using: str) -> None:
    """What must be committed by itself, once: a new pair of tokens, and an event that is read afresh."""
    if job.notes.get("settled"):
        return
    if job.notes.get("ticket") is not None:
        not_begun = Unavailable("The refresh was not begun.")
        credentials.finish_refresh(job.notes["ticket"], not_begun if job.outcome is NO_ANSWER else job.outcome)
    if isinstance(job.outcome, AccessTokenExpired) and "token" in job.notes and job.lane is not None:
        credentials.expire(job.lane, job.notes["token"])
    if job.notes.get("stale"):
        _read_afresh(job, using)
    job.notes["settled"] = True


def _read_afresh(job: Job, using: str) -> None:
    row = Conference.objects.using(using).filter(pk=job.key).held(job.fence).first()
    if row is not None:
        attaching.read_afresh(row)


def _at_most_per_lane(rows: Sequence[Conference]) -> list[Conference]:
    counts: dict[int | None, int] = {}
    chosen = []
    for row in rows:
        counts[row.lane_id] = counts.get(row.lane_id, 0) + 1
        if row.lane_id is None or counts[row.lane_id] <= ROWS_PER_LANE:
            chosen.append(row)
    return chosen
