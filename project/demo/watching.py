"""What the steps of the story share: booking, looking until something shows, and asking the sandbox what it has.

Nothing here knows the app: it only reads pages, and the sandbox's own record.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from conferencing_app.sandbox.client import SandboxControl
from project.demo.pages import Page
from project.demo.receiver import Receiver
from project.demo.visitor import Visitor

LOOK_SECONDS = 0.02
INPUT_FORMAT = "%Y-%m-%dT%H:%M"
Meeting = dict[str, Any]
Found = TypeVar("Found")


class StepFailed(Exception):
    """A step did not hold: what was expected, and what was seen instead."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"expected {expected}, saw {seen}")
        self.expected = expected
        self.seen = seen


@dataclass
class Booking:
    """What Alice remembers of a booking: its page as it came when she saved it, and as she saw it last."""

    title: str
    page: Page
    seen: Page
    saved_at: float
    join_url: str = ""
    meeting_id: int = 0


@dataclass
class Watcher:
    """Alice, her browser and her bookings, and the sandbox that judges."""

    alice: Visitor
    sandbox: SandboxControl
    receiver: Receiver
    zone: ZoneInfo
    patience: float
    bookings: list[Booking] = field(default_factory=list)

    def save(self, title: str, days: int) -> Booking:
        """She fills in the form for a booking so many days ahead, and is on its page."""
        form = self.alice.open("/bookings/new/").form("/bookings/new/")
        sent = time.time()
        page = self.alice.submit(form, title=title, **self.times_of(self.start(days)))
        expect(page.status == 200 and title in page.text, f"the page of “{title}”", f"{page.status}: {page.text[:300]}")
        self.bookings.append(booking := Booking(title, page, page, sent))
        return booking

    def wait_for_link(self, booking: Booking) -> float:
        """Look at her page until the link is there, and know the meeting behind it; when that was."""
        booking.join_url = self.wait_for(
            "a join link on her page",
            lambda: self.look(booking).outside_links(),
            bool,
            lambda _nothing: f"“{booking.seen.text[:300]}”",
        )[0]
        seen = time.time()
        live = [meeting for meeting in self.sandbox.live_meetings() if meeting["join_url"] == booking.join_url]
        expect(len(live) == 1, f"a live meeting at Zoom behind {booking.join_url}", f"{len(live)} of them")
        booking.meeting_id = live[0]["id"]
        return seen

    def wait_for_words(self, booking: Booking, words: str) -> Page:
        """Look at her page until it says this."""
        return self.wait_for(
            f"“{words}” on her page",
            lambda: self.look(booking),
            lambda page: words in page.text,
            lambda page: f"“{page.text[:300]}”",
        )

    def look(self, booking: Booking) -> Page:
        """The card as it is now; it says itself where to look again."""
        addresses = booking.seen.refresh_urls
        if addresses:
            fragment = self.alice.glance(addresses[0])
            if fragment.status == 200:  # 204 says: nothing new
                booking.seen = fragment
        return booking.seen

    def wait_for(
        self,
        expected: str,
        look: Callable[[], Found],
        good: Callable[[Found], bool],
        describe: Callable[[Found], str],
    ) -> Found:
        """Look until it is good. Raises StepFailed with what was seen last when it takes too long."""
        deadline = time.monotonic() + self.patience
        while not good(found := look()):
            if time.monotonic() > deadline:
                raise StepFailed(f"{expected} within {self.patience:.0f} s", describe(found))
            time.sleep(LOOK_SECONDS)
        return found

    def shown_link(self, booking: Booking) -> str:
        """The link on the booking's page; empty where there is none."""
        return next(iter(self.alice.open(booking.page.url).outside_links()), "")

    def meeting(self, meeting_id: int) -> Meeting:
        """The meeting in Zoom's record."""
        return next(meeting for meeting in self.sandbox.meetings() if meeting["id"] == meeting_id)

    def mark(self) -> int:
        """A point in Zoom's log, to ask later what has come since."""
        total: int = self.sandbox.state()["requests"]["total"]
        return total

    def start(self, days: int) -> datetime:
        """Three in the afternoon, so many days ahead."""
        return datetime.now(self.zone).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=days)

    def times_of(self, start: datetime) -> dict[str, str]:
        """The form's fields for a booking of 45 minutes."""
        end = start + timedelta(minutes=45)
        return {"starts_at": start.strftime(INPUT_FORMAT), "ends_at": end.strftime(INPUT_FORMAT)}


def expect(held: bool, expected: str, seen: str) -> None:
    """Raise StepFailed unless it held."""
    if not held:
        raise StepFailed(expected, seen)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def times(count: int, noun: str = "") -> str:
    """A count in words: “once”, “3 times”; with a noun, “1 change”, “3 changes”."""
    if noun:
        return f"{count} {noun}{'' if count == 1 else 's'}"
    return "once" if count == 1 else f"{count} times"
