"""What an outbound call does and does not do, against a real server on loopback."""

from __future__ import annotations

import gzip
import itertools
import os
import ssl
import threading
import time

import pytest

from conferencing_app import http
from conferencing_app.exceptions import Misconfigured, Unavailable
from conferencing_app.http import CallPolicy
from conferencing_app.http.session import session
from tests.certificates import self_signed_certificate, server_side
from tests.scripted import ScriptedServer, answer, hang_up, raw, silence, trickle

QUICK = CallPolicy(connect_seconds=1.0, read_seconds=0.3, allow_loopback_http=True)


def test_a_reply_comes_back_whatever_its_status():
    with ScriptedServer(answer(418, {"code": 7}, {"X-Thing": "yes"})) as server:
        reply = http.call(QUICK, "POST", f"{server.url}/x", bearer="tok", params={"a": "b c"}, json={"k": "ä"})
    assert (reply.status, reply.data(), reply.headers["x-thing"]) == (418, {"code": 7}, "yes")
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/x?a=b+c")
    assert request.headers["authorization"] == "Bearer tok"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"


def test_forms_and_basic_credentials():
    with ScriptedServer(answer(200, {})) as server:
        http.call(QUICK, "POST", server.url, basic=("id", "secret"), form={"token": "a+b"})
    assert server.requests[0].headers["authorization"] == "Basic aWQ6c2VjcmV0"
    assert server.requests[0].body == b"token=a%2Bb"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000])
def test_a_body_that_is_not_json_reads_as_none(body):
    with ScriptedServer(answer(200, body)) as server:
        assert http.call(QUICK, "GET", server.url).data() is None


def test_a_thread_keeps_its_connection_for_every_kind_of_answer():
    chunked = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    with ScriptedServer(answer(200, {"a": 1}), answer(204), chunked, answer(404, {}), answer(200, {})) as server:
        statuses = [http.call(QUICK, "GET", server.url).status for _ in range(5)]
    assert statuses == [200, 204, 200, 404, 200]
    assert server.connections == 1


def test_each_thread_has_a_session_of_its_own():
    sessions = [session(QUICK), session(QUICK)]
    thread = threading.Thread(target=lambda: sessions.append(session(QUICK)))
    thread.start()
    thread.join()
    assert sessions[0] is sessions[1]
    assert sessions[2] is not sessions[0]


def test_a_forked_child_does_not_use_its_parents_session(monkeypatch):
    mine = session(QUICK)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert session(QUICK) is not mine


def test_redirects_are_not_followed_and_cookies_not_kept():
    target = answer(302, b"", {"Location": "https://example.com/elsewhere", "Set-Cookie": "who=alice; Path=/"})
    with ScriptedServer(target) as server:
        assert http.call(QUICK, "GET", server.url, bearer="tok").status == 302
        http.call(QUICK, "GET", server.url)
    assert len(server.requests) == 2
    assert "cookie" not in server.requests[1].headers
    assert "authorization" not in server.requests[1].headers


