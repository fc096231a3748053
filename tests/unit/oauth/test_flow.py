"""The wrapper of requests-oauthlib: what it sends, what it decides, and what it keeps to itself."""

from __future__ import annotations

import base64
import os
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from conferencing_app.exceptions import Misconfigured, ProviderError, Refused, Relink, Unavailable
from conferencing_app.http import CallPolicy, Reply
from conferencing_app.oauth import AuthorizationCodeFlow
from conferencing_app.oauth.flow import s256
from tests.scripted import ScriptedServer, answer, hang_up, silence

POLICY = CallPolicy(connect_seconds=1.0, read_seconds=0.3, allow_loopback_http=True)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # both from RFC 7636, appendix B
CALLBACK = "https://site.example/callback/"
GRANT = {"access_token": "a-token", "refresh_token": "r-token", "expires_in": 3599, "scope": "x y", "extra": [1]}


def judge(reply: Reply) -> ProviderError | None:
    if reply.status == 400:
        return Relink("dead")
    return None if reply.status == 200 else Unavailable(f"answered {reply.status}")


def make_flow(url: str, **options) -> AuthorizationCodeFlow:
    return AuthorizationCodeFlow(
        **{
            "client_id": "the-id",
            "client_secret": "the-secret",
            "authorize_url": f"{url}/authorize",
            "token_url": f"{url}/token",
            "policy": POLICY,
            "judge": judge,
            **options,
        }
    )


def exchange(flow: AuthorizationCodeFlow, query: str = "code=the-code&state=st", base: str = CALLBACK):
    return flow.exchange(
        redirect_uri=CALLBACK, state="st", code_verifier=VERIFIER, authorization_response=f"{base}?{query}"
    )


@pytest.fixture(autouse=True)
def nobody_switches_the_librarys_check_off(monkeypatch):
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)
    yield
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ


def test_the_challenge_is_s256():
    assert s256(VERIFIER) == CHALLENGE


@pytest.mark.parametrize("base", ["https://idp.example", "http://127.0.0.1:8765", "http://localhost:1"])
def test_the_authorization_url_carries_state_and_challenge_and_no_scope(base):
    url = make_flow(base).authorization_url(redirect_uri=CALLBACK, state="st", code_verifier=VERIFIER, prompt="consent")
    assert url.startswith(f"{base}/authorize?")
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "client_id": ["the-id"],
        "redirect_uri": [CALLBACK],
        "state": ["st"],
        "code_challenge": [CHALLENGE],
        "code_challenge_method": ["S256"],
        "prompt": ["consent"],
    }


def test_the_authorization_url_keeps_a_query_of_its_own():
    flow = make_flow("https://idp.example", authorize_url="https://idp.example/authorize?tenant=1")
    url = flow.authorization_url(redirect_uri=CALLBACK, state="st", code_verifier=VERIFIER)
    assert parse_qs(urlsplit(url).query)["tenant"] == ["1"]


@pytest.mark.parametrize("base", ["http://idp.example", "ftp://127.0.0.1", "//idp.example"])
@pytest.mark.parametrize("allowed", [True, False])
def test_plain_http_elsewhere_is_refused_at_every_step(base, allowed):
    flow = make_flow(base, policy=CallPolicy(allow_loopback_http=allowed))
    with pytest.raises(Misconfigured):
        flow.authorization_url(redirect_uri=CALLBACK, state="st", code_verifier=VERIFIER)
    with pytest.raises(Misconfigured):
        exchange(flow)
    with pytest.raises(Misconfigured):
        flow.refresh("r")


def test_loopback_needs_the_policys_leave():
    with ScriptedServer(answer(200, GRANT)) as server:
        flow = make_flow(server.url, policy=CallPolicy())
        with pytest.raises(Misconfigured):
            exchange(flow)
        with pytest.raises(Misconfigured):
            flow.refresh("r")
    assert server.connections == 0


