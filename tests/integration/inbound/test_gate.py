"""Who may tell us something: only a provider, only lately, each thing once, and nothing that is endless."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, InboundMessage, Meeting
from conferencing_app.provisioning import pruning
from conferencing_app.testing import drain
from conferencing_app.views.inbound import LARGEST_BODY
from tests.hosts.models import Lesson
from tests.integration.inbound.conftest import SIGNATURE, TIMESTAMP, URL, deletion, event, post, signed

pytestmark = pytest.mark.django_db(transaction=True)

Headers = dict[str, str]


@pytest.fixture
def meeting(conferencing_sandbox: Any, lesson: Lesson) -> Meeting:
    drain()
    return Meeting.objects.get()


def accepted(meeting: Meeting) -> list[str]:
    """What the app has been made to believe, or to do."""
    meeting.refresh_from_db()
    grounds = {
        "the meeting is missing": meeting.missing_since is not None,
        "the meeting is to be read": meeting.read_back,
        "a message was noted": InboundMessage.objects.exists(),
        "a conference is due": Conference.objects.exclude(due_at=None).exists(),
        "an account is disconnected": ConferencingProfile.objects.exclude(state="connected").exists(),
    }
    return [what for what, is_so in grounds.items() if is_so]


Forgery = Callable[[bytes, Headers], tuple[bytes, Headers]]
FORGERIES: dict[str, Forgery] = {
    "no headers": lambda body, good: (body, {}),
    "no signature": lambda body, good: (body, {TIMESTAMP: good[TIMESTAMP]}),
    "no timestamp": lambda body, good: (body, {SIGNATURE: good[SIGNATURE]}),
    "an empty signature": lambda body, good: (body, {**good, SIGNATURE: ""}),
    "another version": lambda body, good: (body, {**good, SIGNATURE: good[SIGNATURE].replace("v0", "v1")}),
    "without its version": lambda body, good: (body, {**good, SIGNATURE: good[SIGNATURE].removeprefix("v0=")}),
    "in capitals": lambda body, good: (body, {**good, SIGNATURE: good[SIGNATURE].upper()}),
    "cut short": lambda body, good: (body, {**good, SIGNATURE: good[SIGNATURE][:-1]}),
    "with more after it": lambda body, good: (body, {**good, SIGNATURE: good[SIGNATURE] + "0"}),
    "one digit off": lambda body, good: (body, {**good, SIGNATURE: good[SIGNATURE].translate({48: "1", 49: "0"})}),
    "not ASCII": lambda body, good: (body, {**good, SIGNATURE: "v0=é"}),
    "of the body as text": lambda body, good: (body, {**good, SIGNATURE: "v0=" + "0" * 64}),
    "a changed byte": lambda body, good: (body.replace(b"deleted", b"updated"), good),
    "a byte more": lambda body, good: (body + b" ", good),
    "a byte less": lambda body, good: (body[:-1], good),
    "re-serialised": lambda body, good: (json.dumps(json.loads(body), indent=1).encode(), good),
    "an empty body": lambda body, good: (b"", good),
    "another moment": lambda body, good: (body, {**good, TIMESTAMP: str(int(good[TIMESTAMP]) + 1)}),
    "a moment that is none": lambda body, good: (body, {**good, TIMESTAMP: "now"}),
    "another secret": lambda body, good: (body, signed(body, token="not-it")),
    "the client's secret": lambda body, good: (body, signed(body, token="sandbox-client-secret")),
    "an empty secret": lambda body, good: (body, signed(body, token="")),
    "too old": lambda body, good: (body, signed(body, ahead=-302)),
    "a year old": lambda body, good: (body, signed(body, ahead=-365 * 86400)),
    "of the future": lambda body, good: (body, signed(body, ahead=302)),
    "the old verification token": lambda body, good: (body, {"Authorization": "sandbox"}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_message_changes_nothing_and_is_told_nothing(meeting: Meeting, name: str) -> None:
    body = deletion(meeting.meeting_id)
    answer = post(*FORGERIES[name](body, signed(body)))
    assert answer.status_code == 401
    assert answer.content == b""
    assert accepted(meeting) == []


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_removal_of_the_app_disconnects_nobody(meeting: Meeting, name: str) -> None:
    account, user = str(meeting.profile.account_key).split(":")[1:]
    body = event("app_deauthorized", {"account_id": account, "user_id": user, "note": "deleted"}, ahead=5)
    assert post(*FORGERIES[name](body, signed(body))).status_code == 401
    assert accepted(meeting) == []
    assert hasattr(meeting.profile, "grant")


def test_a_forged_challenge_gets_nothing_signed(conferencing_sandbox: Any, transactional_db: None) -> None:
    body = event("endpoint.url_validation", {"plainToken": "abc", "note": "deleted"})
    for name, forge in FORGERIES.items():
        answer = post(*forge(body, signed(body)))
        assert (answer.status_code, answer.content) == (401, b""), name


def test_the_same_message_counts_once(conferencing_sandbox: Any, meeting: Meeting) -> None:
    """Sent again by Zoom, newly signed, or recorded and replayed by somebody else."""
    body = deletion(meeting.meeting_id)
    headers = signed(body)
    assert post(body, headers).status_code == 200
    drain()
    version = Conference.objects.get().version
    for _ in range(5):
        assert post(body, headers).status_code == 200
        assert post(body).status_code == 200
    assert InboundMessage.objects.count() == 1
    assert (Conference.objects.get().version, Conference.objects.due().count()) == (version, 0)


def test_the_same_message_at_the_same_moment_counts_once(conferencing_sandbox: Any, meeting: Meeting) -> None:
    body = deletion(meeting.meeting_id)
    headers, before, answers = signed(body), Conference.objects.get().version, []

    def send() -> None:
        answers.append(post(body, headers).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert InboundMessage.objects.count() == 1
    assert Conference.objects.get().version == before + 1


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 20 * 1024 * 1024])
def test_what_is_too_long_is_not_even_verified(meeting: Meeting, size: int) -> None:
    body = deletion(meeting.meeting_id).ljust(size)
    headers = signed(body)
    with CaptureQueriesContext(connection) as queries:
        answer = post(body, headers)
    assert (answer.status_code, answer.content, len(queries)) == (413, b"", 0)
    assert accepted(meeting) == []


def test_what_is_just_short_enough_is_taken(meeting: Meeting) -> None:
    assert post(deletion(meeting.meeting_id).ljust(LARGEST_BODY)).status_code == 200
    assert "the meeting is missing" in accepted(meeting)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not json",
        b'{"event": "meeting.started", "payload": {"object": {"id": 1}}}',
        b'{"event": "meeting.deleted", "payload": {"object": {"id": "999"}}}',
        b'{"event": "meeting.deleted", "payload": "?"}',
        b'{"event": "app_deauthorized", "payload": {"account_id": "a", "user_id": "b"}, "event_ts": 1}',
        b'{"event": ["meeting.deleted"]}',
    ],
)
def test_what_is_of_no_concern_is_taken_politely(meeting: Meeting, body: bytes) -> None:
    assert post(body).status_code == 200
    meeting.refresh_from_db()
    assert (meeting.missing_since, meeting.read_back) == (None, False)
    assert not Conference.objects.exclude(due_at=None).exists()


@pytest.mark.parametrize("state", ["doomed", "gone", "sent", "planned"])
def test_what_comes_back_of_our_own_removal_is_no_news(meeting: Meeting, state: str) -> None:
    Meeting.objects.update(state=state)
    assert post(deletion(meeting.meeting_id)).status_code == 200
    assert not Conference.objects.exclude(due_at=None).exists()


def test_a_message_about_a_row_that_is_gone_is_taken(meeting: Meeting) -> None:
    number = meeting.meeting_id
    Meeting.objects.all().delete()
    Conference.objects.all().delete()
    assert post(deletion(number)).status_code == 200


def test_the_answer_needs_a_few_queries_and_no_provider(
    conferencing_sandbox: Any, meeting: Meeting, django_assert_max_num_queries: Any
) -> None:
    asked = len(conferencing_sandbox.requests())
    with django_assert_max_num_queries(12):
        assert post(deletion(meeting.meeting_id)).status_code == 200
    assert len(conferencing_sandbox.requests()) == asked


@pytest.mark.parametrize(
    "change",
    [
        {"CONFERENCING_PROVIDERS": {}},
        {"CONFERENCING_SANDBOX_URL": ""},  # the OPTIONS name no secret token
        {"CONFERENCING_PROVIDERS": {"zoom": {"BACKEND": "no.such.Provider"}}},
    ],
)
def test_a_provider_that_can_not_be_verified_is_not_heard(meeting: Meeting, settings: Any, change: Any) -> None:
    body = deletion(meeting.meeting_id)
    headers = signed(body)
    for name, value in change.items():
        setattr(settings, name, value)
    answer = post(body, headers)
    assert (answer.status_code, answer.content) == (404, b"")
    assert accepted(meeting) == []


def test_an_unknown_provider_is_not_heard(conferencing_sandbox: Any, transactional_db: None) -> None:
    assert post(b"{}", url="/conferencing/inbound/other/").status_code == 404


def test_only_a_post_is_taken_and_no_session_is_begun(conferencing_sandbox: Any, meeting: Meeting) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert Client().generic(method, URL).status_code == 405
    answer = post(deletion(meeting.meeting_id))
    assert not answer.cookies


def test_notes_of_messages_are_pruned_after_a_day(meeting: Meeting) -> None:
    post(deletion(meeting.meeting_id))
    pruning.prune()
    assert InboundMessage.objects.count() == 1
    with clock.travel(timedelta(days=1, minutes=1)):
        pruning.prune()
    assert not InboundMessage.objects.exists()