def test_the_environment_changes_nothing(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password stolen\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with ScriptedServer(answer(200, {})) as server:
        assert http.call(QUICK, "GET", server.url).status == 200
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (silence(1.5), "in time"),
        (silence(1.5, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "in time"),
        (hang_up(), "lost"),
        (hang_up(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "lost"),
        (hang_up(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"), "lost"),
        (hang_up(b"no such protocol\r\n\r\n"), "lost"),
        (answer(200, b"not compressed", {"Content-Encoding": "gzip"}), "lost"),
    ],
    ids=["silent", "half", "hung up", "cut off", "cut off in a chunk", "no HTTP", "not decodable"],
)
@pytest.mark.parametrize(("method", "unknown"), [("POST", True), ("PATCH", True), ("DELETE", True), ("GET", False)])
def test_a_lost_answer_leaves_the_outcome_unknown_where_something_could_have_changed(script, message, method, unknown):
    with ScriptedServer(script) as server, pytest.raises(Unavailable, match=message) as raised:
        http.call(QUICK, method, f"{server.url}/x?code=hidden", bearer="tok")
    assert raised.value.outcome_unknown is unknown
    assert len(server.requests) == 1, "a call must never be repeated by itself"


def test_a_connection_that_never_was_leaves_the_outcome_known():
    with ScriptedServer(answer()) as server:
        url = server.url
    with pytest.raises(Unavailable) as raised:
        http.call(QUICK, "POST", url)
    assert raised.value.outcome_unknown is False
    assert raised.value.cause == "outage"


def test_a_certificate_that_nobody_vouches_for_gets_no_request(self_signed):
    with ScriptedServer(answer(200, {}), tls=self_signed) as server, pytest.raises(Unavailable) as raised:
        http.call(QUICK, "POST", server.url, bearer="tok")
    assert raised.value.outcome_unknown is False
    assert server.requests == []


def test_a_handshake_that_breaks_off_tells_nothing_for_sure():
    with ScriptedServer(hang_up()) as server, pytest.raises(Unavailable) as raised:
        http.call(QUICK, "POST", server.url.replace("http", "https"))
    assert raised.value.outcome_unknown is True


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory) -> ssl.SSLContext:
    return server_side(self_signed_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1"))


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"", b"H"),
        (OK + b"X-Long: ", b"x"),
        (OK, b"X-Many: 1\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"Content-Length: 1000\r\n\r\n", b"x"),
        (CHUNKED + b"1;", b"x"),
        (CHUNKED + b"0\r\n", b"X-Trailer: 1\r\n"),
    ],
    ids=["status", "header", "headers", "continue", "body", "chunk", "trailer"],
)
def test_a_trickle_is_cut_off_by_the_deadline_of_the_whole_answer(begin, piece):
    endless = trickle(itertools.chain([begin], itertools.repeat(piece, 60)), pause=0.05)
    begun = time.monotonic()
    with ScriptedServer(endless) as server, pytest.raises(Unavailable, match="in time"):
        http.call(QUICK, "GET", server.url)
    assert time.monotonic() - begun < 2.0, "twice the limit for a piece, and the machine's own time"


def test_a_body_beyond_the_cap_is_not_taken_in():
    bomb = gzip.compress(b"0" * 30_000_000)
    with ScriptedServer(answer(200, bomb, {"Content-Encoding": "gzip"})) as server, pytest.raises(Unavailable):
        http.call(QUICK, "GET", server.url)


@pytest.mark.parametrize(
    "url", ["http://zoom.us/x", "http://10.0.0.1/", "ftp://127.0.0.1/", "https://user:pw@127.0.0.1/", "nonsense", ""]
)
def test_an_address_that_must_not_be_called_is_the_sites_fault(url):
    with pytest.raises(Misconfigured) as raised:
        http.call(QUICK, "GET", url, bearer="tok")
    assert "pw" not in str(raised.value)


def test_loopback_without_https_needs_the_policys_leave():
    with ScriptedServer(answer()) as server, pytest.raises(Misconfigured, match="DEBUG"):
        http.call(CallPolicy(), "GET", server.url)
    assert server.connections == 0


@pytest.mark.parametrize("bearer", ["with\nnewline", "with\r\nHeader: x", "snowman ☃"])
def test_a_token_that_can_not_be_sent_is_not_repeated(bearer):
    with ScriptedServer(answer()) as server, pytest.raises(Misconfigured) as raised:
        http.call(QUICK, "GET", server.url, bearer=bearer)
    assert bearer not in str(raised.value)
    assert raised.value.__context__ is None
    assert server.requests == []


def test_an_exception_drags_no_request_along():
    with ScriptedServer(hang_up()) as server, pytest.raises(Unavailable) as raised:
        http.call(QUICK, "POST", f"{server.url}/x?code=hidden", bearer="tok", json={"secret": "s"})
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "hidden" not in repr(raised.value)
    assert "127.0.0.1" not in repr(raised.value)
