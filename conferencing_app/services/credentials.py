"""The one place where access tokens come from: refreshed once for everybody, and stored before anybody uses them.

A refresh is three steps, so that no transaction is open while the provider is asked: ``begin_refresh`` leases the
grant, ``carry_out`` asks the provider, ``finish_refresh`` stores the answer. ``access_token`` does all three and waits
while another process does them. The transactions are durable: called inside another one, they raise RuntimeError.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connections, transaction
from django.db.models import F
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock
from conferencing_app.conf import settings
from conferencing_app.exceptions import Misconfigured, ProviderError, Relink, Unavailable
from conferencing_app.failpoints import failpoint
from conferencing_app.fields import Sealed
from conferencing_app.http import Trace
from conferencing_app.models import Attempt, ConferencingProfile, Grant
from conferencing_app.providers.types import AccessToken, Tokens
from conferencing_app.services import attempts, grants

logger = logging.getLogger(__name__)

# One call with its time limits fits into the lease. Who waits, waits a little longer than a dead holder's lease lasts.
LEASE = timedelta(seconds=30)
WAIT_SECONDS = 35.0
POLL_SECONDS = 0.05
# After a lost answer the same refresh token is tried once more: the provider may not have seen it.
SECOND_TRY_SECONDS = 2.0
# How long to wait, time after time, for a database that does not take the new pair.
STORE_AGAIN_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)
# While no refresh succeeds, a token that still lives this long is used.
LAST_USE = timedelta(seconds=30)

State = ConferencingProfile.State


@dataclass(frozen=True)
class RefreshTicket:
    """The right to refresh one grant. ``stored`` is the refresh token's envelope as it was when the lease began."""

    grant_id: int
    profile_id: int
    provider: str
    fence: int
    refresh_token: str = field(repr=False)
    stored: Sealed = field(repr=False)
    # The conference that could not be called for without it, and what is seen of the calls: one, or a second try.
    conference_id: int | None = None
    traces: list[Trace] = field(default_factory=list, repr=False, compare=False)


def access_token(profile_id: int, *, probe: bool = False) -> AccessToken:
    """A token to call the provider with, refreshed if it is about to expire. Blocks; not for use in a transaction.

    ``probe`` also tries a grant that is known to be dead. Raises Relink when the person must link again, Unavailable
    when no token can be had at the moment, Misconfigured, and KeyUnavailable when the stored one can't be opened.
    """
    give_up_at = time.monotonic() + WAIT_SECONDS
    awaited = False
    while True:
        grant = _read(profile_id)
        if grant.profile.state == State.DISCONNECTED and not probe:
            raise Relink("The account must be linked again.")
        token = usable(grant, grant.now)
        if token:
            return token
        if not _is_held(grant):
            if awaited and grant.lease_until is None:
                return _last_use(grant, Unavailable("The refresh that this call waited for did not succeed."))
            ticket = begin_refresh(profile_id)
            if ticket:
                return _refresh(ticket)
        awaited = True
        if time.monotonic() > give_up_at:
            return _last_use(grant, Unavailable("The refresh by another worker takes too long."))
        time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  only spreads the readers


def usable(grant: Grant, now: datetime) -> AccessToken | None:
    """The stored access token where it lives long enough to be used without a refresh. Raises KeyUnavailable."""
    return _open_token(grant) if grant.expires_at - now > _margin(grant) else None


def still_valid(grant: Grant, now: datetime) -> AccessToken | None:
    """The stored access token in its last minutes, for the time in which a refresh does not succeed."""
    return _open_token(grant) if grant.expires_at - now > LAST_USE else None


@sensitive_variables()
def expire(profile_id: int, token: AccessToken) -> None:
    """A call said that this token is no longer taken: the next one refreshes, unless that has happened meanwhile."""
    grant = _stored(profile_id, token)
    if grant is not None:
        Grant.objects.filter(pk=grant.pk, access_token=grant.access_token).update(expires_at=clock.now())


