"""The way out: all https goes through the proxy that the site names, and what was approved stays what is called."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conferencing_app import http
from conferencing_app.addresses import parse_networks
from conferencing_app.exceptions import Misconfigured, Unavailable
from conferencing_app.http import CallPolicy, pinned
from conferencing_app.notifications import webhooks
from conferencing_app.providers import registry
from tests.certificates import self_signed_certificate, server_side
from tests.proxies import TunnelProxy
from tests.scripted import ScriptedServer, answer, hang_up

PUBLIC = "8.8.8.8"
PASSWORD = "proxy-password"


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    certificate = self_signed_certificate(tmp_path, "hook.example")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    return server_side(certificate)


def at(server: ScriptedServer) -> tuple[str, int]:
    return "127.0.0.1", urlsplit(server.url).port or 0


def policy(proxy: TunnelProxy, user: str = "", **options: Any) -> CallPolicy:
    return CallPolicy(connect_seconds=1.0, read_seconds=1.0, proxy=f"http://{user}{proxy.address}", **options)


def test_a_provider_is_called_through_the_proxy_by_name(tls: ssl.SSLContext) -> None:
    with ScriptedServer(answer(200), tls=tls) as service, TunnelProxy({"hook.example:443": at(service)}) as proxy:
        reply = http.call(policy(proxy, f"user:{PASSWORD}@"), "GET", "https://hook.example/x", bearer="token")
    assert reply.status == 200
    assert proxy.asked == ["CONNECT hook.example:443"]
    assert proxy.headers[0]["proxy-authorization"].startswith("Basic ")
    assert "authorization" not in proxy.headers[0], "what is for the service is inside the tunnel"
    assert service.requests[0].headers["authorization"] == "Bearer token"
    assert "proxy-authorization" not in service.requests[0].headers


def test_plain_http_to_this_machine_needs_no_way_out() -> None:
    with ScriptedServer(answer(200)) as sandbox, TunnelProxy({}) as proxy:
        assert http.call(policy(proxy, allow_loopback_http=True), "GET", sandbox.url).status == 200
    assert proxy.asked == []


def test_what_somebody_gave_is_called_at_the_address_that_was_approved(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy is not asked to look the name up: it would find what it likes."""
    monkeypatch.setattr(pinned, "look_up", lambda host, port: [PUBLIC])
    with ScriptedServer(answer(200), tls=tls) as service, TunnelProxy({f"{PUBLIC}:443": at(service)}) as proxy:
        assert http.call(policy(proxy, untrusted=True), "POST", "https://hook.example/x", json={}).status == 200
    assert proxy.asked == [f"CONNECT {PUBLIC}:443"]
    assert service.requests[0].headers["host"] == "hook.example"


@pytest.mark.parametrize("found", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["169.254.169.254"], []])
def test_the_proxy_is_not_even_asked_for_a_forbidden_address(found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "look_up", lambda host, port: found)
    with TunnelProxy({}) as proxy, pytest.raises(Misconfigured, match="not reachable from here"):
        http.call(policy(proxy, untrusted=True), "POST", "https://hook.example/x", json={})
    assert proxy.asked == []


def test_what_the_operator_listed_is_called_without_it(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "look_up", lambda host, port: ["127.0.0.1"])
    inside = parse_networks(["127.0.0.0/8"])
    with ScriptedServer(answer(200), tls=tls) as service, TunnelProxy({}) as proxy:
        url = f"https://hook.example:{at(service)[1]}/"
        assert http.call(policy(proxy, untrusted=True, networks=inside), "POST", url, json={}).status == 200
    assert proxy.asked == []


def test_a_proxy_that_refuses_has_sent_nothing() -> None:
    with TunnelProxy({}) as proxy, pytest.raises(Unavailable, match="The proxy does not connect") as raised:
        http.call(policy(proxy, f"user:{PASSWORD}@"), "POST", "https://hook.example/x", json={})
    assert not raised.value.outcome_unknown
    assert PASSWORD not in str(raised.value)


def test_a_proxy_that_is_not_there_has_sent_nothing() -> None:
    with TunnelProxy({}) as proxy:
        gone = policy(proxy)
    with pytest.raises(Unavailable, match="The proxy does not connect") as raised:
        http.call(gone, "POST", "https://hook.example/x", json={})
    assert not raised.value.outcome_unknown


def test_an_answer_lost_behind_the_proxy_may_have_been_a_success(tls: ssl.SSLContext) -> None:
    with (
        ScriptedServer(hang_up(), tls=tls) as service,
        TunnelProxy({"hook.example:443": at(service)}) as proxy,
        pytest.raises(Unavailable) as raised,
    ):
        http.call(policy(proxy), "POST", "https://hook.example/x", json={})
    assert service.requests
    assert raised.value.outcome_unknown


def test_the_setting_reaches_providers_and_webhooks(
    settings: Any, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned, "look_up", lambda host, port: [PUBLIC])
    with ScriptedServer(answer(200), tls=tls) as service, TunnelProxy({f"{PUBLIC}:443": at(service)}) as proxy:
        settings.CONFERENCING_HTTP_PROXY = f"http://{proxy.address}"
        post = webhooks.Post("https://hook.example/x", {}, b"{}")
        assert webhooks.send(post).status == 200
        with pytest.raises(Unavailable, match="The proxy does not connect"):
            registry.get("zoom").oauth.refresh("a token")  # type: ignore[union-attr]  # Zoom has one
    assert proxy.asked == [f"CONNECT {PUBLIC}:443", "CONNECT zoom.us:443"]


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext) -> None:
    with ScriptedServer(answer(200), tls=tls) as service, TunnelProxy({}) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        with pytest.raises(Unavailable):  # the certificate is not this address's
            http.call(CallPolicy(connect_seconds=1.0, read_seconds=1.0), "GET", f"https://127.0.0.1:{at(service)[1]}/")
    assert proxy.asked == []


def test_the_policy_does_not_show_the_proxys_password() -> None:
    assert PASSWORD not in repr(CallPolicy(proxy=f"http://user:{PASSWORD}@127.0.0.1:1"))
