"""Options, the base that calls go to, and scopes."""

from __future__ import annotations

import pytest

from conferencing_app.http import CallPolicy
from conferencing_app.providers.types import Tokens
from conferencing_app.providers.zoom import ZoomProvider
from conferencing_app.providers.zoom.api import base_url
from conferencing_app.providers.zoom.oauth import to_tokens
from conferencing_app.providers.zoom.options import read_options
from conferencing_app.providers.zoom.scopes import NEEDED

CREDENTIALS = {"client_id": "id", "client_secret": "secret"}
LOCAL = CallPolicy(allow_loopback_http=True)


def options(sandbox_url: str = "", **changes):
    return read_options({**CREDENTIALS, **changes}, policy=LOCAL, sandbox_url=sandbox_url)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"api_url": "http://api.zoom.us"}, "api_url can't be used"),
        ({"token_url": "zoom.us/oauth/token"}, "token_url can't be used"),
        ({"revoke_url": 7}, "revoke_url must be a URL"),
        ({"authorize_url": "https://me:pw@zoom.us/"}, "authorize_url can't be used"),
        ({"api_hosts": "*.zoom.us"}, "api_hosts must be a list"),
        ({"api_hosts": ["*"]}, "api_hosts must be a list"),
        ({"api_hosts": ["*.us", "*.*"]}, "api_hosts must be a list"),
        ({"api_hosts": ["*.com"]}, "api_hosts must be a list"),
        ({"api_hosts": [None]}, "api_hosts must be a list"),
        ({"find_lag_seconds": "30"}, "find_lag_seconds must be a number"),
        ({"find_lag_seconds": True}, "find_lag_seconds must be a number"),
        ({"find_lag_seconds": -1}, "find_lag_seconds must be a number"),
        ({"client_id": "ï"}, "client_id must be the text"),
    ],
)
def test_an_option_that_can_not_be_used_says_so(changes, says):
    with pytest.raises(ValueError, match=says) as raised:
        options(**changes)
    assert "pw" not in str(raised.value)


def test_the_real_addresses_are_the_default_and_the_sandbox_overrides_all():
    assert options().api_url == "https://api.zoom.us"
    there = options(
        sandbox_url="http://127.0.0.1:1/", api_url="https://api.example.com", token_url="https://x.example/t"
    )
    assert (there.authorize_url, there.token_url, there.revoke_url, there.api_url) == (
        "http://127.0.0.1:1/zoom/oauth/authorize",
        "http://127.0.0.1:1/zoom/oauth/token",
        "http://127.0.0.1:1/zoom/oauth/revoke",
        "http://127.0.0.1:1/zoom",
    )


def test_find_lag_is_an_option():
    assert ZoomProvider(CREDENTIALS, policy=LOCAL).find_lag == 30
    assert ZoomProvider({**CREDENTIALS, "find_lag_seconds": 2}, policy=LOCAL).find_lag == 2


REAL = "https://api.zoom.us"


@pytest.mark.parametrize(
    ("assigned", "used"),
    [
        ("", REAL),
        ("https://api-eu.zoom.us", "https://api-eu.zoom.us"),
        ("https://api-eu.zoom.us/", "https://api-eu.zoom.us"),
        ("https://API-EU.ZOOM.US", "https://API-EU.ZOOM.US"),
        ("https://api-eu.zoom.us:443", "https://api-eu.zoom.us:443"),
        ("http://api-eu.zoom.us", REAL),
        ("https://api-eu.zoom.us:8443", REAL),
        ("https://evil.example", REAL),
        ("https://evilzoom.us", REAL),
        ("https://zoom.us.evil.example", REAL),
        ("https://api.zoom.us@evil.example", REAL),
        ("https://evil.example#.zoom.us", REAL),
        ("https://evil.example?.zoom.us", REAL),
        ("https://evil.example\\.zoom.us", REAL),
        ("https://api-eu.zoom.us?x=1", REAL),
        ("https://api-eu.zoom.us#x", REAL),
        ("http://127.0.0.1:1/zoom", REAL),
        ("//api-eu.zoom.us", REAL),
        ("javascript:x", REAL),
        ("https://[::1", REAL),
        ("https://api-eu.zoom.us\n.evil.example", REAL),
    ],
)
def test_our_token_only_goes_to_zooms_own_hosts(assigned, used):
    assert base_url(assigned, options()) == used


@pytest.mark.parametrize(
    ("assigned", "own"),
    [
        ("http://127.0.0.1:1/zoom", True),
        ("http://127.0.0.1:2/zoom", False),
        ("https://api-eu.zoom.us", False),
        ("http://localhost:1/zoom", False),
        ("https://127.0.0.1:1/zoom", False),
    ],
)
def test_under_the_sandbox_only_the_sandbox_is_called(assigned, own):
    assert base_url(assigned, options(sandbox_url="http://127.0.0.1:1")) == (
        assigned if own else "http://127.0.0.1:1/zoom"
    )


def test_a_site_may_name_other_hosts():
    mine = options(api_url="https://zoom.example.org", api_hosts=["*.example.org"])
    assert base_url("https://eu.example.org", mine) == "https://eu.example.org"
    assert base_url("https://api-eu.zoom.us", mine) == "https://zoom.example.org"


ALL = frozenset(NEEDED)


def test_each_scope_that_is_needed_has_words_for_people():
    assert ZoomProvider.scope_words.keys() == NEEDED.keys()


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (ALL, set()),
        (ALL | {"something:else"}, set()),
        ({"user:read", "meeting:read", "meeting:write"}, set()),
        ({"user:read:admin", "meeting:read:admin", "meeting:write:admin"}, set()),
        ({f"{scope}:admin" for scope in ALL}, set()),
        ({f"{scope}:master" for scope in ALL}, set()),
        (ALL - {"meeting:delete:meeting"}, {"meeting:delete:meeting"}),
        (ALL - {"user:read:user"}, {"user:read:user"}),
        (ALL - {"meeting:read:list_meetings"} | {"meeting:read"}, set()),
        ({"user:read", "meeting:write"}, {"meeting:read:meeting", "meeting:read:list_meetings"}),
        ({"USER:READ"}, ALL),
        (set(), ALL),
    ],
)
def test_scopes_are_compared_as_sets_of_either_generation(granted, missing):
    oauth = ZoomProvider(CREDENTIALS, policy=LOCAL).oauth
    assert oauth.missing_scopes(Tokens("a", 1, scopes=frozenset(granted))) == missing


def test_scopes_that_zoom_did_not_tell_are_not_missing():
    assert ZoomProvider(CREDENTIALS, policy=LOCAL).oauth.missing_scopes(Tokens("a", 1)) == frozenset()


@pytest.mark.parametrize(
    ("grant", "tokens"),
    [
        ({}, Tokens("a", 3599)),
        ({"expires_in": "60"}, Tokens("a", 60)),
        ({"expires_in": None, "refresh_token": None}, Tokens("a", 3599)),
        ({"expires_in": -5, "refresh_token": ""}, Tokens("a", 3599)),
        ({"expires_in": "nan", "scope": None, "api_url": 7}, Tokens("a", 3599)),
        ({"scope": ""}, Tokens("a", 3599, scopes=frozenset())),
        (
            {"expires_in": 5, "refresh_token": "r", "scope": "b  a b", "api_url": "https://api-eu.zoom.us"},
            Tokens("a", 5, "r", frozenset("ab"), "https://api-eu.zoom.us"),
        ),
    ],
)
def test_grants_in_every_shape(grant, tokens):
    assert to_tokens({"access_token": "a", **grant}) == tokens
