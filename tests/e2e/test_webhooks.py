"""What endpoints are posted and people are mailed although workers are killed. PROMISES_FULL=1: 500 messages."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import standardwebhooks

from conferencing_app.models import Endpoint, LinkRequest, Mail, Notification, NotificationDelivery
from conferencing_app.services import endpoints, linking, verification
from tests.e2e import checker
from tests.e2e.processes import wait_until
from tests.e2e.site import Site
from tests.scripted import ScriptedServer, answer

MESSAGES = 500 if os.environ.get("PROMISES_FULL") == "1" else 24
HOURS_DOWN, HOURS_BETWEEN = 72, 6 if MESSAGES == 500 else 24
KILLS_WHEN_UP = 5 if MESSAGES == 500 else 2
A_DAY = 24 * 3600.0
EXPLICIT = {"profile_id": "explicit", "join_url": "https://meet.example.com/42", "provider_description": "Ours"}

URL_IN_MAIL = re.compile(r"^(http://testserver/conferencing/verify/\S+)$", re.MULTILINE)


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    with ScriptedServer(answer(503)) as server:
        yield server


def save_assigned(site: Site, number: int) -> None:
    """Events that have their links at once, which is news."""
    for count in range(number):
        site.save_lesson(f"Lesson {count}", conferencing=EXPLICIT)


def bodies(receiver: ScriptedServer, secret: str) -> dict[str, list[bytes]]:
    """What was posted, by the message's id; each is signed for the moment at which it was posted."""
    webhook, posted = standardwebhooks.Webhook(secret), defaultdict(list)
    for request in receiver.requests:
        message, at = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
        signature = webhook.sign(message, datetime.fromtimestamp(at, UTC), request.body.decode())
        assert signature == request.headers["webhook-signature"]
        posted[message].append(request.body)
    return posted


@pytest.mark.slow
def test_a_receiver_that_is_down_for_three_days_gets_everything_although_workers_are_killed(
    site: Site, receiver: ScriptedServer, record_property: Callable[[str, object], None]
) -> None:
    _, secret = endpoints.add(receiver.url, types=["conferencing_assigned"])
    steps = HOURS_DOWN // HOURS_BETWEEN
    for step in range(steps):
        save_assigned(site, MESSAGES * (step + 1) // steps - MESSAGES * step // steps)
        site.crash_at("webhook.after_send:2")
        site.leap(HOURS_BETWEEN * 3600.0)
    refused = len(receiver.requests)
    receiver.scripts = [answer(200)]
    for _ in range(KILLS_WHEN_UP):
        site.leap(A_DAY / KILLS_WHEN_UP)
        site.crash_at("webhook.after_send:2")
    site.leap(A_DAY / KILLS_WHEN_UP)
    site.settle()
    told = {row.public_id for row in Notification.objects.filter(type="conferencing_assigned")}
    posted, taken = bodies(receiver, secret), {each.headers["webhook-id"] for each in receiver.requests[refused:]}
    record_property("kills", steps + KILLS_WHEN_UP)
    record_property("written", len(told))
    record_property("taken", len(taken & told))
    assert taken == told == set(posted)
    assert len(told) == MESSAGES
    assert sum(len(each) for each in posted.values()) > MESSAGES
    assert all(len(set(each)) == 1 for each in posted.values()), "the same bytes each time"
    assert Endpoint.objects.get().enabled


@pytest.mark.parametrize("point", ["webhook.before_send", "webhook.after_send"])
def test_killed_while_it_posts(site: Site, receiver: ScriptedServer, point: str) -> None:
    receiver.scripts = [answer(200)]
    _, secret = endpoints.add(receiver.url, types=["conferencing_assigned"])
    save_assigned(site, 3)
    site.crash_at(point)
    site.leap(3.0)
    site.settle()
    posted = bodies(receiver, secret)
    assert len(posted) == 3
    assert sorted(len(each) for each in posted.values()) == ([1, 1, 2] if point == "webhook.after_send" else [1, 1, 1])
    assert not NotificationDelivery.objects.exclude(state=NotificationDelivery.State.DELIVERED).exists()
    checker.check_heard()


@pytest.mark.parametrize(("point", "sent"), [("mail.before_send", 1), ("mail.after_send", 2)])
def test_killed_while_it_sends_a_mail(site: Site, point: str, sent: int) -> None:
    """At least once, and each time the same."""
    linking.request_link(site.owner, "https://app.example/")
    verification.ask(LinkRequest.objects.get(), browser="a browser", network="")
    Mail.objects.exclude(kind="verify_link").delete()
    site.crash_at(point)
    site.leap(3.0)
    worker = site.start_worker()
    wait_until(lambda: Mail.objects.get().state == Mail.State.SENT, site.report)
    worker.stop()
    links = [URL_IN_MAIL.findall(path.read_text()) for path in site.nursery.mails()]
    assert len(links) == sent
    assert len({link for (link,) in links}) == 1
