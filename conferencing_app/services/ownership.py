"""Whose profile an account at a provider is: an account has one profile, and a profile one account.

Everything here runs inside the caller's transaction. The people concerned are locked first, in the order of their
keys, so that two browsers that link, move or unlink at once wait for each other instead of undoing each other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, Q
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, mails
from conferencing_app.exceptions import LinkError
from conferencing_app.fields import Sealed
from conferencing_app.models import ConferencingProfile, Grant, LinkAttempt, Meeting
from conferencing_app.notifications import announcing, catalogue
from conferencing_app.providers.types import Identity, Tokens
from conferencing_app.services import disconnection, grants, waking

State = ConferencingProfile.State

# How long a question that the callback asks stands.
ANSWER_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Placed:
    """Where a fresh grant went. The last two are questions to the person, by what the attempt has ``claimed``."""

    profile: ConferencingProfile
    created: bool = False
    claimed: bool = False  # the account belongs to another person's profile
    other_account: bool = False  # it is another than the one to link again


def place(attempt: LinkAttempt, identity: Identity, tokens: Tokens) -> Placed:
    """Give the grant to the profile that has the account, or else to a new one of the attempt's person.

    Where somebody has the account, the grant is stored there in any case: a provider that keeps one grant for an
    account (Zoom: the last authorization wins) has just killed the one they had. One that is asked about waits at a
    profile that leaves unless the answer comes.
    Raises IntegrityError when another process links the same account at this moment: place it again.
    """
    lock_people(attempt.user_id)
    key = f"{attempt.provider}:{identity.account_id}"
    known_as = [key, forgotten(key)]
    holder = ConferencingProfile.objects.select_for_update().filter(account_key__in=known_as).first()
    relinked = attempt.profile if attempt.profile is not None and attempt.profile.is_linked else None
    if holder is not None and (_is_in_use(holder) or holder.user_id == attempt.user_id):
        return _keep(holder, attempt, relinked, identity, tokens)
    if holder is not None:
        _change(holder, account_key=None)
    profile = _create(attempt.user_id, attempt.provider, key, identity.label)
    Grant.objects.create(profile_id=profile.pk, **grants.columns(profile, tokens))
    if holder is not None:
        _hand_over_removals(holder, profile)
    if relinked is not None:
        return _ask(attempt, profile)
    mails.account_linked(profile)
    _tell(profile)
    return Placed(profile, created=True)


@sensitive_variables()
def transfer(holder: ConferencingProfile, user_id: Any) -> ConferencingProfile:
    """Move the account, its grant and its meetings that are not over from ``holder`` to a new profile of this person.

    The meetings are doomed: the new person removes them, as only they can from now on. Raises KeyUnavailable.
    """
    grant = Grant.objects.select_related("profile").get(profile=holder)
    key, label = holder.account_key, holder.account_label
    _change(
        holder, account_key=None, account_label="", name="", state=State.UNLINKED, cause="", is_default=False,
        due_at=None, lease_until=None, fence=F("fence") + 1,
    )  # fmt: skip
    profile = _create(user_id, holder.provider, str(key), label)
    _reseal(grant, profile)
    _not_over(holder).doom()
    _removals_of(holder).update(profile=profile)
    holder.refresh_from_db()
    announcing.announce_profiles([holder])
    waking.wake_bound(holder)
    ensure_default(holder.user_id)
    mails.account_linked(profile)
    _tell(profile)
    waking.forget_failures(profile)  # of the removals that it takes over
    return profile


def accept(profile_id: int) -> ConferencingProfile:
    """The person wants the account that they were asked about. Raises LinkError: ``expired_state`` when it has left."""
    waiting = ConferencingProfile.objects.select_for_update().filter(pk=profile_id, state=State.LEAVING).free().first()
    if waiting is None or not Grant.objects.filter(profile=waiting).exists():
        raise LinkError("expired_state")
    _restore(waiting)
    return waiting


def forget_account(profile: ConferencingProfile) -> None:
    """The person has removed the app at the provider: nothing of their account is kept, and they may link it again.

    A digest stays, by which the same account is then recognised, and so do the meetings' links, which guests hold.
    """
    Grant.objects.filter(profile=profile).delete()
    Meeting.objects.filter(profile=profile).forget_hosts()
    _change(profile, account_key=forgotten(str(profile.account_key)), account_label="")
    if profile.is_linked:
        _change(profile, state=State.DISCONNECTED, cause=grants.DEAUTHORIZED)
        if profile.connected:
            profile.refresh_from_db()
            disconnection.tell(profile)
    else:
        ConferencingProfile.objects.filter(pk=profile.pk).wake()  # it was leaving, with nothing left to give back
    profile.refresh_from_db()
    announcing.announce_profiles([profile])
    waking.wake_bound(profile)


def forgotten(account_key: str) -> str:
    """What is kept of an account's key: a digest that starts with the provider's alias."""
    alias = account_key.partition(":")[0]
    return f"{alias}:forgotten:{hashlib.sha256(account_key.encode()).hexdigest()}"


def lock_people(*user_ids: Any) -> None:
    """Let nobody else change whose profiles these people have until the transaction ends."""
    people = get_user_model()._base_manager.filter(pk__in=[key for key in user_ids if key is not None])
    list(people.order_by("pk").select_for_update().values_list("pk"))


def ensure_default(user_id: Any) -> None:
    """A person with profiles has a default one: the newest, where the one that was is gone."""
    profiles = ConferencingProfile.objects.linked().filter(user=user_id)
    if user_id is None or profiles.filter(is_default=True).exists():
        return
    newest = profiles.order_by("-linked_at", "-pk").first()
    if newest is not None:
        ConferencingProfile.objects.filter(pk=newest.pk).update(is_default=True)


def store_grant(profile: ConferencingProfile, tokens: Tokens) -> None:
    """The profile's grant is this one from now on; a refresh of the former one that is under way comes too late."""
    values = grants.columns(profile, tokens)
    stored = Grant.objects.filter(profile=profile)
    if not stored.update(**values, lease_until=None, fence=F("fence") + 1):
        Grant.objects.create(profile=profile, **values)


