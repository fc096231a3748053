"""No secret reaches a log, whatever the level, in any of the forms in which it travels."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
import requests

from conferencing_app.exceptions import ProviderError
from conferencing_app.http import CallPolicy
from conferencing_app.http.redaction import silence
from conferencing_app.providers.types import AccessToken
from conferencing_app.providers.zoom import ZoomProvider
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET, callback_url
from tests.contract.providers.service import make_spec, new_marker


class Net(logging.Handler):
    """Keeps all that is logged, the arguments and attributes of records included."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.caught: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.caught.append(f"{record.name} {self.format(record)} {record.args!r} {vars(record)!r}")


@pytest.fixture
def net() -> Iterator[Net]:
    """Every logger at DEBUG, propagating, with the net at each of them and not at the root alone."""
    net = Net()
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    before = [(logger, logger.level, logger.propagate, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.addHandler(net)
        logger.setLevel(logging.DEBUG)
        logger.propagate, logger.disabled = True, False
    yield net
    for logger, level, propagate, disabled in before:
        logger.removeHandler(net)
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


def forms(secret: str) -> set[str]:
    """The secret as it is, in addresses, in hexadecimal, and in base64 wherever it stands in what was encoded."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), secret.encode().hex()}
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * before + secret.encode()).decode()
            found.add(coded[4:-4] if before else coded[:-4])
    return found


def hits(net: Net, canaries: dict[str, str]) -> list[str]:
    everything = "\n".join(net.caught)
    return [name for name, secret in canaries.items() for form in forms(secret) if form in everything]


def play(sandbox) -> dict[str, str]:
    """A person's whole story, mishaps included; returns every secret that took part."""
    provider = ZoomProvider(
        {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        policy=CallPolicy(read_seconds=1.0, allow_loopback_http=True),
        sandbox_url=sandbox.url,
    )
    callback = callback_url("http://testserver")
    state, verifier, marker = secrets.token_urlsafe(24), secrets.token_urlsafe(48), new_marker()
    url = provider.oauth.authorization_url(redirect_uri=callback, state=state, code_verifier=verifier)
    with silence():  # the person's browser, which is not ours, would log the address
        back = sandbox.approve(url, "alice.zoom@example.com")
    first = provider.oauth.exchange(
        redirect_uri=callback, state=state, code_verifier=verifier, authorization_response=back
    )
    assert first.refresh_token is not None
    second = provider.oauth.refresh(first.refresh_token)
    assert second.refresh_token is not None
    dead, live = first.refresh_token, second.refresh_token
    token = AccessToken(second.access_token, second.api_url)
    provider.oauth.identify(token)
    made = provider.meetings.create(token, make_spec(), marker)
    read = provider.meetings.read(token, made.meeting_id)
    provider.meetings.find(token, marker, make_spec())
    for action in ("drop_after", "html", "malformed", "status"):
        sandbox.add_fault("*", action, times=3)
        for mishap in (
            lambda: provider.oauth.refresh(live),
            lambda: provider.meetings.update(token, made.meeting_id, make_spec(), marker),
            lambda: provider.oauth.revoke(token),
        ):
            with pytest.raises(ProviderError):
                mishap()
    with pytest.raises(ProviderError):
        provider.oauth.refresh(dead)
    provider.oauth.revoke(token)
    return {
        "client secret": CLIENT_SECRET,
        "code": parse_qs(urlsplit(back).query)["code"][0],
        "verifier": verifier,
        "state": state,
        "first access token": first.access_token,
        "first refresh token": dead,
        "access token": second.access_token,
        "refresh token": live,
        "host link": made.host_url,
        "host link read": read.host_url,
        "passcode": made.passcode,
        "basic credentials": f"{CLIENT_ID}:{CLIENT_SECRET}",
    }


def test_a_whole_story_at_debug_level_logs_no_secret(net, conferencing_sandbox):
    canaries = play(conferencing_sandbox)
    assert all(canaries.values())
    assert hits(net, canaries) == []


def test_the_net_would_have_caught_them(net):
    canaries = {"token": "a-canary/with+odd=chars-of-some-length"}
    for form in forms(canaries["token"]):
        net.caught.clear()
        logging.getLogger("oauthlib.oauth2").debug("found %s in here", form)
        assert hits(net, canaries) == ["token"] * len(hits(net, canaries)) != []


def test_the_libraries_do_log_what_is_held_back_and_only_during_our_calls(net, conferencing_sandbox):
    play(conferencing_sandbox)
    ours = [line for line in net.caught if "/oauth/token" in line or "/v2/" in line]
    assert ours == []
    requests.get(conferencing_sandbox.url + "/_control/health?of=the-hosts-own-call", timeout=5)
    assert any("of=the-hosts-own-call" in line for line in net.caught), "a host's own logging stays as it is"
