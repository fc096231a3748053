"""What a person does with an account they have linked: name it, prefer it, test it, part with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Case, F, Q, Value, When
from django.views.decorators.debug import sensitive_variables

from conferencing_app import causes, clock, doorbell, mails
from conferencing_app.conf import settings
from conferencing_app.exceptions import AccessTokenExpired, KeyUnavailable, ProviderError, Relink, Unavailable
from conferencing_app.http import Trace
from conferencing_app.models import Attempt, ConferencingProfile, Meeting
from conferencing_app.notifications import announcing
from conferencing_app.providers.base import OAuthFlow
from conferencing_app.providers.types import AccessToken, Identity
from conferencing_app.services import attempts, credentials, grants, ownership, waking

State = ConferencingProfile.State


@dataclass(frozen=True)
class TestResult:
    """What the provider said just now. ``cause_code`` is one of ``causes``, empty when all is well."""

    __test__ = False  # a result, whatever pytest makes of the name

    ok: bool
    cause_code: str
    checked_at: datetime


def rename(profile: ConferencingProfile, name: str) -> None:
    """Call the profile so; an empty name shows the account's own. Longer than the column is cut."""
    longest = ConferencingProfile._meta.get_field("name").max_length
    _change(profile, name=name.strip()[:longest])


def set_default(profile: ConferencingProfile) -> None:
    """Events of this person that have no link yet use this profile from now on; no other is the default any more."""
    with transaction.atomic(using=settings.DATABASE):
        ownership.lock_people(profile.user_id)
        linked = ConferencingProfile.objects.linked().filter(user=profile.user_id)
        if profile.user_id is None or not linked.filter(pk=profile.pk).exists():
            return  # unlinked meanwhile
        chosen = Case(When(pk=profile.pk, then=Value(True)), default=Value(False), output_field=BooleanField())
        ConferencingProfile.objects.filter(user=profile.user_id).update(is_default=chosen)
    profile.refresh_from_db()
    # Those that wait for the former one need not any more. By itself: workers lock conferences before profiles.
    waking.wake_waiting(profile)


def test(profile: ConferencingProfile) -> TestResult:
    """Ask the provider now, past anything stored, and store what it says. Not for use inside a transaction.

    A grant that is known to be dead is tried, too: where it works after all, the profile is healed. One that support
    has disconnected stays so.
    """
    with transaction.atomic(using=settings.DATABASE, durable=True):
        profile.refresh_from_db()
    traces: list[Trace] = []
    label, cause = _ask(profile, traces)
    with transaction.atomic(using=settings.DATABASE):
        _keep_attempts(profile, traces)
        if cause in grants.LOST:
            grants.disconnect(profile.pk, cause)
        elif not cause and grants.lacks_scopes(profile):
            cause = "scopes_missing"
            grants.disconnect(profile.pk, cause)
        elif not cause:
            grants.reconnect(profile)
        grants.healable(profile.pk).update(cause=cause)
        _change(profile, checked_at=clock.now(), **({"account_label": label} if label else {}))
    checked_at = profile.checked_at or clock.read(settings.DATABASE)
    return TestResult(ok=not profile.cause, cause_code=profile.cause, checked_at=checked_at)


def disconnect(profile: ConferencingProfile) -> bool:
    """Support's own verdict: the account is not used until its person links it again. Whether it was connected.

    Its meetings stay as they are, and its grant is kept for the relink, sealed and unused.
    """
    with transaction.atomic(using=settings.DATABASE):
        disconnected = grants.disconnect(profile.pk, grants.BY_SUPPORT)
        if disconnected:
            waking.forget_failures(profile)
    profile.refresh_from_db()
    return disconnected


def unlink(profile: ConferencingProfile, *, remove_meetings: bool) -> None:
    """Part with the account. Done at once here; the workers clean up at the provider, however long that takes.

    ``remove_meetings``: those that are not over are removed at the provider, else they stay as they are. Neither the
    provider nor a key is needed, and it does not matter whether a call is under way.
    """
    with transaction.atomic(using=settings.DATABASE):
        ownership.lock_people(profile.user_id)
        leaving = ConferencingProfile.objects.linked().filter(pk=profile.pk)
        if not leaving.update(
            state=State.LEAVING, cause="", is_default=False, due_at=clock.now(), attempts=0, version=F("version") + 1
        ):
            return  # by another browser, meanwhile
        if remove_meetings:
            ahead = Q(ends_at=None) | Q(ends_at__gt=clock.now())
            Meeting.objects.filter(ahead, profile=profile).doom()
        ownership.ensure_default(profile.user_id)
        waking.wake_bound(profile)
        profile.refresh_from_db()
        mails.account_unlinked(profile)
        announcing.announce_profiles([profile])
        doorbell.ring(settings.DATABASE)


@sensitive_variables()
def _ask(profile: ConferencingProfile, traces: list[Trace]) -> tuple[str, str]:
    """The account's label and no cause, or no label and the cause.

    A fresh token that is not taken is no verdict on the grant, which only the token endpoint gives: it reads as outage.
    """
    try:
        return _identify(profile, traces).label, ""
    except (ProviderError, KeyUnavailable) as error:
        return "", causes.of(error)


@sensitive_variables()
def _identify(profile: ConferencingProfile, traces: list[Trace]) -> Identity:
    flow = grants.flow_of(profile.provider)
    token = credentials.access_token(profile.pk, probe=True)
    try:
        return _call(flow, token, traces)
    except AccessTokenExpired:
        credentials.expire(profile.pk, token)
        return _call(flow, credentials.access_token(profile.pk, probe=True), traces)
    except Relink as error:
        if credentials.is_stored(profile.pk, token):
            raise
        raise Unavailable("The grant was replaced while it was tried.") from error


@sensitive_variables()
def _call(flow: OAuthFlow, token: AccessToken, traces: list[Trace]) -> Identity:
    with Trace() as trace:
        traces.append(trace)
        return flow.identify(token)


def _keep_attempts(profile: ConferencingProfile, traces: list[Trace]) -> None:
    about = (Attempt.Operation.IDENTIFY.value, profile.provider, profile.pk)
    made = [attempts.Made(trace, *about) for trace in traces]
    attempts.keep(made, clock.reading(settings.DATABASE), settings.DATABASE)


def _change(profile: ConferencingProfile, **values: Any) -> None:
    ConferencingProfile.objects.filter(pk=profile.pk).update(**values)
    profile.refresh_from_db()
