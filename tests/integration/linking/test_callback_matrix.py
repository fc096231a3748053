"""A callback that is not the one and only answer to an attempt links nothing and asks nobody."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection, connections

from conferencing_app import clock
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, Grant, LinkAttempt
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET

from .conftest import Journey


def without(uri: str, name: str) -> str:
    """The address without this parameter."""
    head, _, query = uri.partition("?")
    return f"{head}?{'&'.join(part for part in query.split('&') if not part.startswith(f'{name}='))}"


def parameter(uri: str, name: str) -> str:
    return parse_qs(urlsplit(uri).query)[name][0]


def nothing_is_stored() -> bool:
    return not ConferencingProfile.objects.exists() and not Grant.objects.exists()


ADDRESSES: dict[str, tuple[Callable[[str], str], str]] = {
    "no state": (lambda uri: without(uri, "state"), "missing_state"),
    "an empty state": (lambda uri: without(uri, "state") + "&state=", "missing_state"),
    "nothing at all": (lambda uri: uri.partition("?")[0], "missing_state"),
    "an unknown state": (lambda uri: without(uri, "state") + "&state=" + "x" * 43, "unknown_state"),
    "a state with one letter changed": (lambda uri: uri[:-1] + ("A" if uri[-1] != "A" else "B"), "unknown_state"),
    "the state twice": (lambda uri: uri + "&state=" + parameter(uri, "state"), "unknown_state"),
    "a second, made-up state": (lambda uri: uri + "&state=made-up", "unknown_state"),
    "the code twice": (lambda uri: uri + "&code=other", "provider_error"),
    "no code": (lambda uri: without(uri, "code"), "provider_error"),
    "an empty code": (lambda uri: without(uri, "code") + "&code=", "provider_error"),
    "an error beside the code": (lambda uri: uri + "&error=server_error", "provider_error"),
    "access_denied beside the code": (lambda uri: uri + "&error=access_denied", "access_denied"),
    "an error": (lambda uri: without(uri, "code") + "&error=temporarily_unavailable", "provider_error"),
    "access_denied": (lambda uri: without(uri, "code") + "&error=access_denied", "access_denied"),
    "two errors": (lambda uri: without(uri, "code") + "&error=access_denied&error=x", "provider_error"),
    "an error without a state": (lambda uri: uri.partition("?")[0] + "?error=access_denied", "missing_state"),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_that_is_not_the_answer_links_nothing(alices: Journey, case: str) -> None:
    change, code = ADDRESSES[case]
    with pytest.raises(LinkError) as caught:
        alices.arrive(change(alices.to_callback()))
    assert (caught.value.code, alices.token_calls(), nothing_is_stored()) == (code, 0, True)


def test_who_denies_is_told_so(alices: Journey) -> None:
    with pytest.raises(LinkError) as caught:
        alices.arrive(alices.to_callback(deny=True))
    assert (caught.value.code, alices.token_calls(), nothing_is_stored()) == ("access_denied", 0, True)


@pytest.mark.parametrize(
    ("foreign", "code"),
    [
        ({"user": "bob"}, "other_user"),
        ({"browser": "another browser"}, "other_browser"),
        ({"browser": ""}, "other_browser"),
        ({"provider": "zoom_eu"}, "other_provider"),
    ],
)
def test_an_answer_that_is_somebody_elses_links_nothing_and_stays_good(
    alices: Journey, bob: Any, settings: Any, foreign: dict[str, Any], code: str
) -> None:
    settings.CONFERENCING_PROVIDERS = {
        **settings.CONFERENCING_PROVIDERS,
        "zoom_eu": settings.CONFERENCING_PROVIDERS["zoom"],
    }
    uri = alices.to_callback()
    with pytest.raises(LinkError) as caught:
        alices.arrive(uri, **({"user": bob} if "user" in foreign else foreign))
    assert (caught.value.code, alices.token_calls(), nothing_is_stored()) == (code, 0, True)
    assert alices.arrive(uri).created, "the person themselves can still go on"


def test_a_replayed_answer_links_nothing_more(alices: Journey) -> None:
    uri = alices.to_callback()
    alices.arrive(uri)
    with pytest.raises(LinkError) as caught:
        alices.arrive(uri)
    assert (caught.value.code, alices.token_calls()) == ("used_state", 1)
    assert ConferencingProfile.objects.count() == 1


def test_an_answer_that_failed_at_the_provider_can_not_be_replayed(alices: Journey) -> None:
    alices.sandbox.add_fault("token.code", "html", times=1)
    uri = alices.to_callback()
    for code in ("unavailable", "used_state"):
        with pytest.raises(LinkError) as caught:
            alices.arrive(uri)
        assert caught.value.code == code
    assert alices.token_calls() == 1
    assert nothing_is_stored()


def test_an_answer_that_comes_too_late_links_nothing(alices: Journey) -> None:
    uri = alices.to_callback()
    with clock.travel(timedelta(seconds=601)), pytest.raises(LinkError) as caught:
        alices.arrive(uri)
    assert (caught.value.code, alices.token_calls(), nothing_is_stored()) == ("expired_state", 0, True)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_exactly_one_wins(alices: Journey) -> None:
    uri = alices.to_callback()
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def arrive() -> None:
        barrier.wait()
        try:
            outcomes.append("created" if alices.arrive(uri).created else "restored")
        except LinkError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=arrive) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created", "used_state"]
    assert (alices.token_calls(), ConferencingProfile.objects.count()) == (1, 1)


FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "an edge page": ("html", {"status": 502}, "unavailable"),
    "503": ("status", {"status": 503}, "unavailable"),
    "429": ("status", {"status": 429, "body": {"code": 429, "message": "slow down"}}, "unavailable"),
    "half a body": ("malformed", {}, "unavailable"),
    "a cut connection": ("drop_before", {}, "unavailable"),
}


@pytest.mark.parametrize("operation", ["token.code", "me"])
@pytest.mark.parametrize("case", FAULTS)
def test_a_provider_that_is_down_links_nothing_and_is_called_unavailable(
    alices: Journey, operation: str, case: str
) -> None:
    action, details, code = FAULTS[case]
    alices.sandbox.add_fault(operation, action, **details)
    with pytest.raises(LinkError) as caught:
        alices.link()
    assert (caught.value.code, nothing_is_stored()) == (code, True)


def test_a_code_that_the_provider_refuses_is_its_error(alices: Journey) -> None:
    uri = alices.to_callback()
    with pytest.raises(LinkError) as caught:
        alices.arrive(without(uri, "code") + "&code=made-up")
    assert (caught.value.code, nothing_is_stored()) == ("provider_error", True)


def test_a_site_that_is_set_up_wrongly_says_so(alices: Journey, settings: Any) -> None:
    uri = alices.to_callback()
    options = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET + "x"}
    settings.CONFERENCING_PROVIDERS = {"zoom": {**settings.CONFERENCING_PROVIDERS["zoom"], "OPTIONS": options}}
    with pytest.raises(LinkError) as caught:
        alices.arrive(uri)
    assert (caught.value.code, nothing_is_stored()) == ("misconfigured", True)


@pytest.mark.parametrize("keys", [[], ["_" * 42 + "8"]])
def test_without_the_key_nobody_is_asked(alices: Journey, settings: Any, keys: list[str]) -> None:
    uri = alices.to_callback()
    settings.CONFERENCING_ENCRYPTION_KEYS = keys
    with pytest.raises(LinkError) as caught:
        alices.arrive(uri)
    assert (caught.value.code, alices.token_calls(), nothing_is_stored()) == ("misconfigured", 0, True)


def test_an_attempt_is_hard_to_guess_and_stored_as_digests(alices: Journey) -> None:
    states = {parameter(alices.to_consent(), "state") for _ in range(20)}
    assert len(states) == 20
    assert all(len(base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))) >= 16 for state in states)
    hashes = {hashlib.sha256(state.encode()).hexdigest() for state in states}
    assert set(LinkAttempt.objects.values_list("state_hash", flat=True)) == hashes
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM conferencing_app_linkattempt")
        rows = str(cursor.fetchall())
    assert alices.browser not in rows
    assert not [state for state in states if state in rows]


def test_every_consent_page_gets_an_s256_challenge_and_the_providers_own_redirect(alices: Journey) -> None:
    query = parse_qs(urlsplit(alices.to_consent()).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert query["redirect_uri"] == ["http://testserver/conferencing/callback/zoom/"]
    challenge = parse_qs(urlsplit(alices.to_consent()).query)["code_challenge"]
    assert challenge != query["code_challenge"], "each attempt has a verifier of its own"
    verifiers = [
        attempt.code_verifier.open(attempt.place("code_verifier")) for attempt in LinkAttempt.objects.order_by("pk")
    ]
    digest = hashlib.sha256(verifiers[1].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge[0]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ("/bookings/", "/bookings/"),
        ("http://testserver/bookings/", "http://testserver/bookings/"),
        ("http://friend.example/", "http://friend.example/"),
        ("https://evil.example/", ""),
        ("//evil.example/", ""),
        ("/\\evil.example/", ""),
        ("http:///evil.example/", ""),
        ("javascript:alert(1)", ""),
        ("http://testserver@evil.example/", ""),
        ("http://testserver.evil.example/", ""),
        ("/" + "x" * 600, ""),
        ("", ""),
    ],
)
def test_where_to_go_afterwards_stays_on_the_site(alices: Journey, wanted: str, kept: str) -> None:
    linked = alices.link(next_url=wanted, allowed_hosts=["friend.example"])
    assert linked.next_url == kept
