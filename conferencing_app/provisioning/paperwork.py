"""What is done with a conference between two calls, in the transaction that holds its row. Makes no call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from conferencing_app import clock
from conferencing_app.engine.jobs import NO_ANSWER, Job
from conferencing_app.exceptions import ConferencingError
from conferencing_app.models import Conference, Meeting
from conferencing_app.providers.types import AccessToken
from conferencing_app.provisioning import plan
from conferencing_app.provisioning.calls import Order, order_of
from conferencing_app.provisioning.record import record, record_failure
from conferencing_app.provisioning.scene import Scene
from conferencing_app.provisioning.shown import shown
from conferencing_app.services import attempts, credentials


def record_outcome(scene: Scene) -> None:
    """Take over what the job's last call brought; nothing for a row that was just claimed, or not called for yet."""
    notes, outcome = scene.job.notes, scene.job.outcome
    order = notes.get("order")
    if order is None or outcome is NO_ANSWER:
        return
    if notes.get("ticket") is not None:
        if isinstance(outcome, Exception):
            record_failure(scene, scene.meeting(order.step.meeting), outcome)
        return
    record(scene, order, outcome)


def keep_attempts(jobs: Sequence[Job], reading: clock.Reading, using: str) -> None:
    """Keep what was called for these jobs. A refresh is kept with the grant that it changed."""
    orders = [(job, job.notes["order"]) for job in jobs if "order" in job.notes]
    made = [
        attempts.Made(
            order.trace, order.operation, order.provider, order.profile, conference=job.key, meeting=order.step.meeting
        )
        for job, order in orders
    ]
    attempts.keep(made, reading, using)


def do_paperwork(scene: Scene) -> plan.Call | plan.Intend | plan.Rest:
    """Carry out the steps that only change a meeting's state; the first other one."""
    while True:
        step = scene.next_step()
        if isinstance(step, plan.Doom):
            meeting = scene.change(step.meeting)
            meeting.state, meeting.cause_code, meeting.retry_at = Meeting.State.DOOMED, "", None
        elif isinstance(step, plan.Bury):
            meeting = scene.change(step.meeting)
            meeting.state, meeting.gone_at = Meeting.State.GONE, scene.now
        else:
            return step


@dataclass(frozen=True)
class Draft:
    """A call as it is decided on, before that is committed.

    ``token`` None: it needs a refresh first, or can't be made at all, for which ``error`` says why.
    """

    scene: Scene
    order: Order
    token: AccessToken | None
    error: ConferencingError | None = None

    @property
    def creates_now(self) -> bool:
        """Whether the provider will hear of a new meeting as soon as this is committed."""
        return self.token is not None and isinstance(self.order.step, plan.Create)


def draft_of(scene: Scene, step: plan.Call) -> Draft:
    """Before a call: what must be known of it whatever becomes of this process, and of an earlier one that failed."""
    scene.conference.attempts = _attempts(scene)
    meeting = scene.meeting(step.meeting)
    if isinstance(step, plan.Update):
        # From now on it may be like this or like before: an event that is turned back has it updated as well.
        scene.change(meeting.pk).applied_digest = ""
    if isinstance(step, plan.Delete):
        # Nobody is shown a link that may lead nowhere from now on.
        _show(scene, next((each.pk for each in scene.meetings if each.state == Meeting.State.LIVE), None))
    provider = scene.profiles[meeting.profile_id].provider
    resolved = scene.resolved
    order = order_of(step, meeting, provider, resolved.spec, resolved.wanted.digest, scene.conference.version)
    grant = scene.grant(meeting.profile_id)
    try:
        token = credentials.usable(grant, scene.now) if grant is not None else None
    except ConferencingError as error:
        return Draft(scene, order, None, error)
    return Draft(scene, order, token)


def give_back(steps: Sequence[tuple[Scene, plan.Call | plan.Rest]], going_on: set[Scene]) -> None:
    """Let go of the rows that make no call now."""
    for scene, step in steps:
        if scene in going_on:
            continue
        if isinstance(step, plan.Rest):
            _finish(scene, step)
        else:
            # Another lane's turn, or no time left: it stays due, in its turn, and waits in the lane that it needs.
            scene.conference.lane_id, scene.conference.attempts = scene.lane_of(step), _attempts(scene)
            scene.conference.lease_until = None


def _finish(scene: Scene, rest: plan.Rest) -> None:
    """Nothing more to do for now: show what there is, and give the row back."""
    conference = scene.conference
    _show(scene, rest.shown)
    # What must be read afresh became so while a call was under way: this round knew nothing of it.
    again_at = scene.now if conference.stale else rest.again_at
    conference.due_at = _earliest(again_at, _end_of_waiting(scene))
    conference.attempts = _attempts(scene) if conference.due_at is not None else 0
    if (awaited := _awaited_lane(scene)) is not None:
        conference.lane = scene.profiles[awaited]  # as it is loaded: whoever announces names its provider
    conference.lease_until = None


def _show(scene: Scene, meeting: int | None) -> None:
    """Show people what there is, and since when: this meeting's link, if any."""
    conference, cause_before = scene.conference, scene.conference.cause_code
    for name, value in shown(scene, meeting).items():
        setattr(conference, name, value)
    if conference.cause_code != cause_before:
        conference.cause_since = scene.now if conference.cause_code else None


def _awaited_lane(scene: Scene) -> int | None:
    """The account that a meeting is to be made in, which may not have let anybody call yet."""
    not_made = (Meeting.State.PLANNED, Meeting.State.SENT)
    return next((meeting.profile_id for meeting in scene.meetings if meeting.state in not_made), None)


def _attempts(scene: Scene) -> int:
    return scene.conference.attempts + 1 if scene.failed else scene.conference.attempts


def _end_of_waiting(scene: Scene) -> datetime | None:
    """A conference that is not there is looked at when its event ends, to say that it is too late."""
    end = scene.conference.end
    waiting = scene.conference.state in (Conference.State.PENDING, Conference.State.FAILING)
    return end if waiting and end is not None and end > scene.now else None


def _earliest(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)