@sensitive_variables()
def is_stored(profile_id: int, token: AccessToken) -> bool:
    """Whether this token is still the one that is stored: a verdict on any other is history."""
    return _stored(profile_id, token) is not None


@sensitive_variables()
def begin_refresh(profile_id: int, *, conference_id: int | None = None) -> RefreshTicket | None:
    """Lease the grant for a refresh, in a short transaction of its own. ``conference_id``: what it is needed for.

    None when another holds it, or has refreshed it meanwhile: read it again. Raises Relink when there is no grant,
    and KeyUnavailable (leasing nothing).
    """
    with transaction.atomic(using=settings.DATABASE, durable=True):
        mine = Grant.objects.filter(profile=profile_id).free()
        leased = mine.update(lease_until=clock.now(LEASE), fence=F("fence") + 1)
        grant = _read(profile_id)
        if not leased:
            return None
        if usable(grant, grant.now):
            Grant.objects.filter(pk=grant.pk).held(grant.fence).update(lease_until=None)
            return None
        return RefreshTicket(
            grant_id=grant.pk,
            profile_id=profile_id,
            provider=grant.profile.provider,
            fence=grant.fence,
            refresh_token=grant.refresh_token.open(grant.place("refresh_token")),
            stored=grant.refresh_token,
            conference_id=conference_id,
        )


@sensitive_variables()
def carry_out(ticket: RefreshTicket) -> Tokens | ProviderError:
    """Ask the provider for a new pair. Touches no database, so it may run in any thread."""
    failpoint("refresh.before_call")
    trace = Trace()
    ticket.traces.append(trace)
    try:
        with trace:
            outcome: Tokens | ProviderError = grants.flow_of(ticket.provider).refresh(ticket.refresh_token)
    except ProviderError as error:
        outcome = error
    failpoint("refresh.after_call")
    return outcome


@sensitive_variables()
def finish_refresh(ticket: RefreshTicket, outcome: Tokens | ProviderError) -> None:
    """Store what came of a refresh, in a transaction of its own, and give the grant free.

    A new pair exists only here, and where refresh tokens rotate the old one is dead: a database that is away for a
    moment is waited for. Raises OperationalError when it stays away.
    """
    pauses = iter(STORE_AGAIN_SECONDS if isinstance(outcome, Tokens) else ())
    while True:
        try:
            stored = _settle(ticket, outcome)
            break
        except OperationalError:
            if (pause := next(pauses, None)) is None:
                raise
        time.sleep(pause)
        connections[settings.DATABASE].close_if_unusable_or_obsolete()
    failpoint("refresh.after_commit")
    if stored:
        # After the pair is safe, so that nothing that goes wrong here can lose it.
        _note_success(ticket.profile_id)


@sensitive_variables()
def _settle(ticket: RefreshTicket, outcome: Tokens | ProviderError) -> bool:
    """Whether a new pair was stored."""
    with transaction.atomic(using=settings.DATABASE, durable=True):
        _keep_attempts(ticket)
        if isinstance(outcome, Tokens):
            return _store(ticket, outcome)
        _give_back(ticket, outcome)
        return False


def _keep_attempts(ticket: RefreshTicket) -> None:
    if not ticket.traces:
        return
    about = (Attempt.Operation.REFRESH.value, ticket.provider, ticket.profile_id, ticket.conference_id)
    made = [attempts.Made(trace, *about) for trace in ticket.traces]
    attempts.keep(made, clock.reading(settings.DATABASE), settings.DATABASE)


@sensitive_variables()
def _refresh(ticket: RefreshTicket) -> AccessToken:
    outcome = carry_out(ticket)
    if isinstance(outcome, Unavailable) and outcome.outcome_unknown and _prolong(ticket):
        time.sleep(SECOND_TRY_SECONDS)
        outcome = carry_out(ticket)
    finish_refresh(ticket, outcome)
    grant = _read(ticket.profile_id)
    if isinstance(outcome, Relink) and grant.refresh_token != ticket.stored:
        # Somebody stored another pair meanwhile; the verdict was about a token that is history.
        return _last_use(grant, Unavailable("The grant has just been replaced."))
    if isinstance(outcome, ProviderError):
        return _last_use(grant, outcome)
    if grant.profile.state == State.DISCONNECTED:
        raise Relink("The account must be linked again.")
    return _open_token(grant)


