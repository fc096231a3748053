"""Every answer of Zoom means exactly one thing (the tables of its API reference and its OAuth errors)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from conferencing_app.exceptions import (
    AccessTokenExpired,
    Gone,
    Misconfigured,
    ProviderError,
    Refused,
    Relink,
    Unavailable,
)
from conferencing_app.http import Reply
from conferencing_app.providers.zoom.errors import api_error, token_error

HTML = b"<html><body>502 Bad Gateway</body></html>"
XML = b'<?xml version="1.0"?><Result><Code>500</Code><Message>secret words</Message></Result>'


def reply(status: int, body: object = None, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, CaseInsensitiveDict(named), content)


def read_api(answer: Reply, *, changes_something: bool = True) -> ProviderError | None:
    return api_error(answer, answer.data(), changes_something=changes_something)


def unavailable(answer: Reply) -> Unavailable:
    error = read_api(answer)
    assert type(error) is Unavailable
    return error


def told(answer: Reply, *, changes_something: bool = True) -> ProviderError:
    error = read_api(answer, changes_something=changes_something)
    assert error is not None
    return error


def coded(code: object, message: str = "secret words") -> dict[str, object]:
    return {"code": code, "message": message}


API_ROWS = [
    (401, coded(124), AccessTokenExpired),
    (401, coded("124"), AccessTokenExpired),
    (401, coded(4700, "Invalid access token."), AccessTokenExpired),
    (401, coded(0), AccessTokenExpired),
    (401, {}, AccessTokenExpired),
    (401, None, AccessTokenExpired),
    (401, HTML, AccessTokenExpired),
    (400, coded(124), AccessTokenExpired),
    (400, coded(4700, "Invalid access token, does not contain scopes:[x]."), Relink),
    (401, coded(4700, "Invalid access token, does not contain scopes:[x]."), Relink),
    (400, coded(4711, "Invalid access token, does not contain scopes:[x]."), Relink),
    (401, coded(4711, "Invalid access token, does not contain scopes:[x]."), Relink),
    (400, coded(4741), Relink),
    (404, coded(1001, "User does not exist: 1."), Relink),
    (400, coded(1001, "User does not exist: 1."), Relink),
    (403, coded(200, "The user has not permitted access to the targeted resource."), Refused),
    (403, {}, Refused),
    (404, coded(3001), Gone),
    (400, coded(3001), Gone),
    (400, {"code": 300, "message": "Validation Failed.", "errors": [{"field": "topic", "message": "m"}]}, Refused),
    (400, coded(3000), Refused),
    (400, coded(3161), Refused),
    (400, coded(3018), Refused),
    (400, coded(3037), Refused),
    (400, coded(987654), Refused),
    (409, coded(3), Refused),
    (404, coded(404), Unavailable),
    (404, HTML, Unavailable),
    (403, HTML, Unavailable),
    (400, XML, Unavailable),
    (408, {}, Unavailable),
    (500, coded(3001), Unavailable),
    (500, coded(124), Unavailable),
    (502, HTML, Unavailable),
    (503, coded(503), Unavailable),
    (504, None, Unavailable),
    (301, None, Unavailable),
    (302, {}, Unavailable),
    (200, coded(3001), Gone),
    (200, coded(124), AccessTokenExpired),
    (200, coded(300), Refused),
    (200, coded(1001), Relink),
    (200, coded(429), Unavailable),
    (200, coded(5000), Unavailable),
    (200, XML, Unavailable),
    (200, b"{", Unavailable),
    (201, b"", Unavailable),
    (200, b"[]", Unavailable),
    (200, b"null", Unavailable),
    (429, coded(429), Unavailable),
    (429, HTML, Unavailable),
]


@pytest.mark.parametrize(("status", "body", "expected"), API_ROWS)
def test_an_answer_of_the_api_means_one_thing(status, body, expected):
    error = read_api(reply(status, body))
    assert type(error) is expected
    assert "secret words" not in f"{error!r} {vars(error)}"


@pytest.mark.parametrize(
    ("status", "body"),
    [(204, None), (200, {}), (200, {"id": 1, "code": 300}), (201, {"id": 1}), (200, {"code": 0, "meetings": []})],
)
def test_a_success_is_no_error(status, body):
    assert read_api(reply(status, body)) is None


@pytest.mark.parametrize(
    ("status", "body", "unknown"),
    [
        (500, coded(1), True),
        (502, HTML, True),
        (200, b"{", True),
        (200, coded(5000), True),
        (302, None, False),
        (404, HTML, False),
        (429, HTML, False),
        (400, XML, False),
    ],
)
def test_an_outcome_is_unknown_where_zoom_may_have_acted(status, body, unknown):
    assert told(reply(status, body)).outcome_unknown is unknown
    assert told(reply(status, body), changes_something=False).outcome_unknown is False


MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "message", "cause", "seconds", "at"),
    [
        ({"X_RateLimit_Type": "QPS", "Retry_After": "2"}, "", "rate_limited", 2, None),
        ({"X_RateLimit_Type": "QPS"}, "", "rate_limited", None, None),
        ({}, "Too many concurrent requests.", "rate_limited", None, None),
        ({"Retry_After": "Sun, 22 Nov 2026 00:00:00 GMT"}, "", "rate_limited", None, MIDNIGHT),
        ({"X_RateLimit_Type": "Daily-limit", "Retry_After": "2026-11-22T00:00:00Z"}, "", "daily_cap", None, MIDNIGHT),
        ({"X_RateLimit_Type": "daily-limit", "Retry_After": "600"}, "", "daily_cap", 600, None),
        ({"X_RateLimit_Type": "Daily-limit", "Date": "Sat, 21 Nov 2026 23:59:59 GMT"}, "", "daily_cap", None, MIDNIGHT),
        ({"Date": "Sat, 21 Nov 2026 01:00:00 GMT"}, "You reached the daily limit (100).", "daily_cap", None, MIDNIGHT),
        ({"X_RateLimit_Type": "QPS", "Retry_After": "rubbish"}, "", "rate_limited", None, None),
    ],
)
def test_limits_say_which_and_until_when(headers, message, cause, seconds, at):
    error = unavailable(reply(429, coded(429, message), **headers))
    assert (error.cause, error.retry_after, error.retry_at) == (cause, seconds, at)
    assert error.outcome_unknown is False


def test_a_daily_limit_without_any_time_ends_at_the_next_midnight():
    error = unavailable(reply(429, coded(429), X_RateLimit_Type="Daily-limit", Date="rubbish"))
    assert error.retry_at is not None
    assert error.retry_at > datetime.now(UTC)
    assert (error.retry_at.hour, error.retry_at.minute) == (0, 0)


def test_an_outage_passes_its_retry_after_on():
    assert unavailable(reply(503, HTML, Retry_After="30")).retry_after == 30


def test_support_gets_code_and_reference_and_field_names():
    body = {"code": 300, "message": "m", "errors": [{"field": "topic"}, {"field": "<b>"}, {"field": 7}, "x"]}
    error = told(reply(400, body, x_zm_trackingid="v=2.0;clid=aw1;rid=WEB_1"))
    assert (error.code, error.request_id) == ("300", "v=2.0;clid=aw1;rid=WEB_1")
    assert "fields: topic." in str(error)
    assert "<b>" not in str(error)
    assert told(reply(500, HTML, x_zm_trackingid="bad\x00<id>")).request_id == ""


TOKEN_ROWS = [
    (400, {"reason": "Invalid Token!", "error": "invalid_grant"}, Relink),
    (400, {"reason": "Invalid Token!", "error": "invalid_request"}, Relink),
    (401, {"reason": "Invalid Token!", "error": "invalid_request"}, Relink),
    (401, {"reason": "Invalid Token!"}, Relink),
    (400, {"reason": "Invalid Token!"}, Relink),
    (400, {"error": "invalid_grant"}, Relink),
    (400, {"reason": "Invalid authorization code hidden-4702-code", "error": "invalid_request"}, Relink),
    (400, {"reason": "The token scopes do not match with the client scopes.", "error": "invalid_request"}, Relink),
    *[(400, {"errorCode": code, "error": "invalid_request"}, Relink) for code in (4700, 4741, 4735, 4737, 4738, 4740)],
    *[(400, {"code": code, "reason": "x"}, Relink) for code in (4711, 4733, 4734)],
    (401, {"code": 4741, "error": "invalid_client"}, Relink),
    (400, {"reason": "Something (4741)", "error": "invalid_request"}, Relink),
    *[(400, {"errorCode": code, "error": "x"}, Misconfigured) for code in (4702, 4704, 4706, 4717, 4705, 4709)],
    (400, {"code": 4702, "error": "invalid_grant"}, Misconfigured),
    (401, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, Misconfigured),
    (400, {"error": "unauthorized_client"}, Misconfigured),
    (400, {"error": "unsupported_grant_type"}, Misconfigured),
    (400, {"reason": "Redirect URI mismatch.", "error": "invalid_request"}, Misconfigured),
    (400, {"reason": "Missing grant type.", "error": "invalid_request"}, Misconfigured),
    (400, {}, Misconfigured),
    (401, {}, Misconfigured),
    (429, {"error": "invalid_grant"}, Unavailable),
    (429, HTML, Unavailable),
    (500, {"error": "invalid_grant"}, Unavailable),
    (502, HTML, Unavailable),
    (400, HTML, Unavailable),
    (400, XML, Unavailable),
    (401, HTML, Unavailable),
    (400, b"", Unavailable),
    (302, {}, Unavailable),
    (200, b"{", Unavailable),
    (200, XML, Unavailable),
    (200, {"error": "invalid_grant", "reason": "Invalid Token!"}, Relink),
]


@pytest.mark.parametrize(("status", "body", "expected"), TOKEN_ROWS)
def test_an_answer_of_the_token_endpoint_means_one_thing(status, body, expected):
    error = token_error(reply(status, body))
    assert type(error) is expected
    assert "hidden" not in f"{error!r} {vars(error)}"


@pytest.mark.parametrize(
    "error",
    [
        read_api(reply(400, coded(4711))),
        read_api(reply(400, coded(4700, "Invalid access token, does not contain scopes:[x]."))),
        token_error(reply(400, {"code": 4711, "reason": "x"})),
        token_error(
            reply(400, {"error": "invalid_grant", "reason": "The token scopes do not match with the client's."})
        ),
    ],
)
def test_a_missing_scope_is_told_from_a_dead_grant(error):
    assert error.cause == "scopes_missing"


@pytest.mark.parametrize(
    "error", [read_api(reply(404, coded(1001))), token_error(reply(400, {"error": "invalid_grant"}))]
)
def test_a_dead_grant_is_told_from_a_missing_scope(error):
    assert error.cause == "credentials_expired"


def test_a_block_by_an_administrator_is_said():
    assert "administrator" in str(token_error(reply(400, {"errorCode": 4738})))


@pytest.mark.parametrize("body", [{"access_token": "a", "scope": "x"}, {"status": "success"}])
def test_a_grant_and_a_revocation_are_no_errors(body):
    assert token_error(reply(200, body)) is None


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "message", "error", "reason", "errors", "id", "field"]), inner)
    ),
    max_leaves=8,
)


@given(status=st.integers(200, 599), body=BODIES | st.binary(max_size=20))
def test_no_answer_breaks_the_reading(status, body):
    answer = reply(status, body)
    for error in (read_api(answer), token_error(answer)):
        assert error is None or isinstance(error, ProviderError)
        if status >= 500 or status == 429:
            assert type(error) is Unavailable
