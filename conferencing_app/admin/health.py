"""How a row is doing, as a word with a colour. The word says all that the colour says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conferencing_app import causes, clock
from conferencing_app.causes import Actor
from conferencing_app.models import Attempt, Conference, ConferencingProfile
from conferencing_app.services.grants import BY_SUPPORT


class Tone(StrEnum):
    """What a colour stands for."""

    GOOD = "good"
    BUSY = "busy"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True)
class Health:
    words: str | Promise
    tone: Tone

    @property
    def badge(self) -> SafeString:
        return format_html('<span class="conferencing-health conferencing-health--{}">{}</span>', self.tone, self.words)


# What a list says above itself: a kind of health, how many are so, and the query that shows them.
Glance = tuple[Health, int, str]

FAILING = Health(_("Failing"), Tone.BAD)
BEING_MADE = Health(_("Being made"), Tone.BUSY)
BY_CONFERENCE_STATE = {
    Conference.State.PENDING: BEING_MADE,
    Conference.State.ASSIGNED: Health(_("Made"), Tone.GOOD),
    Conference.State.NOT_MADE: Health(_("None wanted"), Tone.QUIET),
}
OUT_OF_DATE = Health(_("Made, but out of date"), Tone.BUSY)
BY_WHO_CAN_ACT = {
    Actor.USER: Health(_("Failing: its person can mend it"), Tone.BAD),
    Actor.ADMIN: Health(_("Failing: an administrator can mend it"), Tone.BAD),
    Actor.PROVIDER: Health(_("Failing: tried again by itself"), Tone.BUSY),
}
# Who can act, said to staff.
WHO_CAN_ACT = {
    Actor.USER: _("The person whose event it is."),
    Actor.ADMIN: _("An administrator, of the account or of this site."),
    Actor.PROVIDER: _("Nobody here: it is tried again by itself."),
    Actor.NOBODY: _("Nobody has to."),
}

LINK_AGAIN = Health(_("Must be linked again"), Tone.BAD)
DISCONNECTED_BY_SUPPORT = Health(_("Disconnected by support"), Tone.BAD)
PAUSED = Health(_("Pauses, as the provider asked"), Tone.BUSY)
TEST_FAILED = Health(_("Linked, but its last test failed"), Tone.BUSY)
WORKS = Health(_("Works"), Tone.GOOD)
LEAVING = Health(_("Leaving"), Tone.QUIET)
UNLINKED = Health(_("Unlinked"), Tone.QUIET)

CALL_WORKED = Health(_("Worked"), Tone.GOOD)
CALL_FAILED = Health(_("Failed"), Tone.BAD)


def of_conference(conference: Conference) -> Health:
    if conference.state == Conference.State.FAILING:
        return BY_WHO_CAN_ACT.get(causes.get(conference.cause_code).actor, FAILING)
    if conference.state == Conference.State.ASSIGNED and conference.cause_code:
        return OUT_OF_DATE
    return BY_CONFERENCE_STATE[Conference.State(conference.state)]


def of_profile(profile: ConferencingProfile) -> Health:
    match profile.state:
        case ConferencingProfile.State.DISCONNECTED:
            return DISCONNECTED_BY_SUPPORT if profile.cause == BY_SUPPORT else LINK_AGAIN
        case ConferencingProfile.State.LEAVING:
            return LEAVING
        case ConferencingProfile.State.UNLINKED:
            return UNLINKED
    if profile.paused_until is not None and profile.paused_until > clock.about_now():
        return PAUSED
    return TEST_FAILED if profile.cause else WORKS


def of_attempt(attempt: Attempt) -> Health:
    return CALL_FAILED if attempt.cause_code else CALL_WORKED
