"""What a person is told when an event has no link, or not the one it should have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext_lazy

from conferencing_app import causes, clock
from conferencing_app.causes import Action, Actor, Cause, Retry
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.providers import registry
from conferencing_app.services import workers

ACTION_LABELS = {
    Action.LINK: gettext_lazy("Link an account"),
    Action.RELINK: gettext_lazy("Link the account again"),
    Action.CHOOSE: gettext_lazy("Choose another account"),
}
TRY_LABELS = {Action.MAKE_AGAIN: gettext_lazy("Make it again")}
# The table of causes speaks of one event; on the page of accounts these are said of the account.
PROFILE_SENTENCES = {
    "credentials_expired": gettext_lazy(
        "%(provider)s no longer accepts the link to this account. Link it again, and your events get their meetings."
    ),
    "disconnected": gettext_lazy("This site's support has disconnected this account. Link it again to go on using it."),
    "deauthorized": gettext_lazy(
        "You have removed this site's app at %(provider)s. Link the account again to go on using it."
    ),
    "scopes_missing": gettext_lazy(
        "%(provider)s no longer allows all that conferences need. Link it again, and allow all of it."
    ),
    # Events are tried again by themselves, a test of the account is not.
    "outage": gettext_lazy("%(provider)s did not answer properly when this account was last tested. Test it again."),
    "rate_limited": gettext_lazy(
        "%(provider)s asked for a pause when this account was last tested. Test it again in a few minutes."
    ),
}
# Trying these at once would break a pause that the provider has asked for.
PAUSED_BY_PROVIDER = frozenset({"rate_limited", "daily_cap"})


@dataclass(frozen=True)
class Explanation:
    """Why, who can act and how it goes on. For the owner and staff: guests never see it.

    ``code`` is the cause's, ``subtype`` the same in the words of the wire, which has few. ``action_url`` is empty where
    the app has no page for the cure (the event's own form is the host's). ``next_try`` is aware; None when nothing is
    scheduled; ``paused`` says that it is when a pause ends for which the provider has asked.
    ``support_contact`` is whom to ask where nothing else helps, with the address that leads there; empty where the
    person can act, or the site names nobody. ``reference`` is what to quote to them: the admin finds it. ``command`` is
    what a developer types.
    """

    code: str
    subtype: str | None
    sentence: str
    actor: Actor
    action: Action
    action_label: str
    action_url: str
    retrying: bool
    can_try_now: bool
    try_label: str
    trying_now: bool
    next_try: datetime | None
    paused: bool
    support_contact: str
    support_url: str
    reference: str
    command: str = ""


def explain(conference: Conference) -> Explanation | None:
    """The explanation of the conference's cause; None when there is nothing to explain."""
    cause = conference.cause
    return None if cause is None else _explained(conference, cause)


def explain_to_staff(conference: Conference) -> Explanation | None:
    """The same for those who run the site: they are told first of all that no worker is there."""
    if not workers.are_missed_by(conference):
        return explain(conference)
    told = _explained(conference, causes.get(causes.NO_WORKER))
    return replace(told, can_try_now=False, trying_now=False, next_try=None, command=workers.command_to_type())


def _explained(conference: Conference, cause: Cause) -> Explanation:
    trying_now = (cause.is_retried or can_try_now(cause)) and _is_woken(conference)
    contact = settings.SUPPORT_CONTACT if cause.action is Action.NONE and cause.retry is not Retry.EVENT else ""
    return Explanation(
        code=cause.code,
        subtype=causes.subtype(cause.code),
        sentence=str(cause.sentence),
        actor=cause.actor,
        action=cause.action,
        action_label=str(ACTION_LABELS.get(cause.action, "")),
        action_url=_action_url(cause, conference),
        retrying=cause.is_retried,
        can_try_now=can_try_now(cause),
        try_label=str(TRY_LABELS.get(cause.action, gettext_lazy("Try now"))),
        trying_now=trying_now,
        next_try=_next_try(conference) if cause.is_retried and not trying_now else None,
        paused=cause.code in PAUSED_BY_PROVIDER,
        support_contact=contact,
        support_url=_support_url(contact, conference.public_id),
        reference=conference.public_id,
    )


def explain_profile(profile: ConferencingProfile) -> str:
    """Why this account does not work, or did not when it was last tried, in one sentence; empty when all is well."""
    code = profile.cause or ("" if profile.connected else "credentials_expired")
    if not code:
        return ""
    # One that is leaving is tried again by itself: nobody can test it, or link it again.
    text = (PROFILE_SENTENCES.get(code) if profile.is_linked else None) or causes.get(code).sentence
    return str(text) % {"provider": registry.label(profile.provider)}


def can_try_now(cause: Cause) -> bool:
    """Whether trying again at once can help: not while a person must act first, nor during a provider's pause."""
    if cause.code in PAUSED_BY_PROVIDER or cause.retry is Retry.EVENT:
        return False
    return cause.action in (Action.NONE, Action.MAKE_AGAIN)


def _next_try(conference: Conference) -> datetime | None:
    """When it is tried next; at the event's end it is only looked at to say that it is too late."""
    due, end = conference.due_at, conference.end
    return due if due is not None and (end is None or due < end) else None


def _is_woken(conference: Conference) -> bool:
    """Whether it is due at this moment and not because an earlier try has failed."""
    if conference.due_at is None or conference.attempts:
        return False
    return conference.due_at <= clock.about_now()


def _action_url(cause: Cause, conference: Conference) -> str:
    if cause.action not in ACTION_LABELS:
        return ""
    if cause.action is Action.CHOOSE:
        return f"{reverse('conferencing:conference', args=[conference.public_id])}#choose"
    if cause.action is Action.RELINK and conference.lane is not None:
        return reverse("conferencing:relink", args=[conference.lane.public_id])
    return reverse("conferencing:profiles")


def _support_url(contact: str, reference: str) -> str:
    """Where a click on the contact leads: a mail that has the reference as its subject, or the site's own page."""
    if not contact or "://" in contact:
        return contact
    return f"mailto:{contact}?subject={quote(reference)}"
