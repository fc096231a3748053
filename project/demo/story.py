"""The story: what Alice does in her browser, and what the sandbox's own record says became of it.

Every number comes from the sandbox, never from the site's tables. Nothing here knows the app: it only reads pages.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from project.demo.pages import Page
from project.demo.watching import Watcher, expect, milliseconds, times

ASSIGNED, FAILING = "conferencing_assigned", "conferencing_failing"
DISCONNECTED = "conferencing_profile_disconnected"
ACCOUNT = "alice.zoom@example.com"


class Story(Watcher):
    """The steps; each returns the lines to tell."""

    outage = 0

    def link_account(self) -> list[str]:
        """Through the pages: sign in, link, approve at the provider, come back."""
        front = self.alice.open("/sign-in/")
        home = self.alice.submit(front.form("/sign-in/alice/"))
        accounts = self.alice.open(home.link("Conferencing"))
        consent = self.alice.submit(accounts.form("/link/zoom/"))
        back = self.alice.submit(consent.form("/oauth/consent"), account=ACCOUNT, decision="approve")
        expect(ACCOUNT in back.text, f"{ACCOUNT} on her page of linked accounts", f"{back.url}: {back.text[:300]}")
        grants = [grant for grant in self.sandbox.state()["grants"] if grant["alive"]]
        expect([grant["account"] for grant in grants] == [ACCOUNT], f"one grant, by {ACCOUNT}", str(grants))
        return [f"{ACCOUNT} is linked; Zoom granted {len(grants[0]['scopes'])} permissions"]

    def save_booking(self) -> list[str]:
        """Saved: pending at once, then a link."""
        before = self.mark()
        booking = self.save("Piano lesson", days=2)
        at_once = booking.page.outside_links()
        seen = self.wait_for_link(booking)
        creations = self.sandbox.requests("create", since=before)
        expect(len(creations) == 1, "one creation in Zoom's log", str(len(creations)))
        made = datetime.fromisoformat(creations[0]["finished_at"]).timestamp()
        first = "the link was there with the page" if at_once else "pending at once, then the link"
        return [
            f"{first}: {booking.join_url}",
            f"{milliseconds(made - booking.saved_at)} from her click to the meeting at Zoom (its log), "
            f"{milliseconds(seen - booking.saved_at)} to the link on her page",
        ]

    def move_and_rename(self) -> list[str]:
        """The same meeting follows: no second one, no other link."""
        booking = self.bookings[0]
        start = self.start(days=3) + timedelta(hours=1)
        title = "Piano lesson, second part"
        form = self.alice.open(booking.page.link("Edit")).form("/edit/")
        self.alice.submit(form, title=title, **self.times_of(start))
        wanted = start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        meeting = self.wait_for(
            f"“{title}” at {wanted} in Zoom's record of meeting {booking.meeting_id}",
            lambda: self.meeting(booking.meeting_id),
            lambda found: (found["topic"], found["start_time"]) == (title, wanted),
            lambda found: f"“{found['topic']}” at {found['start_time']}, changed {found['updates']} times",
        )
        shown = self.shown_link(booking)
        expect(shown == booking.join_url, f"the same link, {booking.join_url}", shown or "no link on her page")
        creations = len(self.sandbox.requests("create"))
        expect(creations == 1, "one meeting created in all", f"{creations} creations in Zoom's log")
        booking.title = title
        return [
            f"“{meeting['topic']}” at {meeting['start_time']} in Zoom's record, changed {times(meeting['updates'])}",
            f"same link, {shown}",
        ]

    def save_during_outage(self) -> list[str]:
        """Zoom answers 503 to everything: her page says why there is no link, and when it is tried again."""
        before = self.mark()
        self.outage = self.sandbox.add_fault("*", "status", status=503)["id"]
        page = self.wait_for_words(self.save("Singing lesson", days=4), "does not answer properly")
        expect(not page.outside_links(), "no link on her page", str(page.outside_links()))
        refused = self.sandbox.requests("create", since=before)
        expect(bool(refused), "a creation in Zoom's log that it refused", "none")
        return [
            f"her page: “{sentence(page, 'Zoom does not answer')}”",
            f"asked {times(len(refused))}, refused with 503",
        ]

    def outage_ends(self) -> list[str]:
        """Nobody does anything: the app tries again by itself."""
        booking = self.bookings[-1]
        self.sandbox.remove_fault(self.outage)
        self.wait_for_link(booking)
        first = self.bookings[0]
        expect(first.join_url != booking.join_url, "a link of its own", f"the first one's link, {first.join_url}")
        return [f"nobody did anything; her page has the link: {booking.join_url}"]

    def revoke_grant(self) -> list[str]:
        """She has removed the app at Zoom. The next booking says so, and one click on links again heals it."""
        revoked = self.sandbox.revoke_grants(ACCOUNT)
        expect(revoked == 1, "one grant revoked at Zoom", str(revoked))
        told = self.sandbox.delivered()[-1]
        expect(told["deliveries"][-1]["status"] == 200, "the site to take Zoom's message about it", str(told))
        booking = self.save("Choir", days=5)
        page = self.wait_for_words(booking, "Link the account again")
        accounts = self.alice.open(page.link("Link the account again"))
        consent = self.alice.submit(accounts.form("/link/zoom/", "profile"))
        back = self.alice.submit(consent.form("/oauth/consent"), account=ACCOUNT, decision="approve")
        expect("Already connected" in back.text, f"{ACCOUNT} connected again", f"{back.url}: {back.text[:300]}")
        self.wait_for_link(booking)
        alive = [grant["account"] for grant in self.sandbox.state()["grants"] if grant["alive"]]
        expect(alive == [ACCOUNT], f"one living grant, by {ACCOUNT}", str(alive))
        return [
            f"Zoom told the site, signed; her page: “{sentence(page, 'You have removed')}”",
            f"she links it again, and the booking that waited has its link: {booking.join_url}",
        ]

    def cancel(self) -> list[str]:
        """The meeting is gone at the provider; no other one is touched."""
        first, second, *_ = self.bookings
        self.alice.submit(self.alice.open(first.page.link("Cancel")).form("/cancel/"))
        gone = self.wait_for(
            f"meeting {first.meeting_id} deleted at Zoom",
            lambda: self.meeting(first.meeting_id),
            lambda found: not found["live"],
            lambda found: f"it is still live, {len(self.sandbox.requests('delete'))} deletions asked for",
        )
        shown = self.shown_link(first)
        expect(not shown, "no link on her page", shown)
        expect(self.meeting(second.meeting_id)["live"], f"meeting {second.meeting_id} still there", "it was deleted")
        return [f"meeting {gone['id']} is gone at Zoom; the other one, {second.meeting_id}, is untouched"]

    def hear_of_it(self) -> list[str]:
        """Another program heard of each outcome, and knows by the signature that it was this site that told."""
        links = sorted(booking.join_url for booking in self.bookings)
        self.wait_for(
            f"news of {len(links)} links, of failures and of an account that was disconnected",
            self._told_links,
            lambda told: sorted(told) == links and self._kinds() >= {FAILING, DISCONNECTED},
            lambda told: f"{sorted(self._kinds())}, links {told}",
        )
        causes = [news["data"]["cause"] for news in self.receiver.heard if news["type"] == FAILING]
        expect(causes == ["outage", "deauthorized"], "why each of the two failed", str(causes))
        expect(self.receiver.refused == 0, "a good signature on each", f"{self.receiver.refused} bad ones")
        return [f"{len(self.receiver.heard)} notifications, every signature verified; failures: {', '.join(causes)}"]

    def _told_links(self) -> list[str]:
        told = [news["event"]["conferencing"] for news in self.receiver.heard if news["type"] == ASSIGNED]
        return [conferencing["join_url"] for conferencing in told]

    def _kinds(self) -> set[str]:
        return {news["type"] for news in self.receiver.heard}

    def totals(self) -> list[str]:
        """Each event that takes place has one live meeting, and no meeting is without its event."""
        pages = [self.alice.open(booking.page.url) for booking in self.bookings]
        shown = [link for page in pages for link in page.outside_links()]
        live = self.sandbox.live_meetings()
        orphans = [meeting["id"] for meeting in live if meeting["join_url"] not in shown]
        lost = [link for link in shown if link not in [meeting["join_url"] for meeting in live]]
        expect(not orphans, "no meeting at Zoom without its event", f"orphans {orphans}")
        expect(not lost, "a live meeting behind each link", f"links that lead nowhere: {lost}")
        cancelled = len(self.bookings) - len(shown)
        expect(cancelled == 1, "a link for each booking but the one that is cancelled", f"{len(shown)} links")
        expect(len(live) == len(shown), f"{len(shown)} live meetings at Zoom", str(len(live)))
        calls = {name: len(self.sandbox.requests(name)) for name in ("create", "update", "delete")}
        return [
            f"events {len(self.bookings)} ({cancelled} cancelled)   live meetings at Zoom {len(live)}   "
            f"orphans {len(orphans)}",
            f"calls in Zoom's log: {calls['create']} creations, {times(calls['update'], 'change')}, "
            f"{times(calls['delete'], 'deletion')}",
        ]


STEPS: tuple[tuple[str, Callable[[Story], list[str]]], ...] = (
    ("Alice links her Zoom account", Story.link_account),
    ("She saves a booking", Story.save_booking),
    ("She moves and renames it", Story.move_and_rename),
    ("Zoom goes down, and she saves another one", Story.save_during_outage),
    ("Zoom is back", Story.outage_ends),
    ("Her grant is revoked at Zoom", Story.revoke_grant),
    ("She cancels the first", Story.cancel),
    ("A webhook receiver hears of it all", Story.hear_of_it),
    ("Totals", Story.totals),
)


def sentence(page: Page, beginning: str) -> str:
    """The sentence on the page that begins like this."""
    start = page.text.index(beginning)
    return page.text[start : page.text.index(".", start) + 1]
