"""Profiles that leave, as due work: their meetings are removed first, then the grant is given back, then all is wiped.

What the removal needs, the token included, outlives the link and even the person until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from conferencing_app import causes, clock
from conferencing_app.engine import retry
from conferencing_app.engine.jobs import NO_ANSWER, Job
from conferencing_app.exceptions import AccessTokenExpired, ConferencingError, Relink
from conferencing_app.failpoints import failpoint
from conferencing_app.http import Trace
from conferencing_app.models import Attempt, Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.models.profile import ConferencingProfileQuerySet
from conferencing_app.notifications import announcing
from conferencing_app.providers.types import AccessToken
from conferencing_app.provisioning.accounts import AccountWork
from conferencing_app.provisioning.calls import failing
from conferencing_app.provisioning.record import asked_pause, cause_of
from conferencing_app.services import attempts, credentials, grants

State = ConferencingProfile.State


@dataclass(frozen=True)
class Revocation:
    """What a job's call was: a refresh by this ticket, or the revocation with this token."""

    ticket: credentials.RefreshTicket | None = None
    token: AccessToken | None = None
    trace: Trace = field(default_factory=Trace, compare=False)


class Farewells(AccountWork):
    """The handler of due profiles that people have parted with."""

    def those(self, profiles: ConferencingProfileQuerySet) -> ConferencingProfileQuerySet:
        return profiles.exclude(state__in=[State.CONNECTED, State.DISCONNECTED])

    def claimed(self, profiles: Sequence[ConferencingProfile]) -> None:
        # The deletion of a person could not: it only marked their profiles.
        announcing.announce_profiles(profiles)

    def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
        for job in jobs:
            job.call, last = None, job.notes.pop("last", None)
            self._advance_one(job, last if job.outcome is not NO_ANSWER else None, may_call)
            job.outcome = NO_ANSWER

    def fail(self, job: Job) -> None:
        profile = self.held(job)
        if profile is not None:
            self._again(job, profile, "internal")

    def _advance_one(self, job: Job, last: Revocation | None, may_call: bool) -> None:
        profile = self.held(job)
        if profile is None:
            return
        if last is not None:
            made = attempts.Made(last.trace, Attempt.Operation.REVOKE.value, profile.provider, profile.pk)
            attempts.keep([made], clock.reading(self.using), self.using)
        if profile.state != State.LEAVING:
            self.write(job, profile, {}, None)
        elif last is not None and self._is_over(job, last):
            self._wipe(job, profile)
        elif last is not None and isinstance(job.outcome, Exception) and not _may_go_on(job):
            self._again(job, profile, cause_of(job.outcome))
        elif last is None and self._meetings_left(profile):
            self._again(job, profile, "")
        elif not hasattr(profile, "grant"):
            self._wipe(job, profile)
        elif not may_call:
            self.release([job])
        else:
            self._call(job, profile)

    def _is_over(self, job: Job, last: Revocation) -> bool:
        """Record the last call; whether the grant is dead now, by our revocation or by itself."""
        if last.ticket is not None:
            credentials.finish_refresh(last.ticket, job.outcome)
        elif isinstance(job.outcome, AccessTokenExpired) and last.token is not None:
            credentials.expire(job.key, last.token)
        revoked = last.ticket is None and not isinstance(job.outcome, Exception)
        return revoked or isinstance(job.outcome, Relink)

    def _meetings_left(self, profile: ConferencingProfile) -> bool:
        """Whether meetings are still to be removed, or looked for. A person who was deleted leaves none behind."""
        meetings = Meeting.objects.using(self.using).filter(profile=profile).present()
        with transaction.atomic(using=self.using):
            if profile.user_id is None:
                ahead = meetings.filter(Q(ends_at=None) | Q(ends_at__gt=clock.now()))
                ahead = ahead.exclude(state=Meeting.State.DOOMED)
                # Conferences before meetings, the order in which a worker locks them.
                concerned = list(ahead.values_list("conference_id", flat=True))
                Conference.objects.using(self.using).filter(pk__in=concerned).wake()
                ahead.doom()
        # What was sent without an answer may be there: its conference looks for it, and dooms it.
        return meetings.filter(state__in=[Meeting.State.DOOMED, Meeting.State.SENT]).exists()

    def _call(self, job: Job, profile: ConferencingProfile) -> None:
        try:
            job.notes["last"], job.call = self._revocation(profile)
        except ConferencingError as error:
            job.notes["last"], job.call = Revocation(), failing(error)
        if job.call is None:
            self._again(job, profile, "")

    def _revocation(self, profile: ConferencingProfile) -> tuple[Revocation, Callable[[], Any] | None]:
        token = credentials.usable(profile.grant, clock.read(self.using))
        if token is not None:
            flow = grants.flow_of(profile.provider)
            revocation = Revocation(token=token)
            return revocation, partial(_revoke, flow.revoke, token, revocation.trace)
        ticket = credentials.begin_refresh(profile.pk)
        return Revocation(ticket=ticket), partial(credentials.carry_out, ticket) if ticket else None

    def _wipe(self, job: Job, profile: ConferencingProfile) -> None:
        """Nothing of the account stays: not its tokens, nor whose it was at the provider."""
        wiped = {"state": State.UNLINKED, "account_key": None, "account_label": "", "name": "", "cause": ""}
        with transaction.atomic(using=self.using):
            Grant.objects.using(self.using).filter(profile=profile).delete()
            self.write(job, profile, {**wiped, "attempts": 0}, None)

    def _again(self, job: Job, profile: ConferencingProfile, cause: str) -> None:
        now = clock.read(self.using)
        pause = asked_pause(job.outcome, now)
        at = retry.next_try(causes.get(cause).retry, profile.attempts + 1, now, not_before=pause)
        self.write(job, profile, {"attempts": profile.attempts + 1, "cause": cause}, at)


def _may_go_on(job: Job) -> bool:
    """An expired access token is renewed once; a second time counts as a failure."""
    expired = isinstance(job.outcome, AccessTokenExpired) and not job.notes.get("token_renewed")
    job.notes["token_renewed"] = True
    return expired


def _revoke(revoke: Callable[[AccessToken], None], token: AccessToken, trace: Trace) -> None:
    with trace:
        revoke(token)
    failpoint("revoke.after_call")
