"""One click signs in on the developer's own machine, and nowhere else."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import RequestFactory

from project.bookings import sign_in
from project.demo.visitor import Visitor


@pytest.mark.parametrize(
    ("debug", "meta", "allowed"),
    [
        (True, {"REMOTE_ADDR": "127.0.0.1"}, True),
        (True, {"REMOTE_ADDR": "127.4.4.4"}, True),
        (True, {"REMOTE_ADDR": "::1"}, True),
        (False, {"REMOTE_ADDR": "127.0.0.1"}, False),
        (True, {"REMOTE_ADDR": "192.168.1.7"}, False),
        (True, {"REMOTE_ADDR": "203.0.113.5"}, False),
        (True, {"REMOTE_ADDR": ""}, False),
        (True, {"REMOTE_ADDR": "unix:"}, False),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.5"}, False),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.5"}, False),
    ],
)
def test_one_click_is_for_development_on_loopback(
    settings: pytest.FixtureRequest, debug: bool, meta: dict[str, str], allowed: bool
) -> None:
    settings.DEBUG = debug  # type: ignore[attr-defined]  # pytest-django's fixture takes any setting
    request = RequestFactory().post("/sign-in/alice/", **meta)  # type: ignore[arg-type]  # WSGI variables
    assert sign_in.one_click_allowed(request) is allowed
    if not allowed:
        with pytest.raises(Http404):
            sign_in.one_click(request, "alice")


def test_one_click_needs_a_post(guest: Visitor) -> None:
    assert guest.fetch("/sign-in/alice/").status_code == 405


@pytest.mark.parametrize("username", ["sam", "root", "carol"])
def test_only_alice_and_bob_sign_in_by_one_click(guest: Visitor, username: str) -> None:
    form = guest.open("/sign-in/").form("/sign-in/alice/")
    form.action = form.action.replace("alice", username)
    assert guest.submit(form).status == 404


def test_one_click_needs_the_token_of_the_page(guest: Visitor) -> None:
    form = guest.open("/sign-in/").form("/sign-in/alice/")
    form.fields = []
    assert guest.submit(form).status == 403


def test_behind_a_proxy_the_page_asks_for_a_password(guest: Visitor) -> None:
    page = guest.fetch("/sign-in/", **{"X-Forwarded-For": "203.0.113.5"}).text
    assert "/sign-in/alice/" not in page
    assert 'type="password"' in page


def test_signing_out_ends_it(alice: Visitor) -> None:
    alice.submit(alice.open("/bookings/").form("/sign-out/"))
    assert "/sign-in/" in alice.open("/bookings/").url
