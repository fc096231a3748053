"""What surrounds the app in a run: two accounts at the sandbox, an endpoint that listens, and what both have seen."""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import standardwebhooks
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.http import QueryDict

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, Grant
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import endpoints, linking
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET, DEFAULT_BASE_URL, callback_url
from tests.hosts.models import Lesson
from tests.scripted import ScriptedServer, answer

ACCOUNTS = ("alice.zoom@example.com", "bob.zoom@example.com")
BY_HAND = "Made by hand"
# Less than the lag that the provider owns up to.
LIST_LAG_SECONDS = 15


class World:
    """One for the whole test; ``begin`` makes it new."""

    def __init__(self, sandbox: SandboxControl, receiver: ScriptedServer, owner: Any) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        self.owner = owner
        models: list[Any] = [*apps.get_app_config("conferencing_app").get_models(), Lesson]
        self.tables = [model._meta.db_table for model in models]

    def begin(self) -> None:
        """A site of which nothing is known, a provider where nothing was made."""
        clock.offset = timedelta(0)
        self.requests_seen = 0
        self.touched: set[str] = set()
        self.live: dict[str, dict[str, Any]] = {}
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), self.tables))
        self.sandbox.reset()
        self.sandbox.register_client(CLIENT_ID, CLIENT_SECRET, [callback_url(DEFAULT_BASE_URL)])
        self.sandbox.options(list_lag_seconds=LIST_LAG_SECONDS)
        self.receives(200)
        self.receiver.requests.clear()
        _, secret = endpoints.add(self.receiver.url)
        self.webhook = standardwebhooks.Webhook(secret)

    def leap(self, seconds: float) -> None:
        """Time passes everywhere."""
        clock.offset += timedelta(seconds=seconds)
        self.sandbox.advance(seconds)

    def receives(self, status: int) -> None:
        """What the endpoint answers from now on."""
        self.receiver.scripts[:] = [answer(status)]

    def link(self, account: str) -> ConferencingProfile:
        """The person links it, or links it again, through the consent page."""
        browser = secrets.token_urlsafe(32)
        address = self.sandbox.approve(linking.start(self.owner, "zoom", browser=browser), account)
        query = QueryDict(urlsplit(address).query)
        return linking.finish(self.owner, "zoom", browser=browser, query=query, absolute_uri=address).profile

    def make_by_hand(self) -> None:
        """A meeting that has nothing to do with the app, by a client that could well do it harm: the app's own."""
        grant = Grant.objects.get()
        token = grant.access_token.open(grant.place("access_token"))
        made = requests.post(
            f"{self.sandbox.url}/zoom/v2/users/me/meetings",
            json={"topic": BY_HAND, "type": 2, "start_time": "2031-01-01T10:00:00Z"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )
        assert made.status_code == 201

    def catch_up(self) -> None:
        """Look what has come of the requests since the last time: nothing changes at the provider but by a request.

        ``live`` is what is there of all that was not made by hand, ``touched`` the ids of what was ever changed there.
        """
        news = self.sandbox.requests(since=self.requests_seen)
        if not news:
            return
        self.requests_seen = news[-1]["sequence"]
        self.touched |= {str(each["meeting_id"]) for each in news if each["operation"] in ("update", "delete")}
        self.live = {str(each["id"]): each for each in self.sandbox.live_meetings() if each["topic"] != BY_HAND}

    def posted(self) -> dict[str, set[bytes]]:
        """What the endpoint was sent, by the message's id; all of it is signed."""
        bodies = defaultdict(set)
        for request in self.receiver.requests:
            message, at = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
            signature = self.webhook.sign(message, datetime.fromtimestamp(at, UTC), request.body.decode())
            assert signature == request.headers["webhook-signature"]
            bodies[message].add(request.body)
        return bodies
