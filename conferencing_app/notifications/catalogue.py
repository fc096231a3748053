"""What there is to tell: the types of notifications, when each is news, and the facts that it carries."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from conferencing_app import signals
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.signals import NotificationSignal

ASSIGNED = "conferencing_assigned"
FAILING = "conferencing_failing"
LINKED = "conferencing_profile_linked"
DISCONNECTED = "conferencing_profile_disconnected"
UNLINKED = "conferencing_profile_unlinked"

# Each type's signal. Those about a profile are told with the profile, the others with the event.
SIGNALS: dict[str, NotificationSignal] = {
    ASSIGNED: signals.conferencing_assigned,
    FAILING: signals.conferencing_failing,
    LINKED: signals.conferencing_profile_linked,
    DISCONNECTED: signals.conferencing_profile_disconnected,
    UNLINKED: signals.conferencing_profile_unlinked,
}
ABOUT_PROFILES = frozenset({LINKED, DISCONNECTED, UNLINKED})


class News(NamedTuple):
    """What there is to tell of a subject as it is. ``mark`` is what it remembers of it: the same mark is no news.

    Without a ``type`` there is nothing to tell, and what was told before no longer holds.
    """

    mark: str = ""
    type: str = ""
    cause: str = ""


def of_conference(conference: Conference) -> News | None:
    """None while it is being made: what was told before holds until that is over."""
    match conference.state:
        case Conference.State.PENDING:
            return None
        case Conference.State.NOT_MADE:
            return News()
        case Conference.State.FAILING:
            return News(f"failing:{conference.cause_code}", FAILING, conference.cause_code)
    # With a cause, too: people have the link, only the event's last change has not reached the provider.
    return News(f"assigned:{_digest_of_link(conference)}", ASSIGNED)


def of_profile(profile: ConferencingProfile) -> News:
    """A profile's health; one that is leaving is unlinked for everybody else."""
    match profile.state:
        case ConferencingProfile.State.CONNECTED:
            return News("linked", LINKED)
        case ConferencingProfile.State.DISCONNECTED:
            return News(f"disconnected:{profile.cause}", DISCONNECTED, profile.cause)
    return News("unlinked", UNLINKED)


def facts_of_conference(conference: Conference) -> dict[str, Any]:
    """The event by its model's label and its key, what it said, the conference as it reads on the wire, and the
    provider that it has or waits for."""
    event = {"model": conference.event_model, "key": conference.event_key, "summary": conference.summary}
    times = {"start": _moment(conference.start), "end": _moment(conference.end), "tzid": conference.tzid}
    provider = {"provider": conference.provider_alias} if conference.provider_alias else {}
    return {"event": event | times, "conferencing": conference.as_dict(), **provider}


def facts_of_profile(profile: ConferencingProfile) -> dict[str, Any]:
    """The provider, and where it is linked again while it must be; not whose account it is there, since that is wiped
    when the profile leaves."""
    relink = {"relink_url": profile.relink_url} if profile.relink_url else {}
    return {"provider": profile.provider, **relink}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _digest_of_link(conference: Conference) -> str:
    shown = [conference.provider, conference.join_url, conference.passcode, conference.dial_in]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:32]