def _is_in_use(holder: ConferencingProfile) -> bool:
    """Whether the account is this person's here; who has removed the app at the provider has given it up."""
    return holder.is_linked and holder.cause != grants.DEAUTHORIZED


def _keep(
    holder: ConferencingProfile,
    attempt: LinkAttempt,
    relinked: ConferencingProfile | None,
    identity: Identity,
    tokens: Tokens,
) -> Placed:
    store_grant(holder, tokens)
    other_account = relinked is not None and relinked.pk != holder.pk
    if holder.user_id != attempt.user_id:
        # A profile of theirs that was disconnected stays so: they have not agreed to this grant.
        _claim(attempt, holder)
        return Placed(holder, claimed=True)
    if other_account and not holder.is_linked:
        return _ask(attempt, holder)
    if other_account:
        _claim(attempt, holder)
    _restore(holder, account_label=identity.label, account_key=f"{attempt.provider}:{identity.account_id}")
    return Placed(holder, other_account=other_account)


def _ask(attempt: LinkAttempt, profile: ConferencingProfile) -> Placed:
    """Let the grant wait for the answer at this profile, which for everybody else is not linked: unanswered, it leaves.

    Only the last attempt may answer.
    """
    LinkAttempt.objects.filter(claimed=profile).update(claimed=None)
    _claim(attempt, profile)
    profile.state = State.LEAVING
    _change(
        profile, state=profile.state, cause="", is_default=False, announced=catalogue.of_profile(profile).mark,
        due_at=clock.now(ANSWER_WITHIN), attempts=0, version=F("version") + 1, lease_until=None, fence=F("fence") + 1,
    )  # fmt: skip
    return Placed(profile, other_account=True)


def _claim(attempt: LinkAttempt, profile: ConferencingProfile) -> None:
    LinkAttempt.objects.filter(pk=attempt.pk).update(claimed=profile)


def _restore(profile: ConferencingProfile, **told: str) -> None:
    """It works again, with what the provider has told of it.

    One that was leaving stays after all, and who was cleaning up for it may write nothing more.
    """
    was_connected = profile.connected
    leaving = {} if profile.is_linked else {"lease_until": None, "fence": F("fence") + 1}
    _change(
        profile, state=State.CONNECTED, cause="", linked_at=clock.now(), attempts=0, version=F("version") + 1,
        due_at=clock.now(grants.until_next_look(State.CONNECTED)), **leaving, **told,
    )  # fmt: skip
    profile.refresh_from_db()
    if not was_connected:
        mails.account_linked(profile)
    _settle(profile)


def _create(user_id: Any, provider: str, key: str, label: str) -> ConferencingProfile:
    """A new one is the newest of its person, so it is the default where there is none. The person is locked."""
    has_default = ConferencingProfile.objects.linked().filter(user=user_id, is_default=True).exists()
    profile: ConferencingProfile = ConferencingProfile.objects.create(
        user_id=user_id,
        provider=provider,
        account_key=key,
        account_label=label,
        is_default=not has_default,
        linked_at=clock.now(),
        due_at=clock.now(grants.until_next_look(State.CONNECTED)),
    )
    return profile


def _settle(profile: ConferencingProfile) -> None:
    ensure_default(profile.user_id)
    _tell(profile)
    waking.forget_failures(profile)


def _tell(profile: ConferencingProfile) -> None:
    """Of the profile as it is stored now."""
    profile.refresh_from_db()
    announcing.announce_profiles([profile])
    waking.wake_waiting(profile)


def _change(profile: ConferencingProfile, **values: Any) -> None:
    ConferencingProfile.objects.filter(pk=profile.pk).update(**values)


def _hand_over_removals(leaving: ConferencingProfile, profile: ConferencingProfile) -> None:
    """A profile that is leaving lost its grant to this one, which therefore does the removals that are left.

    The dead grant is dropped, so that giving it back can't hit the new one.
    """
    if leaving.user_id is None:
        _not_over(leaving).doom()
    _removals_of(leaving).doom()  # as they are; what they failed of is forgotten, and their conferences are locked
    _removals_of(leaving).update(profile=profile)
    Grant.objects.filter(profile=leaving).delete()


def _removals_of(profile: ConferencingProfile) -> Any:
    return Meeting.objects.filter(profile=profile, state=Meeting.State.DOOMED)


def _not_over(profile: ConferencingProfile) -> Any:
    """The profile's meetings that are, or may be, at the provider and have not ended."""
    ahead = Q(ends_at=None) | Q(ends_at__gt=clock.now())
    return Meeting.objects.filter(ahead, profile=profile).present()


def _reseal(grant: Grant, profile: ConferencingProfile) -> None:
    """Move a grant to another profile: an envelope is bound to the profile that it was sealed for."""
    access = grant.access_token.open(grant.place("access_token"))
    refresh = grant.refresh_token.open(grant.place("refresh_token"))
    place = Grant(profile=profile).place
    Grant.objects.filter(pk=grant.pk).update(
        profile=profile,
        access_token=Sealed.seal(access, place("access_token")),
        refresh_token=Sealed.seal(refresh, place("refresh_token")),
        lease_until=None,
        fence=F("fence") + 1,
    )
