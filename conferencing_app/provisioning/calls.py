"""From a step to the call that carries it out, ready to run in a thread: no database in here, no settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from conferencing_app.exceptions import ConferencingError, Gone, Misconfigured, Unavailable
from conferencing_app.failpoints import failpoint
from conferencing_app.http import Trace
from conferencing_app.models import Attempt, Meeting
from conferencing_app.providers import registry
from conferencing_app.providers.base import MeetingClient
from conferencing_app.providers.types import AccessToken, MeetingSpec
from conferencing_app.provisioning import plan

OPERATIONS: dict[type[plan.Call], str] = {
    plan.Create: Attempt.Operation.CREATE.value,
    plan.Find: Attempt.Operation.FIND.value,
    plan.Update: Attempt.Operation.UPDATE.value,
    plan.ReadBack: Attempt.Operation.READ.value,
    plan.Delete: Attempt.Operation.DELETE.value,
}

# How soon a row that somebody else had locked is looked at again, in seconds.
LOCKED_SECONDS = 0.1


@dataclass(frozen=True)
class Order:
    """One call to a provider as the planner wants it: what is recorded with its answer."""

    step: plan.Call
    profile: int
    provider: str
    marker: str
    meeting_id: str
    spec: MeetingSpec | None
    digest: str
    # What the meeting's applied_digest was when this was ordered.
    applied_digest: str
    # What the conference's version was then: a higher one says that something was asked, or heard, meanwhile.
    version: int
    # What is seen of the call.
    trace: Trace = field(default_factory=Trace, compare=False)

    @property
    def operation(self) -> str:
        """What the call does, in one word."""
        return OPERATIONS[type(self.step)]


class LeaseOver(ConferencingError):
    """Nothing was sent: the row's lease had ended before its call could begin."""


def order_of(
    step: plan.Call, meeting: Meeting, provider: str, spec: MeetingSpec | None, digest: str, version: int
) -> Order:
    is_now = (meeting.marker, meeting.meeting_id, spec, digest, meeting.applied_digest, version)
    return Order(step, meeting.profile_id, provider, *is_now)


def call_of(order: Order, token: AccessToken, lease_ends: float) -> Callable[[], Any]:
    """The call, with its crash points before and after. Raises LeaseOver where it comes to its turn too late."""

    def call() -> Any:
        if time.monotonic() >= lease_ends:
            raise LeaseOver
        failpoint(f"{order.operation}.before_call")
        with order.trace:
            answer = _answer(order, token)
        failpoint(f"{order.operation}.after_call")
        return answer

    return call


def once_more(outcome: Any) -> Callable[[], Any]:
    """No call but a short wait: the job comes back with the outcome that it had."""

    def call() -> Any:
        time.sleep(LOCKED_SECONDS)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return call


def failing(error: Exception) -> Callable[[], Any]:
    """A call that can't even be made: its outcome is this error."""

    def call() -> Any:
        raise error

    return call


def _answer(order: Order, token: AccessToken) -> Any:
    try:
        return _ACTIONS[type(order.step)](_meetings(order.provider), token, order)
    except Gone as error:
        if not isinstance(order.step, plan.Create | plan.Find):
            raise
        # Nothing that could be gone was named. Taken at its word, another would be made at once, without an end.
        message = "The service says that what it was asked for does not exist."
        raise Unavailable(message, code=error.code, request_id=error.request_id) from None


def _meetings(alias: str) -> MeetingClient:
    try:
        return registry.get(alias).meetings
    except ImproperlyConfigured as error:
        raise Misconfigured(f"{alias} is not configured.") from error


def _create(meetings: MeetingClient, token: AccessToken, order: Order) -> Any:
    return meetings.create(token, _spec(order), order.marker)


def _find(meetings: MeetingClient, token: AccessToken, order: Order) -> Any:
    return meetings.find(token, order.marker, order.spec)


def _update(meetings: MeetingClient, token: AccessToken, order: Order) -> Any:
    return meetings.update(token, order.meeting_id, _spec(order), order.marker)


def _read_back(meetings: MeetingClient, token: AccessToken, order: Order) -> Any:
    return meetings.read(token, order.meeting_id)


def _delete(meetings: MeetingClient, token: AccessToken, order: Order) -> Any:
    return meetings.delete(token, order.meeting_id)


_ACTIONS: dict[type[plan.Call], Callable[[MeetingClient, AccessToken, Order], Any]] = {
    plan.Create: _create,
    plan.Find: _find,
    plan.Update: _update,
    plan.ReadBack: _read_back,
    plan.Delete: _delete,
}


def _spec(order: Order) -> MeetingSpec:
    if order.spec is None:
        raise ValueError("A meeting can't be made or changed without a time.")
    return order.spec
