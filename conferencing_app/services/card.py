"""The conference card: who sees what of it, and the signed address from which it refreshes itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings as django_settings
from django.core import signing
from django.urls import reverse

from conferencing_app.conf import settings
from conferencing_app.models import Conference
from conferencing_app.providers import registry
from conferencing_app.services.explain import Explanation, explain, explain_to_staff

SALT = "conferencing_app.card"
# How often an open card looks again, in seconds. A settled one does not look.
POLL_SECONDS = 2
POLL_SECONDS_IN_TROUBLE = 15
# Where the viewer's own act is waited for: they may be at it in another tab, and come back to see what it did.
POLL_SECONDS_WHILE_THEY_ACT = 3
# Addresses that may become a link. Anything else ("javascript:…") is shown as text.
LINK_SCHEMES = frozenset({"http", "https", "tel", "sip", "sips"})
# A longer address of the rendering page is not carried along, so that the card's own stays usable.
MAX_PAGE_LENGTH = 500


@dataclass(frozen=True)
class Ticket:
    """What a refresh address allows: one conference, for one viewer (a user id, or empty), in full or as a guest.

    ``page`` is the path of the page that rendered the card, to return to.
    """

    conference: str
    viewer: str
    detailed: bool
    page: str

    def sign(self) -> str:
        return signing.dumps([self.conference, self.viewer, self.detailed, self.page], salt=SALT)


@dataclass(frozen=True)
class Card:
    """All that the card's template needs. ``explanation`` is None for guests, whatever the state."""

    conference: Conference
    token: str
    page: str
    provider_label: str
    detailed: bool
    owned: bool
    explanation: Explanation | None
    may_retry: bool

    @property
    def poll_seconds(self) -> int:
        """How soon to look again; 0 once the conference is settled."""
        state, told = self.conference.state, self.explanation
        if state == Conference.State.PENDING or (told is not None and told.trying_now):
            return POLL_SECONDS
        if state == Conference.State.FAILING and self.owned and told is not None and told.action_url:
            return POLL_SECONDS_WHILE_THEY_ACT
        in_trouble = state == Conference.State.FAILING or (told is not None and told.retrying)
        return POLL_SECONDS_IN_TROUBLE if in_trouble else 0

    @property
    def element_id(self) -> str:
        """The same at each refresh, so that htmx puts the focus back to where it was."""
        return f"conferencing-{self.token[-12:]}"

    @property
    def refresh_url(self) -> str:
        query = urlencode({"seen": self.fingerprint})
        return f"{reverse('conferencing:card', args=[self.token])}?{query}"

    @property
    def history_url(self) -> str:
        """The page with all that became of it, for whoever sees causes; empty on that page itself."""
        url = reverse("conferencing:conference", args=[self.conference.public_id])
        if not self.detailed or self.page == url:
            return ""
        return f"{url}?{urlencode({'next': self.page})}" if self.page else url

    @property
    def join_link(self) -> str:
        """The join address where it is safe as a link, else empty."""
        url = self.conference.join_url
        return url if urlsplit(url).scheme.lower() in LINK_SCHEMES else ""

    @property
    def fingerprint(self) -> str:
        """What the card shows, as a digest: while it stays the same there is nothing to announce."""
        shown = self.conference
        values: list[Any] = [shown.state, shown.provider, shown.join_url, shown.passcode, shown.dial_in, self.detailed]
        if self.explanation is not None:
            next_try = self.explanation.next_try
            # The template shows the minute.
            values += [
                self.explanation.code,
                self.explanation.trying_now,
                next_try and next_try.strftime("%Y-%m-%d %H:%M"),
            ]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def may_see(user: Any, conference: Conference) -> bool:
    """Whether this person sees causes: the event's owner, and staff who may view conferences."""
    return is_owner(user, conference) or (_is_staff(user) and user.has_perm("conferencing_app.view_conference"))


def may_act(user: Any, conference: Conference) -> bool:
    """Whether this person may have it tried again: the event's owner, and staff who are permitted to."""
    return is_owner(user, conference) or (_is_staff(user) and user.has_perm("conferencing_app.try_now_conference"))


def is_owner(user: Any, conference: Conference) -> bool:
    return user.is_authenticated and conference.owner_id is not None and conference.owner_id == user.pk


def first_card(conference: Conference, user: Any, page: str) -> Card:
    """The card as a page renders it for this person."""
    ticket = Ticket(
        conference=conference.public_id,
        viewer=_user_key(user),
        detailed=may_see(user, conference),
        page=page if len(page) <= MAX_PAGE_LENGTH else "",
    )
    return _card(conference, user, ticket, ticket.sign())


def read_ticket(token: str) -> Ticket:
    """The ticket in a refresh address. Raises signing.SignatureExpired, signing.BadSignature."""
    values = signing.loads(token, salt=SALT, max_age=timedelta(seconds=settings.CARD_SECONDS))
    return Ticket(*values)


def next_card(conference: Conference, user: Any, ticket: Ticket, token: str) -> Card:
    """The card as it refreshes itself: never more than the page showed, and less for anybody but its viewer.

    The token stays the one of the page, so that its time runs from there.
    """
    return _card(conference, user, ticket, token)


def _card(conference: Conference, user: Any, ticket: Ticket, token: str) -> Card:
    detailed = ticket.detailed and ticket.viewer == _user_key(user) and may_see(user, conference)
    runs_the_site = _is_staff(user) or django_settings.DEBUG
    explanation = (explain_to_staff if runs_the_site else explain)(conference) if detailed else None
    return Card(
        conference=conference,
        token=token,
        page=ticket.page,
        provider_label=registry.label(conference.provider) if conference.provider else "",
        detailed=detailed,
        owned=detailed and is_owner(user, conference),
        explanation=explanation,
        may_retry=explanation is not None and explanation.can_try_now and may_act(user, conference),
    )


def _is_staff(user: Any) -> bool:
    """A user model of a site without Django's admin need not know what staff is."""
    return bool(getattr(user, "is_staff", False))


def _user_key(user: Any) -> str:
    return str(user.pk) if user.is_authenticated else ""
