"""Who may say that a grant is dead: the token endpoint, or a code that says so. An outage never does, on no path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from conferencing_app import clock
from conferencing_app.exceptions import ConferencingError, Relink
from conferencing_app.models import Conference, ConferencingProfile, Grant
from conferencing_app.provisioning.draining import drain_until_idle
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import credentials, ownership, profiles
from tests.hosts.models import Lesson

pytestmark = pytest.mark.django_db(transaction=True)

NO_VERDICTS: dict[str, dict[str, Any]] = {
    "500": {"action": "status", "status": 500},
    "503": {"action": "status", "status": 503, "headers": {"Retry-After": "1"}},
    "a page": {"action": "html"},
    "garbled": {"action": "malformed"},
    "no answer": {"action": "drop_before"},
    "a pause": {"action": "status", "status": 429},
    "a redirect": {"action": "status", "status": 302, "headers": {"Location": "https://example.com/"}},
    "not found": {"action": "status", "status": 404, "body": {"message": "no route"}},
    "forbidden": {"action": "status", "status": 403, "body": {"message": "blocked"}},
}
# All but an answer that held the only new pair of tokens.
LOSSLESS = {name: fault for name, fault in NO_VERDICTS.items() if name != "garbled"}
OUR_FAULT: dict[str, Any] = {
    "action": "status",
    "status": 401,
    "body": {"error": "invalid_client", "reason": "Invalid client_id"},
}
TOKEN_OF_NO_USE: dict[str, Any] = {
    "action": "status",
    "status": 401,
    "body": {"code": 124, "message": "Invalid access token."},
}
DEAD_GRANT: dict[str, Any] = {
    "action": "status",
    "status": 400,
    "body": {"reason": "Invalid Token!", "error": "invalid_grant"},
}
USER_GONE: dict[str, Any] = {
    "action": "status",
    "status": 404,
    "body": {"code": 1001, "message": "User does not exist."},
}
NO_SCOPE: dict[str, Any] = {
    "action": "status",
    "status": 400,
    "body": {"code": 4711, "message": "does not contain scopes:[x]."},
}


@pytest.fixture
def profile(link_profile: Any, transactional_db: None) -> ConferencingProfile:
    linked: ConferencingProfile = link_profile(get_user_model().objects.create_user("alice", "alice@example.com"))
    return linked


def make_a_meeting(profile: ConferencingProfile) -> None:
    start = clock.read("default") + timedelta(days=2)
    Lesson.objects.create(owner=profile.user, title="Scales", starts_at=start)
    drain_until_idle()


def press_test(profile: ConferencingProfile) -> None:
    profiles.test(profile)


def ask_for_a_token(profile: ConferencingProfile) -> None:
    with pytest.raises(ConferencingError):
        credentials.access_token(profile.pk)


def let_it_be_looked_after(profile: ConferencingProfile) -> None:
    Grant.objects.update(refreshed_at=clock.now(-timedelta(days=2)))
    ConferencingProfile.objects.update(due_at=clock.now())
    drain_until_idle()


Path = Callable[[ConferencingProfile], None]
TO_THE_TOKEN_ENDPOINT: list[Path] = [make_a_meeting, press_test, ask_for_a_token, let_it_be_looked_after]
TO_THE_API: dict[Path, str] = {make_a_meeting: "create", press_test: "me"}


def state(profile: ConferencingProfile) -> str:
    return ConferencingProfile.objects.get(pk=profile.pk).state


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "SECOND_TRY_SECONDS", 0.0)


@pytest.mark.parametrize("path", TO_THE_TOKEN_ENDPOINT)
@pytest.mark.parametrize("fault", [*LOSSLESS.values(), OUR_FAULT], ids=[*LOSSLESS, "our fault"])
def test_trouble_of_the_token_endpoint_is_no_verdict(
    fault: dict[str, Any], path: Path, conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    Grant.objects.update(expires_at=clock.now())
    conferencing_sandbox.add_fault("token.refresh", **fault)
    path(profile)
    assert state(profile) == "connected"
    assert conferencing_sandbox.requests("token.refresh"), "it was asked"
    conferencing_sandbox.clear_faults()
    with clock.travel(timedelta(hours=2)):
        make_a_meeting(profile)
    assert set(Conference.objects.values_list("state", flat=True)) == {"assigned"}


@pytest.mark.parametrize("path", [make_a_meeting, let_it_be_looked_after])  # the others ask a second time at once
def test_an_answer_that_cannot_be_read_is_no_verdict_though_it_held_the_new_pair(
    path: Path, conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    """What then becomes of the old pair is for the token endpoint to say, the next time."""
    Grant.objects.update(expires_at=clock.now())
    conferencing_sandbox.add_fault("token.refresh", "malformed", times=1)
    path(profile)
    assert state(profile) == "connected"
    with clock.travel(timedelta(hours=2)):
        make_a_meeting(profile)
    assert state(profile) == "disconnected"


@pytest.mark.parametrize("path", TO_THE_API)
@pytest.mark.parametrize("fault", [*NO_VERDICTS.values(), TOKEN_OF_NO_USE], ids=[*NO_VERDICTS, "401"])
def test_trouble_of_the_api_is_no_verdict(
    fault: dict[str, Any], path: Path, conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    """Nor is a fresh token that it does not take: the token endpoint says that the grant is good."""
    conferencing_sandbox.add_fault(TO_THE_API[path], **fault)
    path(profile)
    assert state(profile) == "connected"
    assert conferencing_sandbox.requests(TO_THE_API[path]), "it was asked"


@pytest.mark.parametrize("path", TO_THE_TOKEN_ENDPOINT)
def test_the_token_endpoints_verdict_counts(
    path: Path, conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    Grant.objects.update(expires_at=clock.now())
    conferencing_sandbox.add_fault("token.refresh", **DEAD_GRANT)
    path(profile)
    assert state(profile) == "disconnected"


@pytest.mark.parametrize("path", TO_THE_API)
@pytest.mark.parametrize("fault", [USER_GONE, NO_SCOPE], ids=["1001", "4711"])
def test_an_explicit_code_of_the_api_counts(
    fault: dict[str, Any], path: Path, conferencing_sandbox: SandboxControl, profile: ConferencingProfile
) -> None:
    conferencing_sandbox.add_fault(TO_THE_API[path], **fault)
    path(profile)
    assert state(profile) == "disconnected"


def test_a_verdict_heard_by_a_test_is_about_the_grant_that_it_tried(
    conferencing_sandbox: SandboxControl,
    profile: ConferencingProfile,
    link_profile: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The person links again while the test of the old grant is under way."""

    def relinked_meanwhile(*_: Any) -> None:
        link_profile(profile.user)
        raise Relink("The user no longer exists in this Zoom account.")

    monkeypatch.setattr(profiles, "_call", relinked_meanwhile)
    profiles.test(profile)
    assert state(profile) == "connected"


def test_the_persons_own_word_at_the_provider_counts(profile: ConferencingProfile) -> None:
    with transaction.atomic():
        ownership.forget_account(profile)
    assert state(profile) == "disconnected"
