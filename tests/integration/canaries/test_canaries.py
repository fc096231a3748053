"""A whole life, from the first link to the last good-bye: each secret in it is looked for wherever something is kept.

Logs at DEBUG, the tables, a broker's messages, mails and error reports, pages and admin, what endpoints are posted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, Endpoint, Grant, LinkRequest
from conferencing_app.notifications import signing
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import credentials, endpoints, linking, ownership
from conferencing_app.testing import CLIENT_SECRET
from tests.hosts.models import Lesson
from tests.integration.canaries.life import Life
from tests.integration.machine.worker import Broker
from tests.integration.pages.rows import make_user
from tests.overhearing import everything_logged
from tests.scripted import ScriptedServer, answer

pytestmark = pytest.mark.django_db(transaction=True)

SITES_SECRET = signing.new_secret()
BOLT = "A bolt from the blue."


@pytest.fixture
def life(conferencing_sandbox: SandboxControl, transactional_db: None, settings: Any) -> Iterator[Life]:
    settings.ADMINS = [("Sam", "sam@example.com")]
    settings.CONFERENCING_WEBHOOK_SECRETS = [SITES_SECRET]
    settings.CONFERENCING_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.CONFERENCING_PROVIDERS["zoom"]["OPTIONS"]["webhook_secret_token"] = (
        "the-secret-token-of-zooms-own-messages"
    )
    with ScriptedServer(answer(200)) as receiver, everything_logged() as heard:
        life = Life(conferencing_sandbox, receiver, heard, make_user("alice"))
        life.secrets["client secret"].add(CLIENT_SECRET)
        life.secrets["secret token"].add("the-secret-token-of-zooms-own-messages")
        life.secrets["site's key"].update([settings.SECRET_KEY, *settings.CONFERENCING_ENCRYPTION_KEYS])
        life.secrets["webhook secret"].add(SITES_SECRET.removeprefix("whsec_"))
        yield life


def link_from_the_accounts_page(life: Life) -> None:
    """Not at the first try: the provider fails in each way, the person says no, an answer is used twice."""
    page = reverse("conferencing:profiles")
    for fault in ("html", "malformed", "drop_after"):
        life.link(life.window, page, fault)
    life.see(life.window.get(life.consent(life.window.post(f"{page}link/zoom/"), deny=True)))
    life.link(life.window, page)
    back = life.consent(life.window.post(f"{page}link/zoom/"))
    for _ in range(2):
        life.see(life.window.get(back))
    life.keep_tokens()


def link_by_a_mail(life: Life) -> None:
    """From a stranger's browser by way of the mail; wrong codes are tried, and old mails pressed."""
    for _ in range(2):
        url = linking.request_link(life.alice, "https://app.example/back", application=linking.Application("Wren"))
        path = urlsplit(url).path
        life.secrets["link token"].add(path.split("/")[-2])
        life.see(life.stranger.get(path))
        life.see(life.stranger.post(f"{path}mail/"))
        life.secrets["browser"].add(life.stranger.cookies["conferencing_link_secret"].value)
        life.see(life.stranger.post(f"{path}code/", {"code": "1"}))
        life.work()
    used, current = (f"/conferencing/verify/{token}/" for token in tokens_in_order(life))
    for path in (used, current):
        life.see(life.fresh.get(path))
        life.see(life.fresh.post(path))
    wanted = LinkRequest.objects.latest("pk")
    life.link(life.fresh, f"/conferencing/requested/{wanted.public_id}/")
    life.see(life.fresh.get(current))


def tokens_in_order(life: Life) -> list[str]:
    told = "\n".join(life.surfaces["mails"])
    return sorted(life.secrets["mail token"], key=told.index)


def make_and_move_meetings(life: Life) -> None:
    start = (clock.read("default") + timedelta(days=2)).replace(microsecond=0)
    lessons = [
        Lesson.objects.create(owner=life.alice, title=f"Lesson {number}", starts_at=start) for number in range(3)
    ]
    life.work()
    for fault in ("html", "malformed", "drop_after"):
        Grant.objects.update(expires_at=clock.now())
        life.sandbox.add_fault("token.refresh", fault, times=1)
        life.sandbox.add_fault("update", fault, times=1)
        for lesson in lessons:
            lesson.title += "!"
            lesson.save()
        life.work()
        life.link(life.window, reverse("conferencing:profiles"))
        life.work()


def break_down(life: Life, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own code raises with the tokens in its hands: the page says 500, and the administrators get a report."""

    def bolt(*_: Any) -> None:
        settings.DEBUG = False  # under it the person who debugs gets all, and nobody a mail
        raise RuntimeError(BOLT)

    with monkeypatch.context() as broken:
        broken.setattr(ownership, "place", bolt)
        response = life.link(life.window, reverse("conferencing:profiles"))
    settings.DEBUG = True
    assert response.status_code == 500
    assert any(BOLT in str(message.body) for message in mail.outbox), "the report, with its variables"


def change_endpoints(life: Life) -> None:
    endpoint, secret = endpoints.add(life.receiver.url)
    secrets = [secret, endpoints.change_secret(endpoint)]
    endpoints.add(life.receiver.url, scheme=Endpoint.Scheme.CRONOFY, secret="CRN_the-secret-of-an-application")
    life.secrets["webhook secret"].update(each.removeprefix("whsec_") for each in secrets)
    life.secrets["webhook secret"].add("CRN_the-secret-of-an-application")


def ring(life: Life) -> None:
    broker = Broker()
    broker.ring()
    message = broker.take_message()
    life.surfaces["broker"].append(f"{message.body!r} {message.headers} {message.properties}")


def part(life: Life) -> None:
    profile = ConferencingProfile.objects.linked().get()
    life.see(life.window.get(reverse("conferencing:unlink", args=[profile.public_id])))
    life.see(life.window.post(reverse("conferencing:unlink", args=[profile.public_id]), {"meetings": "remove"}))
    life.work()
    with clock.travel(timedelta(hours=1)):
        life.work()
    assert not Grant.objects.exists()


def test_no_secret_of_a_whole_life_is_found_anywhere(
    life: Life, settings: Any, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(credentials, "SECOND_TRY_SECONDS", 0)
    change_endpoints(life)
    link_from_the_accounts_page(life)
    make_and_move_meetings(life)
    life.look_around()
    link_by_a_mail(life)
    life.look_around()
    break_down(life, settings, monkeypatch)
    life.work()
    ring(life)
    part(life)
    life.look_around()
    found = life.found()
    record_property("canaries", sum(len(each) for each in life.secrets.values()))
    record_property("found", len(found))
    assert found == []
    assert sum(len(each) for each in life.secrets.values()) >= 40
    assert all(life.secrets.values())
    assert sorted(name for name, texts in life.surfaces.items() if texts) == [
        *("admin", "broker", "database", "logs", "mails", "pages", "posted"),
    ]


def test_the_search_would_find_them(life: Life) -> None:
    for kind in ("access token", "mail code"):
        life.secrets[kind].add("87654321")
    life.surfaces["mails"].append("by the code 87654321")
    assert life.found() == ["access token in mails"]
