from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.site import crowd
from conferencing_app.models import Conference, ConferencingProfile, Endpoint

FEW = 100
TIMES = 7
ADMIN = "/admin/conferencing_app"
MODELS = (
    *("conference", "conferencingprofile", "meeting", "attempt"),
    *("notification", "notificationdelivery", "endpoint", "mail"),
)


class Command(BaseCommand):
    help = "Makes conferences, and asks the admin's pages for them; prints each page's times and queries as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.force_login(get_user_model().objects.create_superuser("sam"))
        crowd.make(FEW)
        for _time in range(2):  # the first time a process learns what it keeps
            few = {name: ask(browser, url) for name, url in pages().items()}
        crowd.leave()
        crowd.make(count)
        settle()
        answers = {name: [ask(browser, url) for _time in range(TIMES)] for name, url in pages().items()}
        told = {
            name: {
                "milliseconds": [milliseconds for milliseconds, _queries in timed],
                "queries": max(queries for _milliseconds, queries in timed),
                "queries_of_few": few[name][1],
            }
            for name, timed in answers.items()
        }
        self.stdout.write(json.dumps(told))


def ask(browser: Client, url: str) -> tuple[float, int]:
    """How long the page takes, in milliseconds, and how many queries it makes."""
    reset_queries()  # only so many are kept
    with CaptureQueriesContext(connection) as queries:
        begun = time.perf_counter()
        answer = browser.get(url)
        milliseconds = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answers {answer.status_code}")
    return milliseconds, len(queries)


def owner_of(conference: Conference) -> Any:
    return conference.owner


def settle() -> None:
    """What the database does by itself in time: know its tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def pages() -> dict[str, str]:
    """What support opens: lists, filters, searches and single objects; for each there is something to find."""
    conference = Conference.objects.filter(state="assigned").latest("pk")
    failing = Conference.objects.filter(state="failing").latest("pk")
    meeting, owner, waiting = conference.meetings.get(), owner_of(conference), owner_of(failing)
    account = ConferencingProfile.objects.latest("pk")
    searches = {
        "reference": conference.public_id,
        "event": f"booking {conference.event_key}",
        "key": conference.event_key,
        "meeting": meeting.meeting_id,
        "link": meeting.join_url,
        "name": f"{owner.first_name} {owner.last_name}",
        "first-name": owner.first_name,
        "title": conference.summary,
        "nothing": "nobody is called so",
    }
    filters = {
        "failing": {"state__exact": "failing"},
        "cause": {"cause_code": "refused"},
        "provider": {"provider": "zoom"},
        "waiting": {"waiting": "7d"},
        "failing-by-name": {"state__exact": "failing", "q": waiting.last_name},
        "sorted": {"o": "7"},
        "last-page": {"p": str(max(1, Conference.objects.count() // 50))},
    }
    lists = {model: f"{ADMIN}/{model}/" for model in MODELS}
    everywhere = ("reference", "meeting", "link", "name")
    endpoint = Endpoint.objects.latest("pk")
    return {
        **{f"{model}-list": url for model, url in lists.items()},
        **{f"conference-{name}": f"{lists['conference']}?{urlencode(query)}" for name, query in filters.items()},
        **{f"conference-by-{name}": f"{lists['conference']}?{urlencode({'q': q})}" for name, q in searches.items()},
        **{
            f"{model}-by-{name}": f"{url}?{urlencode({'q': searches[name]})}"
            for model, url in lists.items()
            if model not in ("conference", "endpoint")
            for name in everywhere
        },
        **{
            f"endpoint-by-{name}": f"{lists['endpoint']}?{urlencode({'q': searches[name]})}"
            for name in ("event", "name")
        },
        "delivery-by-endpoint": f"{lists['notificationdelivery']}?{urlencode({'q': endpoint.public_id})}",
        "notification-failing": f"{lists['notification']}?type=conferencing_failing",
        "delivery-pending": f"{lists['notificationdelivery']}?state__exact=pending",
        "endpoint-page": f"{lists['endpoint']}{endpoint.pk}/change/",
        "attempt-by-request": f"{lists['attempt']}?{urlencode({'q': f'request-{conference.pk}'})}",
        "conference-page": f"{lists['conference']}{failing.pk}/change/",
        "conferencingprofile-page": f"{lists['conferencingprofile']}{account.pk}/change/",
        "overview-24h": f"{lists['conference']}overview/?range=24h",
        "overview-30d": f"{lists['conference']}overview/?range=30d",
    }
