"""What a grant is worth: its sealed columns, its scopes, and a profile's health that follows from it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock
from conferencing_app.engine import retry
from conferencing_app.exceptions import Misconfigured
from conferencing_app.fields import Sealed
from conferencing_app.models import ConferencingProfile, Grant
from conferencing_app.notifications import announcing
from conferencing_app.providers import registry
from conferencing_app.providers.base import OAuthFlow
from conferencing_app.providers.types import Tokens
from conferencing_app.services import disconnection, waking

logger = logging.getLogger(__name__)

State = ConferencingProfile.State

# The causes by which a provider itself says that a grant is dead, or not enough.
LOST = frozenset({"credentials_expired", "scopes_missing"})
# The cause of a profile that support has disconnected: that its grant works is no reason to use it.
BY_SUPPORT = "disconnected"
# The cause of one whose person has removed the app at the provider: there is no grant that could prove to work.
DEAUTHORIZED = "deauthorized"
# Nothing but linking again heals these.
CUT_OFF = frozenset({BY_SUPPORT, DEAUTHORIZED})
# How often a grant is looked at for its own sake, in seconds: one that works, lest it dies of not being used, and one
# that is dead, should it come back by itself.
LOOK_SECONDS = {State.CONNECTED: 86400.0, State.DISCONNECTED: 6 * 3600.0}


def disconnect(profile_id: int, cause: str) -> bool:
    """The grant is dead, or no longer enough: the person must link again, and what waits for it is told.

    Whether it was connected.
    """
    connected = ConferencingProfile.objects.filter(pk=profile_id, state=State.CONNECTED)
    look_at = clock.now(until_next_look(State.DISCONNECTED))
    if not connected.update(state=State.DISCONNECTED, cause=cause, due_at=look_at):
        return False
    profile = ConferencingProfile.objects.get(pk=profile_id)
    logger.info("Profile %s is disconnected: %s.", profile.public_id, cause)
    disconnection.tell(profile)
    announcing.announce_profiles([profile])
    waking.wake_bound(profile)
    return True


def healable(profile_id: int) -> QuerySet[ConferencingProfile]:
    """The profile, unless nothing but linking again heals it: support or its person has cut it off."""
    return ConferencingProfile.objects.filter(pk=profile_id).exclude(cause__in=CUT_OFF)


def reconnect(profile: ConferencingProfile) -> bool:
    """The grant has just proved to work: heal a profile that was held for dead. Whether it was."""
    dead = healable(profile.pk).filter(state=State.DISCONNECTED)
    look_at = clock.now(until_next_look(State.CONNECTED))
    if not dead.update(state=State.CONNECTED, cause="", due_at=look_at):
        return False
    profile.refresh_from_db()
    announcing.announce_profiles([profile])
    waking.wake_waiting(profile)
    waking.forget_failures(profile)
    return True


def until_next_look(state: str) -> timedelta:
    """How long until a grant is looked at: spread, so that accounts linked together are not all looked at at once."""
    return retry.spread(LOOK_SECONDS[State(state)])


def flow_of(alias: str) -> OAuthFlow:
    """How accounts are linked at this provider. Raises Misconfigured when it is not set up (any more)."""
    try:
        flow = registry.get(alias).oauth
    except ImproperlyConfigured as error:
        raise Misconfigured(f"{alias} is not configured properly.") from error
    if flow is None:
        raise Misconfigured(f"{alias} has no accounts to link.")
    return flow


def lacks_scopes(profile: ConferencingProfile) -> bool:
    """Whether the grant as it is stored allows less than the app needs."""
    granted = Grant.objects.filter(profile=profile).values_list("scopes", flat=True).first() or ""
    scopes = frozenset(granted.split()) or None
    return bool(flow_of(profile.provider).missing_scopes(Tokens(access_token="", expires_in=0, scopes=scopes)))


@sensitive_variables()
def columns(profile: ConferencingProfile, tokens: Tokens) -> dict[str, Any]:
    """What a grant's columns hold for these tokens; those that the provider did not tell are absent."""
    place = Grant(profile=profile).place
    values: dict[str, Any] = {
        "access_token": Sealed.seal(tokens.access_token, place("access_token")),
        "expires_at": clock.now(timedelta(seconds=tokens.expires_in)),
        "refreshed_at": clock.now(),
    }
    if tokens.refresh_token:
        values["refresh_token"] = Sealed.seal(tokens.refresh_token, place("refresh_token"))
    if tokens.scopes is not None:
        values["scopes"] = " ".join(sorted(tokens.scopes))
    if tokens.api_url:
        values["api_url"] = tokens.api_url
    return values
