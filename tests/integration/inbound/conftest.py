from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET, LinkProfile, inbound_url
from tests.hosts.models import Lesson

SECRET_TOKEN = "sandbox"
SIGNATURE, TIMESTAMP = "x-zm-signature", "x-zm-request-timestamp"
URL = "/conferencing/inbound/zoom/"
ACCOUNT = "alice.zoom@example.com"

Post = Callable[..., Any]


@pytest.fixture
def alice(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("alice", "alice@example.com")


@pytest.fixture
def profile(alice: Any, link_profile: LinkProfile) -> ConferencingProfile:
    return link_profile(alice, ACCOUNT)


@pytest.fixture
def listening(conferencing_sandbox: SandboxControl, live_server: Any) -> SandboxControl:
    """The sandbox, which sends its events to this site, over HTTP."""
    conferencing_sandbox.register_client(CLIENT_ID, CLIENT_SECRET, webhook_url=inbound_url(live_server.url))
    return conferencing_sandbox


@pytest.fixture
def lesson(profile: ConferencingProfile) -> Lesson:
    """One of tomorrow; its meeting is made with the first drain."""
    start = (clock.read("default") + timedelta(days=1)).replace(microsecond=0)
    return Lesson.objects.create(
        owner=profile.user, title="Scales", starts_at=start, ends_at=start + timedelta(hours=1)
    )


def stored(lesson: Lesson) -> Any:
    return Lesson.objects.get(pk=lesson.pk).conferencing


def signed(body: bytes, *, token: str = SECRET_TOKEN, ahead: float = 0) -> dict[str, str]:
    """Zoom's headers for this body, signed so many seconds ahead of now (or, negative, ago)."""
    timestamp = str(int(clock.read("default").timestamp() + ahead))
    digest = hmac.new(token.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {TIMESTAMP: timestamp, SIGNATURE: f"v0={digest}"}


def event(name: str, payload: Any, ahead: float = 0) -> bytes:
    moment = int((clock.read("default").timestamp() + ahead) * 1000)
    return json.dumps({"event": name, "payload": payload, "event_ts": moment}).encode()


def deletion(meeting_id: Any) -> bytes:
    return event("meeting.deleted", {"object": {"id": str(meeting_id)}})


def post(body: bytes, headers: dict[str, str] | None = None, url: str = URL, **extra: Any) -> Any:
    """As Zoom posts it; signed rightly unless headers are given."""
    client = Client(enforce_csrf_checks=True)
    given = signed(body) if headers is None else headers
    return client.generic("POST", url, body, content_type="application/json", headers=given, **extra)
