"""A URL that somebody outside gave leads to the public internet, or where the operator allows it, and nowhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from conferencing_app import http
from conferencing_app.addresses import is_listed, is_public, parse_networks
from conferencing_app.exceptions import Misconfigured, Unavailable
from conferencing_app.http import CallPolicy, pinned
from tests.certificates import self_signed_certificate, server_side
from tests.scripted import ScriptedServer, answer

LOOPBACK = parse_networks(["127.0.0.0/8"])
STRICT = CallPolicy(connect_seconds=1.0, read_seconds=1.0, untrusted=True)
LENIENT = CallPolicy(connect_seconds=1.0, read_seconds=1.0, untrusted=True, networks=LOOPBACK)

FORBIDDEN_ADDRESSES = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # mapped
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",  # translated
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b:1::1",
    "100::1",  # discard
    "100:0:0:1::1",
    "2001::1",  # Teredo
    "2001:2::1",
    "2001:3::1",
    "2001:4:112::1",
    "2001:10::1",  # ORCHID
    "2001:20::1",
    "2001:30::1",
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",  # SRv6
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",  # site-local
    "ff02::1",
    "ff0e::1",
)
PUBLIC_ADDRESSES = ("8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1")
FORBIDDEN_HOSTS = (
    "localhost",
    "localhost.",
    "LOCALHOST",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "0",
    "127.000.000.001",
    "[fe80::1%25lo]",
    "[::ffff:7f00:1]",
)
FORBIDDEN_URLS = (
    "http://8.8.8.8/",
    "https://8.8.8.8:22/",
    "https://8.8.8.8:6379/",
    "http://8.8.8.8:443/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "https://user@8.8.8.8/",
    "https://127.0.0.1#@8.8.8.8/",
    "//127.0.0.1/",
)

_watch: list[list[object]] = []


def _note_connection(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect" and _watch:
        _watch[-1].append(args[1])


sys.addaudithook(_note_connection)


@pytest.fixture
def connections() -> Iterator[list[object]]:
    """Every address that a socket of this process is connected to while the test runs."""
    _watch.append([])
    yield _watch[-1]
    _watch.pop()


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_special_address_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is(address):
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "example.com", "8.8.8", "fe80::1%eth0", "2606:4700:4700::1111%eth0"])
def test_what_is_no_address_is_not_public(address):
    assert not is_public(address)


def test_a_listed_network_holds_its_own_addresses_only():
    networks = parse_networks(["10.1.0.0/16", "fd00::/8", "192.0.2.7"])
    assert [is_listed(address, networks) for address in ("10.1.2.3", "10.2.0.1", "fd00::5", "192.0.2.7", "::1")] == [
        True,
        False,
        True,
        True,
        False,
    ]
    with pytest.raises(ValueError, match=r"10\.1\.0\.1/16"):
        parse_networks(["10.1.0.1/16"])


def everything_forbidden() -> list[str]:
    literal = [f"[{address}]" if ":" in address else address for address in FORBIDDEN_ADDRESSES]
    return [*(f"https://{host}/hook" for host in (*literal, *FORBIDDEN_HOSTS)), *FORBIDDEN_URLS]


@pytest.mark.parametrize("url", everything_forbidden())
def test_no_socket_is_opened_to_a_forbidden_address(url, connections):
    with pytest.raises(Misconfigured) as raised:
        http.call(STRICT, "POST", url, json={})
    assert connections == []
    assert "127.0.0.1" not in str(raised.value)


def test_seventy_and_more_are_tried():
    assert len(everything_forbidden()) >= 70


@pytest.mark.parametrize("found", [["8.8.8.8", "127.0.0.1"], ["10.0.0.1"], ["2606:4700:4700::1111", "::1"], []])
def test_a_name_is_refused_unless_each_of_its_addresses_may_be_called(found, connections, monkeypatch):
    monkeypatch.setattr(pinned, "look_up", lambda host, port: found)
    with pytest.raises(Misconfigured, match="not reachable from here"):
        http.call(STRICT, "POST", "https://hook.example/x", json={})
    assert connections == []


def test_a_name_that_changes_its_mind_is_called_where_it_was_checked(tmp_path, monkeypatch, connections):
    """A rebinding resolver: the second answer, asked for behind our back, would lead inside."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
    monkeypatch.setattr(pinned, "look_up", lambda host, port: next(answers))
    networks = parse_networks(["127.0.0.2/32"])
    policy = CallPolicy(connect_seconds=1.0, read_seconds=1.0, untrusted=True, networks=networks)
    with ScriptedServer(answer(200)) as canary:
        port = urlsplit(canary.url).port
        with pytest.raises(Unavailable):  # nobody listens on the approved address
            http.call(policy, "POST", f"http://rebinding.example:{port}/", json={})
        with pytest.raises(Misconfigured):
            http.call(policy, "POST", f"http://rebinding.example:{port}/", json={})
    assert canary.connections == 0
    assert connections == [("127.0.0.2", port)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with ScriptedServer(answer(200)) as inside:
        with ScriptedServer(answer(status, headers={"Location": inside.url})) as outside:
            assert http.call(LENIENT, "POST", outside.url, json={}).status == status
        assert inside.connections == 0


def test_what_the_operator_listed_is_called_by_name_over_plain_http_on_any_port():
    with ScriptedServer(answer(200)) as server:
        port = urlsplit(server.url).port
        assert http.call(LENIENT, "POST", f"http://localhost:{port}/", json={}).status == 200
    assert server.requests[0].headers["host"] == f"localhost:{port}"


def test_tls_is_spoken_with_the_name_and_not_with_the_address(tmp_path, monkeypatch):
    certificate = self_signed_certificate(tmp_path, "hook.example")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    monkeypatch.setattr(pinned, "look_up", lambda host, port: ["127.0.0.1"])
    names: list[str | None] = []
    context = server_side(certificate)
    context.sni_callback = lambda _, name, __: names.append(name)
    with ScriptedServer(answer(200), tls=context) as server:
        port = urlsplit(server.url).port
        assert http.call(LENIENT, "POST", f"https://hook.example:{port}/", json={}).status == 200
        with pytest.raises(Unavailable):  # the certificate is another name's
            http.call(LENIENT, "POST", f"https://other.example:{port}/", json={})
    assert names == ["hook.example", "other.example"]
    assert server.requests[0].headers["host"] == f"hook.example:{port}"
    assert len(server.requests) == 1


def test_the_next_address_is_tried_where_the_first_takes_no_connection(monkeypatch):
    monkeypatch.setattr(pinned, "look_up", lambda host, port: ["127.0.0.2", "127.0.0.1"])
    with ScriptedServer(answer(200)) as server:
        port = urlsplit(server.url).port
        assert http.call(LENIENT, "POST", f"http://two.example:{port}/", json={}).status == 200


def test_a_look_up_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(pinned, "LOOK_UP_SECONDS", 0.05)
    monkeypatch.setattr(pinned, "_resolve", lambda host, port: time.sleep(0.5))
    assert pinned.look_up("slow.example", 443) == []


def test_the_system_is_asked_for_each_address_once():
    assert pinned.look_up("127.0.0.1", 443) == ["127.0.0.1"]
    assert set(pinned.look_up("localhost", 443)) <= {"127.0.0.1", "::1"}
    assert pinned.look_up("a" * 300, 443) == []
