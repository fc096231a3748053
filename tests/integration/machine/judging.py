"""What must hold after each step of a run, and at its end: judged by what the sandbox and the endpoint have seen."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from conferencing_app import causes, clock
from conferencing_app.models import Conference, ConferencingProfile, Meeting, Notification, NotificationDelivery
from tests.hosts.models import Lesson
from tests.integration.machine.worker import Broker, Worker
from tests.integration.machine.world import World


class Site:
    """What is the same for all runs; the fixture sets it, as Hypothesis makes the machines by itself."""

    world: World
    worker: Worker
    broker: Broker
    heard: ClassVar[list[tuple[str, int]]] = []


class Judged(RuleBasedStateMachine):
    """``left`` are the meetings that were meant to stay, or could not be reached any more, when their account was
    unlinked; ``unsettled`` the events that have asked for something else, so that their link may change once a worker
    has looked at them; ``shown`` the links that people have been shown, by event.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world, self.worker, self.broker = Site.world, Site.worker, Site.broker
        self.lessons: list[Lesson] = []
        self.account_of: dict[str, str] = {}
        self.left: set[str] = set()
        self.shown: dict[str, str] = {}
        self.unsettled: set[str] = set()

    def linked(self) -> dict[str, str]:
        """The profile of each account that is linked."""
        profiles = ConferencingProfile.objects.linked().values_list("public_id", flat=True)
        return {self.account_of[public_id]: public_id for public_id in profiles}

    # What must hold at any time.

    @invariant()
    def it_holds(self) -> None:
        """One for all, so that Hypothesis prints it once for each step."""
        self.world.catch_up()
        self.nothing_is_touched_that_is_not_ours()
        self.nothing_is_made_that_the_books_do_not_know()
        self.one_meeting_at_most_stands_for_an_event()
        self.each_event_has_its_row_and_each_row_its_event()
        self.a_shown_link_leads_to_a_meeting_and_stays()
        self.what_waits_for_nobody_is_due()
        self.each_is_told_in_order()
        self.a_message_is_the_same_each_time()

    def nothing_is_touched_that_is_not_ours(self) -> None:
        assert self.world.touched <= set(Meeting.objects.values_list("meeting_id", flat=True))

    def nothing_is_made_that_the_books_do_not_know(self) -> None:
        markers = set(Meeting.objects.values_list("marker", flat=True))
        assert {marker_of(each) for each in self.world.live.values()} <= markers

    def one_meeting_at_most_stands_for_an_event(self) -> None:
        standing = Meeting.objects.exclude(state__in=[Meeting.State.DOOMED, Meeting.State.GONE])
        conferences = list(standing.values_list("conference", flat=True))
        assert len(conferences) == len(set(conferences))

    def each_event_has_its_row_and_each_row_its_event(self) -> None:
        rows = Conference.objects.filter(event_deleted=False).values_list("event_key", flat=True)
        assert sorted(rows) == sorted(str(lesson.pk) for lesson in self.lessons)

    def a_shown_link_leads_to_a_meeting_and_stays(self) -> None:
        there = {each["join_url"] for each in self.world.live.values()}
        now = clock.read("default")
        for row in Conference.objects.filter(event_deleted=False):
            if row.event_key in self.unsettled and (row.due_at is None or row.due_at > now):
                self.unsettled.remove(row.event_key)
                self.shown.pop(row.event_key, None)
            if row.join_url:
                assert row.join_url in there
                assert self.shown.setdefault(row.event_key, row.join_url) == row.join_url

    def what_waits_for_nobody_is_due(self) -> None:
        for row in Conference.objects.filter(due_at=None, state__in=["pending", "failing"]):
            assert row.cause is not None
            assert row.cause.retry != causes.Retry.TRANSIENT

    def each_is_told_in_order(self) -> None:
        subjects = {row.public_id: row.subject for row in Notification.objects.all()}
        first: dict[str, int] = {}
        for notification, sequence in Site.heard:
            first.setdefault(notification, sequence)
        by_subject = defaultdict(list)
        for notification, sequence in first.items():
            by_subject[subjects[notification]].append(sequence)
        for sequences in by_subject.values():
            assert sequences == list(range(1, len(sequences) + 1))

    def a_message_is_the_same_each_time(self) -> None:
        assert all(len(bodies) == 1 for bodies in self.world.posted().values())

    # And in the end.

    def check_events(self) -> None:
        self.world.catch_up()
        shown: dict[str, Conference] = {}
        for row in Conference.objects.filter(event_deleted=False):
            lesson = next(each for each in self.lessons if str(each.pk) == row.event_key)
            standing = [each for each in row.meetings.all() if each.state == Meeting.State.LIVE]
            assert [each.join_url for each in standing] == [row.join_url] * bool(row.join_url)
            if lesson.cancelled or row.profile_request == Conference.Request.NONE:
                assert row.join_url == ""
            elif self._may_be_made(row):
                assert standing, f"{row.cause_code or row.state}: no meeting"
                self._check_meeting(standing[0], lesson)
            shown |= {each.meeting_id: row for each in standing}
        assert set(self.world.live) - self.left <= set(shown), "alive, and nobody's"

    def _check_meeting(self, meeting: Meeting, lesson: Lesson) -> None:
        """One of an account that was unlinked stays as it was then."""
        there = self.world.live[meeting.meeting_id]
        if meeting.profile.is_linked:
            assert (there["topic"], there["start_time"]) == (lesson.title, f"{lesson.starts_at:%Y-%m-%dT%H:%M:%SZ}")

    def _may_be_made(self, row: Conference) -> bool:
        asked = row.profile_request
        return bool(self.linked()) if asked == Conference.Request.DEFAULT else asked in self.linked().values()

    def check_news(self) -> None:
        written = {row.public_id for row in Notification.objects.all()}
        assert {notification for notification, _ in Site.heard} == written
        assert set(self.world.posted()) == written
        assert not NotificationDelivery.objects.exclude(state=NotificationDelivery.State.DELIVERED).exists()


def marker_of(meeting: dict[str, Any]) -> str:
    return str(meeting["agenda"]).removeprefix("Ref. ").split()[0]
