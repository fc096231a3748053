"""Where join links lead: a page that names the meeting, if there is one and the passcode fits."""

from __future__ import annotations

from conferencing_app.sandbox.exchange import Exchange
from conferencing_app.sandbox.pages import join_page, problem_page
from conferencing_app.sandbox.reply import Reply

from .models import Meeting
from .rendering import start_text


def identify(exchange: Exchange) -> None:
    """Guests are nobody in particular; the number is that of the link."""
    number = exchange.request.path_params["number"]
    if number.isascii() and number.isdigit() and len(number) < 20:
        exchange.entry.meeting_id = int(number)


def join(exchange: Exchange) -> Reply:
    """`GET /j/{number}?pwd=…`."""
    meeting = _meeting(exchange)
    if meeting is None:
        return Reply(404, problem_page(3001, "This meeting link is invalid.", "The meeting was deleted or never was."))
    if exchange.request.query_params.get("pwd", "") != meeting.encrypted_password:
        return Reply(403, problem_page(3002, "The passcode is wrong.", "Use the link as it was sent to you."))
    start = start_text(meeting) or "at any time"
    return Reply(200, join_page(meeting.topic, meeting.host.display_name, meeting.join_number, start))


def _meeting(exchange: Exchange) -> Meeting | None:
    """By its own number, or for a personal link any of that person's meetings that use it."""
    number = exchange.entry.meeting_id
    store = exchange.sandbox.zoom
    if number is None:
        return None
    for account in store.accounts.values():
        if account.pmi == number:
            personal = (meeting for meeting in store.live_by_host[account.email].values() if meeting.pmi)
            return next(personal, None)
    return store.live_meeting(number)
