"""A worker in slow motion: the real handler, each call made by hand."""

from __future__ import annotations

from conferencing_app.engine.jobs import Job
from conferencing_app.provisioning.reconcile import Conferences
from tests.unit.provisioning.model_provider import Fate, world

LEASE_SECONDS = 60.0
# How many times rows may be claimed before it counts as going on for ever.
ENOUGH = 30


def call(job: Job, fate: Fate = Fate.ANSWERED) -> None:
    """Make the call that the job is about; its outcome is as the pool would hand it over."""
    assert job.call is not None
    world.fate = fate
    try:
        job.outcome = job.call()
    except Exception as error:
        job.outcome = error
    world.fate = Fate.ANSWERED


def work(handler: Conferences) -> None:
    """Work until nothing is due, while the provider answers everything."""
    for _ in range(ENOUGH):
        jobs = handler.claim(8)
        if not jobs:
            return
        while jobs:
            handler.advance(jobs, True)
            for job in jobs:
                if job.call is None and job.lane is not None:
                    handler.release_lanes({job.lane: job.lane_fence})
            jobs = [job for job in jobs if job.call is not None]
            for job in jobs:
                call(job)
    raise AssertionError("it never comes to rest")


def begin(handler: Conferences) -> Job:
    """Claim the one row that is due, up to its first call."""
    (job,) = handler.claim(8)
    handler.advance([job], True)
    return job


def finish(handler: Conferences, job: Job) -> None:
    """Record the outcome, go on as long as there are calls, let go of the lane."""
    handler.advance([job], True)
    while job.call is not None:
        call(job)
        handler.advance([job], True)
    if job.lane is not None:
        handler.release_lanes({job.lane: job.lane_fence})
