"""A person gives an event another account of theirs, where the one that it had is no more."""

from __future__ import annotations

from conferencing_app import causes, clock, doorbell
from conferencing_app.causes import Action
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.registration import Request
from conferencing_app.services import wanted

CURED_BY_CHOICE = [code for code, cause in causes.CAUSES.items() if cause.action is Action.CHOOSE]


def accounts_for(conference: Conference) -> list[ConferencingProfile]:
    """The accounts that the event could be given; none where another account would cure nothing."""
    if conference.cause_code not in CURED_BY_CHOICE or conference.owner_id is None:
        return []
    return list(ConferencingProfile.objects.of(conference.owner_id))


def choose(conference: Conference, profile: ConferencingProfile) -> bool:
    """Ask for a conference made with this account of the owner's, as an assignment to the event does.

    Whether it was still to be chosen: the event may have been given another one, or cancelled, meanwhile.
    """
    values = Request(profile.public_id).columns() | wanted.shown_columns(profile.public_id, "", cancelled=False)
    values |= {"version": wanted.NEXT_VERSION, "due_at": clock.now(), "attempts": 0}
    open_ones = Conference.objects.filter(pk=conference.pk, owner=profile.user_id, cause_code__in=CURED_BY_CHOICE)
    chosen = bool(open_ones.update(**values))
    if chosen:
        doorbell.ring(settings.DATABASE)
    return chosen
