"""Only https is called, and plain http to this machine where that is allowed."""

from __future__ import annotations

import pytest

from conferencing_app import addresses


@pytest.mark.parametrize(
    "url",
    ["https://zoom.us/oauth/token", "https://zoom.us:8443", "https://[2001:db8::1]/x", "HTTPS://ZOOM.US/"],
)
def test_https_may_be_called(url):
    assert addresses.objection(url) == ""


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/zoom", "http://[::1]:1/", "http://localhost/zoom", "http://127.9.9.9/"]
)
def test_plain_http_to_this_machine_only_where_allowed(url):
    assert addresses.objection(url, allow_loopback_http=True) == ""
    assert "DEBUG" in addresses.objection(url, allow_loopback_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "zoom.us",
        "//zoom.us/",
        "https://",
        "https:///path",
        "http://zoom.us/",
        "http://192.168.1.1/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://0x7f.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user@zoom.us/",
        "https://user:secret@zoom.us/",
        "https://zoom.us:99999/",
        "https://zoom.us:port/",
        "https://[::1/",
        "https://evil.example\\.zoom.us/",
        "https://zoom.us/a b",
        "https://zoom.us/\n",
        "https://zoo\tm.us/",
        "https://zööm.us/",
        "https://zoom.us%2eevil.example/",
        "https://fe80::1%25eth0]/",
    ],
)
def test_anything_else_is_refused_without_being_repeated(url):
    reason = addresses.objection(url, allow_loopback_http=True)
    assert reason
    assert "secret" not in reason


@pytest.mark.parametrize(
    ("host", "pattern", "fits"),
    [
        ("api-eu.zoom.us", "*.zoom.us", True),
        ("API.ZOOM.US", "*.zoom.us", True),
        ("a.b.zoom.us", "*.zoom.us", True),
        ("zoom.us", "*.zoom.us", False),
        ("evilzoom.us", "*.zoom.us", False),
        ("zoom.us.evil.com", "*.zoom.us", False),
        ("api.zoom.us", "api.zoom.us", True),
        ("x.api.zoom.us", "api.zoom.us", False),
        ("", "*.zoom.us", False),
    ],
)
def test_host_patterns(host, pattern, fits):
    assert addresses.host_matches(host, pattern) is fits


def test_origins_compare_with_their_ports_filled_in():
    assert addresses.origin("https://Zoom.us/a") == addresses.origin("https://zoom.us:443/b")
    assert addresses.origin("http://127.0.0.1:1") != addresses.origin("http://127.0.0.1:2")