def _last_use(grant: Grant, error: ProviderError) -> AccessToken:
    """While a refresh does not succeed, the old token serves until it expires; a dead grant does not."""
    token = None if isinstance(error, Relink) else still_valid(grant, _now(grant))
    if token is None:
        raise error
    return token


def _store(ticket: RefreshTicket, tokens: Tokens) -> bool:
    profile = ConferencingProfile.objects.get(pk=ticket.profile_id)
    values = grants.columns(profile, tokens)
    grant = Grant.objects.filter(pk=ticket.grant_id)
    # Who was paused past the lease still stores its pair as long as nobody has stored another: it is the newest that
    # exists, and dropping it would lose the account where refresh tokens rotate.
    stored = grant.held(ticket.fence).update(**values, lease_until=None) or grant.filter(
        refresh_token=ticket.stored
    ).update(**values)
    if not stored:
        logger.info("A refresh for profile %s came too late and was dropped.", profile.public_id)
    return bool(stored)


def _note_success(profile_id: int) -> None:
    with transaction.atomic(using=settings.DATABASE):
        profile = ConferencingProfile.objects.get(pk=profile_id)
        if grants.lacks_scopes(profile):
            grants.disconnect(profile_id, "scopes_missing")
        else:
            grants.reconnect(profile)


def _give_back(ticket: RefreshTicket, error: ProviderError) -> None:
    released = Grant.objects.filter(pk=ticket.grant_id).held(ticket.fence).update(lease_until=None)
    if isinstance(error, Misconfigured):
        logger.error(
            "%s refuses this site's registration (%s): tokens can't be refreshed.", ticket.provider, error.code
        )
    # A verdict counts for the token it was about, and only where that is still the one stored.
    unchanged = Grant.objects.filter(pk=ticket.grant_id, refresh_token=ticket.stored)
    if isinstance(error, Relink) and released and unchanged.exists():
        grants.disconnect(ticket.profile_id, error.cause)


def _prolong(ticket: RefreshTicket) -> bool:
    held = Grant.objects.filter(pk=ticket.grant_id).held(ticket.fence)
    return bool(held.update(lease_until=clock.now(LEASE + timedelta(seconds=SECOND_TRY_SECONDS))))


def _read(profile_id: int) -> Any:
    """The grant with its profile, and the database's time as ``now``. Raises Relink when there is none (any more)."""
    grant = Grant.objects.select_related("profile").annotate(now=clock.now()).filter(profile=profile_id).first()
    if grant is None:
        raise Relink("No grant is stored.")
    return grant


@sensitive_variables()
def _stored(profile_id: int, token: AccessToken) -> Grant | None:
    """The grant, where this is its access token."""
    grant = Grant.objects.select_related("profile").filter(profile=profile_id).first()
    return grant if grant is not None and _open_token(grant).value == token.value else None


def _now(grant: Any) -> datetime:
    now: datetime = grant.now
    return now


def _is_held(grant: Any) -> bool:
    return grant.lease_until is not None and grant.lease_until > grant.now


def _margin(grant: Grant) -> timedelta:
    """REFRESH_MARGIN_SECONDS, or half the life of a token that lives shorter than twice that."""
    margin = timedelta(seconds=settings.REFRESH_MARGIN_SECONDS)
    if grant.refreshed_at is None:
        return margin
    return min(margin, (grant.expires_at - grant.refreshed_at) / 2)


def _open_token(grant: Grant) -> AccessToken:
    return AccessToken(grant.access_token.open(grant.place("access_token")), grant.api_url)
