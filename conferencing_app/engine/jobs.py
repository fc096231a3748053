"""What the engine knows of work: rows on their way, and the handlers that know what a row means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

# The outcome of a job of which no call has come back since it was last taken on.
NO_ANSWER: Any = object()


@dataclass(eq=False)
class Job:
    """A claimed row on its way.

    ``call`` is what to run next in the pool; None once the row is finished. ``outcome`` is what the last call
    returned, or the exception that it raised; NO_ANSWER where none was made: a job whose handler raised after it had
    set the call is taken on once more. ``notes`` is the handler's own.
    """

    handler: Handler
    key: int
    fence: int
    lane: int | None = None
    lane_fence: int = 0
    call: Callable[[], Any] | None = None
    outcome: Any = NO_ANSWER
    notes: dict[str, Any] = field(default_factory=dict)
    # By this process's own clock: when the row's lease ends. From then on nothing may be sent for it.
    lease_ends: float = math.inf


class Handler(Protocol):
    """What the engine needs to know of one kind of due work."""

    # After a claim that found nothing it is not asked again for so long, in seconds, while there is other work: each
    # claim costs that work a transaction.
    rest_seconds: float = 0.0

    def claim(self, room: int) -> list[Job]:
        """Lease up to ``room`` due rows, together with the lanes that they are in."""

    def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
        """Record each job's outcome, then set its next ``call``, or finish its row and leave ``call`` None.

        It is called once more where the database gave its transaction up for another's sake.

        A job without a lane may be given one here, which the handler has just taken for it alone.
        Where ``may_call`` is false time is up: a row that needs another call is let go of, and stays due.
        """

    def fail(self, job: Job) -> None:
        """The handler raised on this job alone: keep the row, try it again later."""

    def release(self, jobs: Sequence[Job]) -> None:
        """Let go of rows that were claimed and not begun; they stay due."""

    def release_lanes(self, lanes: dict[int, int]) -> None:
        """Let go of lanes."""
