"""How a row is doing, as a word with a colour. The word says all that the colour says."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conferencing_app import causes, clock, services
from conferencing_app.causes import Actor
from conferencing_app.models import Attempt, Conference, ConferencingProfile, Endpoint, Mail, NotificationDelivery


class Tone(StrEnum):
    """What a colour stands for."""

    GOOD = "good"
    BUSY = "busy"
    BAD = "bad"
    QUIET = "quiet"


class Health(NamedTuple):
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

ARRIVED = Health(_("Arrived"), Tone.GOOD)
ON_ITS_WAY = Health(_("On its way"), Tone.BUSY)
TRIED_AGAIN = Health(_("Has not arrived, is tried again"), Tone.BAD)
NO_LONGER_HEARD = Health(_("Its receiver is gone"), Tone.QUIET)

TAKES = Health(_("Takes what is posted"), Tone.GOOD)
ASKED_FOR_PAUSE = Health(_("Pauses, as it has asked"), Tone.BUSY)
TAKES_NOTHING = Health(_("Takes nothing at present"), Tone.BAD)
SWITCHED_OFF = Health(_("Switched off"), Tone.QUIET)
SWITCHED_OFF_BY_ITSELF = {
    "gone": Health(_("Switched off: it is gone"), Tone.BAD),
    "dead": Health(_("Switched off: it took nothing for days"), Tone.BAD),
}

SENT_AGAIN = Health(_("Could not be sent, is tried again"), Tone.BAD)
BY_MAIL_STATE = {
    Mail.State.PENDING: ON_ITS_WAY,
    Mail.State.SENT: Health(_("Sent"), Tone.GOOD),
    Mail.State.NO_ADDRESS: Health(_("Not sent: there is no address"), Tone.BAD),
    Mail.State.LIMITED: Health(_("Not sent: its address has had as many as it may"), Tone.BAD),
    Mail.State.EXPIRED: Health(_("Not sent in time"), Tone.BAD),
    Mail.State.MOOT: Health(_("Not sent: no longer needed"), Tone.QUIET),
}


def of_conference(conference: Conference) -> Health:
    if conference.state == Conference.State.FAILING:
        return BY_WHO_CAN_ACT.get(causes.get(conference.cause_code).actor, FAILING)
    if conference.state == Conference.State.ASSIGNED and conference.cause_code:
        return OUT_OF_DATE
    return BY_CONFERENCE_STATE[Conference.State(conference.state)]


def of_profile(profile: ConferencingProfile) -> Health:
    match profile.state:
        case ConferencingProfile.State.DISCONNECTED:
            return DISCONNECTED_BY_SUPPORT if profile.cause == services.grants.BY_SUPPORT else LINK_AGAIN
        case ConferencingProfile.State.LEAVING:
            return LEAVING
        case ConferencingProfile.State.UNLINKED:
            return UNLINKED
    if profile.paused_until is not None and profile.paused_until > clock.about_now():
        return PAUSED
    return TEST_FAILED if profile.cause else WORKS


def of_attempt(attempt: Attempt) -> Health:
    return CALL_FAILED if attempt.cause_code else CALL_WORKED


def of_delivery(delivery: NotificationDelivery) -> Health:
    match delivery.state:
        case NotificationDelivery.State.DELIVERED:
            return ARRIVED
        case NotificationDelivery.State.DROPPED:
            return NO_LONGER_HEARD
    return TRIED_AGAIN if delivery.attempts else ON_ITS_WAY


def of_endpoint(endpoint: Endpoint) -> Health:
    if not endpoint.enabled:
        return SWITCHED_OFF_BY_ITSELF.get(endpoint.disabled_cause, SWITCHED_OFF)
    if endpoint.paused_until is not None and endpoint.paused_until > clock.about_now():
        return ASKED_FOR_PAUSE
    return TAKES_NOTHING if endpoint.failing_since else TAKES


def of_mail(mail: Mail) -> Health:
    if mail.state == Mail.State.PENDING and mail.attempts:
        return SENT_AGAIN
    return BY_MAIL_STATE[Mail.State(mail.state)]