@pytest.mark.parametrize("base", [CALLBACK, "http://testserver/callback/", "http://127.0.0.1:8000/callback/"])
def test_exchange_sends_code_and_verifier_with_basic_credentials(base):
    with ScriptedServer(answer(200, GRANT)) as server:
        assert exchange(make_flow(server.url), base=base) == GRANT
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/token")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"the-id:the-secret").decode()
    assert dict(parse_qsl(request.body.decode())) == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


def test_refresh_sends_the_token_with_basic_credentials_and_makes_nothing_up():
    without_new_token = {"access_token": "a", "expires_in": 5}
    with ScriptedServer(answer(200, without_new_token)) as server:
        assert make_flow(server.url).refresh("old-token") == without_new_token
    assert dict(parse_qsl(server.requests[0].body.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "old-token",
    }
    assert server.requests[0].headers["authorization"].startswith("Basic ")


def test_credentials_go_into_the_body_where_the_server_wants_them_there():
    with ScriptedServer(answer(200, GRANT)) as server:
        flow = make_flow(server.url, client_secret_in_body=True)
        exchange(flow)
        flow.refresh("r")
    for request in server.requests:
        form = dict(parse_qsl(request.body.decode()))
        assert (form["client_id"], form["client_secret"]) == ("the-id", "the-secret")
        assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "query",
    [
        "code=c&state=other",
        "code=c",
        "state=st",
        "error=access_denied&state=st",
        "error=server_error&error_description=%3Cscript%3E&state=st",
        "",
        "code=c;d&state",
    ],
)
def test_a_callback_without_a_usable_code_never_reaches_the_token_endpoint(query):
    with ScriptedServer(answer(200, GRANT)) as server, pytest.raises(Refused) as raised:
        exchange(make_flow(server.url), query)
    assert server.requests == []
    assert "script" not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("script", "error", "unknown"),
    [
        (answer(400, {"reason": "Invalid Token!", "error": "invalid_grant"}), Relink, False),
        (answer(502, b"<html>"), Unavailable, False),
        (answer(429, {"message": "slow down"}), Unavailable, False),
        (answer(302, b"", {"Location": "https://example.com"}), Unavailable, False),
        (answer(200, b"<html>"), Unavailable, True),
        (answer(200, b""), Unavailable, True),
        (answer(200, b"[]"), Unavailable, True),
        (answer(200, {}), Unavailable, True),
        (answer(200, {"access_token": ""}), Unavailable, True),
        (answer(200, {"access_token": 5}), Unavailable, True),
        (hang_up(), Unavailable, True),
        (silence(1.0), Unavailable, True),
    ],
)
def test_the_reply_decides_and_never_the_librarys_exception(script, error, unknown):
    with ScriptedServer(script) as server:
        flow = make_flow(server.url)
        for attempt in (lambda: flow.refresh("old-token"), lambda: exchange(flow)):
            with pytest.raises(ProviderError) as raised:
                attempt()
            assert type(raised.value) is error
            assert raised.value.outcome_unknown is unknown
            assert raised.value.__cause__ is None
            assert raised.value.__context__ is None
            assert "old-token" not in repr(raised.value)


def test_nobody_listening_leaves_the_outcome_known():
    with ScriptedServer(answer()) as server:
        flow = make_flow(server.url)
    with pytest.raises(Unavailable) as raised:
        flow.refresh("r")
    assert raised.value.outcome_unknown is False


@pytest.mark.parametrize(
    "odd",
    [
        *({"expires_in": each} for each in (None, "soon", "3599", [1], 1e308 * 10)),
        *({"scope": each} for each in (None, 5, {"a": "b"})),
        {"token_type": 7},
    ],
)
def test_a_grant_that_the_library_dislikes_is_not_lost(odd):
    with ScriptedServer(answer(200, {**GRANT, **odd})) as server:
        assert make_flow(server.url).refresh("r") == {**GRANT, **odd}


def test_steps_share_the_threads_connection():
    with ScriptedServer(answer(200, GRANT)) as server:
        flow = make_flow(server.url)
        for _ in range(3):
            flow.refresh("r")
        exchange(flow)
    assert server.connections == 1


def test_the_secret_is_not_in_the_flows_repr():
    assert "the-secret" not in repr(make_flow("https://idp.example"))
