"""The vocabulary of causes: why a conference is not there, who can act, and how it is retried.

One vocabulary for pages, admin, logs, signals and webhooks. A column holds the code; this table says the rest.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conferencing_app.exceptions import KeyUnavailable, Misconfigured, ProviderError, Refused, Relink, Unavailable


class Actor(StrEnum):
    """Who can cure a cause."""

    USER = "user"
    ADMIN = "admin"
    PROVIDER = "provider"
    NOBODY = "nobody"


class Retry(StrEnum):
    """How work with this cause goes on; the schedules themselves are data in ``engine/retry.py``."""

    TRANSIENT = "transient"  # back off, never give in
    PERSON = "person"  # wait for a person, with a slow probe; wakes at once when they act
    EVENT = "event"  # nothing to try until the event itself changes


class Action(StrEnum):
    """What the person who can act is offered."""

    LINK = "link"
    RELINK = "relink"
    CHOOSE = "choose"
    EDIT = "edit"
    MAKE_AGAIN = "make_again"
    NONE = ""


class Cause(NamedTuple):
    """One reason. ``sentence`` may name the provider as ``%(provider)s``."""

    code: str
    sentence: str | Promise
    actor: Actor
    retry: Retry
    action: Action = Action.NONE

    @property
    def is_retried(self) -> bool:
        """Whether it is tried again by itself, be it seldom: not where only a person's own act can make it go on."""
        return self.retry is Retry.TRANSIENT or (self.retry is Retry.PERSON and self.action is Action.NONE)

    def told_of(self, provider: str) -> Cause:
        """The same with the provider's own name in its sentence, which is then complete. An empty name will do."""
        sentence = str(self.sentence) % {"provider": provider or gettext("the conferencing service")}
        return self._replace(sentence=sentence if provider else capfirst(sentence))


NO_WORKER = "no_worker"

_ALL = (
    Cause(
        "nothing_linked",
        _("No conferencing account is linked. Link one, and this event gets its conference."),
        Actor.USER,
        Retry.PERSON,
        Action.LINK,
    ),
    Cause(
        "profile_missing",
        _("The conferencing account chosen for this event has been removed. Choose another account."),
        Actor.USER,
        Retry.PERSON,
        Action.CHOOSE,
    ),
    Cause(
        "missing_meeting_url",
        _("The calendar gave this event no conference link. Choose another account, or ask who runs the calendar."),
        Actor.USER,
        Retry.PERSON,
        Action.CHOOSE,
    ),
    Cause(
        "credentials_expired",
        _(
            "%(provider)s no longer accepts the link to your account. "
            "Link it again, and this event gets its conference."
        ),
        Actor.USER,
        Retry.PERSON,
        Action.RELINK,
    ),
    Cause(
        "deauthorized",
        _(
            "You have removed this site's app at %(provider)s. "
            "Link your account again, and this event gets its conference."
        ),
        Actor.USER,
        Retry.PERSON,
        Action.RELINK,
    ),
    Cause(
        "disconnected",
        _("This site's support has disconnected your %(provider)s account. Link it again to go on using it."),
        Actor.USER,
        Retry.PERSON,
        Action.RELINK,
    ),
    Cause(
        "scopes_missing",
        _("The link to your %(provider)s account no longer allows all that is needed. Link it again and allow it all."),
        Actor.USER,
        Retry.PERSON,
        Action.RELINK,
    ),
    Cause(
        "refused",
        _("%(provider)s refuses to make the meeting: the account's licence or its policy does not allow it."),
        Actor.ADMIN,
        Retry.PERSON,
    ),
    Cause(
        "deleted_by_host",
        _("The meeting was deleted at %(provider)s by its host, and so was the one made in its place."),
        Actor.USER,
        Retry.PERSON,
        Action.MAKE_AGAIN,
    ),
    Cause(
        "outage",
        _("%(provider)s does not answer properly at the moment. This is tried again by itself."),
        Actor.PROVIDER,
        Retry.TRANSIENT,
    ),
    Cause(
        "rate_limited",
        _("%(provider)s asks for a pause. This is tried again by itself."),
        Actor.PROVIDER,
        Retry.TRANSIENT,
    ),
    Cause(
        "daily_cap",
        _(
            "%(provider)s allows no more changes for this account today. "
            "This goes on by itself when the day's count is reset."
        ),
        Actor.PROVIDER,
        Retry.TRANSIENT,
    ),
    Cause(
        "misconfigured",
        _("This site's own registration with %(provider)s does not work. The site's administrators can mend it."),
        Actor.ADMIN,
        Retry.TRANSIENT,
    ),
    Cause(
        "key_unavailable",
        _("This site can't open its stored credentials: a key is missing. The site's administrators can mend it."),
        Actor.ADMIN,
        Retry.TRANSIENT,
    ),
    Cause(
        "internal",
        _("Something on this site went wrong. It is tried again by itself."),
        Actor.ADMIN,
        Retry.TRANSIENT,
    ),
    # In no column: who would write it down is not there. It is told of what has been due for long.
    Cause(
        NO_WORKER,
        _("No worker of this site is running: nothing is made until its administrators start one."),
        Actor.ADMIN,
        Retry.TRANSIENT,
    ),
    Cause("no_time", _("The event has no start time yet."), Actor.USER, Retry.EVENT, Action.EDIT),
    Cause("end_before_start", _("The event ends before it starts."), Actor.USER, Retry.EVENT, Action.EDIT),
    Cause("unknown_time_zone", _("The event's time zone is not known."), Actor.USER, Retry.EVENT, Action.EDIT),
    Cause("past", _("The event has already begun, or is over."), Actor.NOBODY, Retry.EVENT),
    Cause("removed", _("The conference was removed on request."), Actor.NOBODY, Retry.EVENT),
    Cause("cancelled", _("The event is cancelled."), Actor.NOBODY, Retry.EVENT),
)

CAUSES: dict[str, Cause] = {cause.code: cause for cause in _ALL}


def get(code: str) -> Cause:
    """The cause of this code; an unknown one (from a later version) reads as ``internal``."""
    return CAUSES.get(code) or CAUSES["internal"]


# The causes for which the wire has a word of its own.
SUBTYPES = frozenset({"profile_missing", "missing_meeting_url"})


def subtype(code: str) -> str | None:
    """The cause in the words of the wire, which knows few; None for any other."""
    return code if code in SUBTYPES else None


def of(error: BaseException) -> str:
    """The code for what a call to a provider raised; ``internal`` for what its contract does not allow."""
    if isinstance(error, Unavailable | Relink):
        return error.cause
    return next((code for kind, code in _BY_ERROR.items() if isinstance(error, kind)), "internal")


_BY_ERROR: dict[type[Exception], str] = {
    Refused: "refused",
    Misconfigured: "misconfigured",
    KeyUnavailable: "key_unavailable",
    ProviderError: "outage",  # any other of its kinds, so it stands last
}
