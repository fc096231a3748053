"""Linked accounts as due work, so that their grants stay alive, and come back where they can.

A refresh token that nobody uses dies of it (at Zoom after 90 days): once a day each is used, which renews it. A grant
that was dead may come back without its person (an administrator allows the app again): a few times a day it is tried.
Only the token endpoint is asked, and only its verdict changes what the account is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import ImproperlyConfigured

from conferencing_app import clock
from conferencing_app.engine.jobs import NO_ANSWER, Job
from conferencing_app.exceptions import ConferencingError
from conferencing_app.models import ConferencingProfile
from conferencing_app.models.profile import ConferencingProfileQuerySet
from conferencing_app.providers import registry
from conferencing_app.provisioning.accounts import AccountWork
from conferencing_app.services import credentials, grants

# A refresh token that was used this lately is not used for its own sake.
FRESH = timedelta(hours=20)


class Checkups(AccountWork):
    """The handler of due profiles that people have."""

    def those(self, profiles: ConferencingProfileQuerySet) -> ConferencingProfileQuerySet:
        return profiles.linked()

    def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
        for job in jobs:
            self._advance_one(job, may_call)

    def fail(self, job: Job) -> None:
        self._put_off(job)

    def _advance_one(self, job: Job, may_call: bool) -> None:
        if job.outcome is not NO_ANSWER:
            if job.call is not None:
                credentials.finish_refresh(job.notes["ticket"], job.outcome)
                job.call = None
            self._put_off(job)
        elif not self._is_wanted(job):
            self._put_off(job)
        elif not may_call:
            self.release([job])
        else:
            self._call(job)

    def _is_wanted(self, job: Job) -> bool:
        """Whether a refresh serves any purpose now."""
        profile = self.held(job)
        return profile is not None and is_kept(profile) and not _is_fresh(profile, clock.read(self.using))

    def _call(self, job: Job) -> None:
        try:
            ticket = credentials.begin_refresh(job.key)
        except ConferencingError:
            ticket = None  # Its key is missing, or it was wiped just now.
        if ticket is None:
            self._put_off(job)
            return
        job.notes["ticket"] = ticket
        job.call = partial(credentials.carry_out, ticket)

    def _put_off(self, job: Job) -> None:
        """Until its next look, by what it is now."""
        profile = self.held(job)
        if profile is not None:
            now = clock.read(self.using)
            self.write(job, profile, {"attempts": 0}, _next_look(profile, now) if is_kept(profile) else None)


def is_kept(profile: ConferencingProfile) -> bool:
    """Whether it has a grant that a refresh may keep alive, or bring back."""
    if not profile.is_linked or not hasattr(profile, "grant"):
        return False
    return bool(_lives_on_use(profile.provider)) if profile.connected else profile.cause not in grants.CUT_OFF


def _next_look(profile: ConferencingProfile, now: datetime) -> datetime:
    since = profile.grant.refreshed_at if _is_fresh(profile, now) else None
    return (since or now) + grants.until_next_look(profile.state)


def _is_fresh(profile: ConferencingProfile, now: datetime) -> bool:
    """Whether its refresh token was used lately, and did not turn out to be dead."""
    refreshed_at = profile.grant.refreshed_at
    return profile.connected and refreshed_at is not None and refreshed_at > now - FRESH


def _lives_on_use(alias: str) -> bool:
    try:
        return registry.get(alias).refresh_token_days > 0
    except ImproperlyConfigured:
        return False
