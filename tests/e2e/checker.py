"""The verdict on a run, from the sandbox's own journal and the database alone."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from conferencing_app.models import Conference, ConferencingProfile, Meeting, Notification, NotificationDelivery
from tests.hosts.models import Heard, Lesson


def live_at_provider(journal: Path) -> list[dict[str, Any]]:
    """What is alive at the provider after everything that its journal tells since the last reset."""
    known: dict[int, dict[str, Any]] = {}
    for line in journal.read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "reset":
            known.clear()
        elif entry["kind"].startswith("meeting."):
            known[entry["meeting"]["id"]] = entry["meeting"]
    return [meeting for meeting in known.values() if meeting["live"]]


def check(journal: Path) -> None:
    """Each event that wants one has exactly one live meeting, as it should be, and shows its link. No other lives."""
    live = {str(meeting["id"]): meeting for meeting in live_at_provider(journal)}
    owned = {meeting.meeting_id: meeting for meeting in Meeting.objects.filter(state=Meeting.State.LIVE)}
    assert sorted(live) == sorted(owned), "alive at the provider, and alive by our books"
    conferences = {row.event_key: row for row in Conference.objects.filter(event_deleted=False)}
    lessons = {str(lesson.pk): lesson for lesson in Lesson.objects.all()}
    assert sorted(conferences) == sorted(lessons), "events, and what is wanted for them"
    by_event = defaultdict(list)
    for meeting in owned.values():
        by_event[meeting.conference_id].append(live[meeting.meeting_id])
    for key, lesson in lessons.items():
        _check_event(lesson, conferences[key], by_event.pop(conferences[key].pk, []))
    assert not by_event, "meetings of events that are deleted"


def _check_event(lesson: Lesson, conference: Conference, meetings: list[dict[str, Any]]) -> None:
    if lesson.cancelled:
        assert (meetings, conference.join_url) == ([], "")
        return
    assert lesson.starts_at is not None
    assert [(meeting["topic"], meeting["start_time"]) for meeting in meetings] == [
        (lesson.title, lesson.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    ]
    assert (conference.state, conference.cause_code) == ("assigned", "")
    assert conference.join_url == meetings[0]["join_url"], "the link that people are shown"


def check_heard() -> None:
    """Each notification was heard, and those about the same in their order."""
    heard: dict[str, int] = {}
    for row in Heard.objects.order_by("pk"):
        heard.setdefault(row.notification, row.sequence)
    written = {row.public_id: row for row in Notification.objects.all()}
    assert sorted(heard) == sorted(written), "told, and written down to be told"
    by_subject = defaultdict(list)
    for notification, sequence in heard.items():
        by_subject[written[notification].subject].append(sequence)
    for sequences in by_subject.values():
        assert sequences == list(range(1, len(sequences) + 1))


def is_settled() -> bool:
    """Nothing is left to do: no row is due or will be, no call is owed, nobody is to be told anything."""
    owed = Meeting.objects.present().exclude(state=Meeting.State.LIVE, second_look=False, read_back=False)
    return not any(rows.exclude(due_at=None).exists() for rows in unfinished()) and not owed.exists()


def unfinished() -> list[QuerySet]:
    """Where work stands that comes to an end: linked accounts are looked after each day for as long as they are."""
    leaving = ConferencingProfile.objects.filter(state=ConferencingProfile.State.LEAVING)
    return [leaving, *(model.objects.all() for model in (Conference, Notification, NotificationDelivery))]


class LinkHistory(threading.Thread):
    """Watches the links that people are shown while everything goes on."""

    def __init__(self) -> None:
        super().__init__(name="link-history", daemon=True)
        self.links: dict[str, list[str]] = defaultdict(list)
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.02):
            for key, link in Conference.objects.exclude(join_url="").values_list("event_key", "join_url"):
                if link not in self.links[key]:
                    self.links[key].append(link)
        connection.close()

    def __enter__(self) -> LinkHistory:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def check(self) -> None:
        changed = {key: links for key, links in self.links.items() if len(links) > 1}
        assert not changed, "events that were shown two different links"
