"""How often something may be done: exact whoever counts at once, by whom, and from where."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import RequestFactory

from conferencing_app import clock, limits
from conferencing_app.limits import Limit, LimitReached
from conferencing_app.models import Mail, Tally, Verification
from conferencing_app.services import linking
from conferencing_app.views.visitors import network_of
from tests.integration.pages.rows import make_user

from .conftest import BACK, Scene, read_mails

FULL = bool(os.environ.get("PROMISES_FULL"))
THREADS, EACH = (50, 20) if FULL else (8, 5)
LIMIT = Limit("test", times=17, seconds=60.0)


def taken(limit: Limit, subject: str) -> bool:
    try:
        limits.take(limit, subject)
    except LimitReached:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_as_many_get_through_as_may(record_property: Any) -> None:
    results: list[bool] = []
    barrier = threading.Barrier(THREADS)

    def ask() -> None:
        barrier.wait()
        try:
            results.extend(taken(LIMIT, "somebody") for _ in range(EACH))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record_property("excess", sum(results) - LIMIT.times)
    assert (len(results), sum(results)) == (THREADS * EACH, LIMIT.times)


@pytest.mark.django_db
def test_a_count_is_for_one_subject_and_for_a_while() -> None:
    once = Limit("once", times=1, seconds=60.0)
    assert [taken(once, "a"), taken(once, "a"), taken(once, "b")] == [True, False, True]
    assert taken(Limit("other", times=1, seconds=60.0), "a")
    with clock.travel(timedelta(seconds=59)):
        assert not taken(once, "a")
    with clock.travel(timedelta(seconds=61)):
        assert [taken(once, "a"), taken(once, "a")] == [True, False]


@pytest.mark.django_db
def test_it_says_until_when_and_keeps_a_digest_only() -> None:
    once = Limit("once", times=1, seconds=60.0)
    limits.take(once, "alice@example.com")
    with pytest.raises(LimitReached) as caught:
        limits.take(once, "alice@example.com")
    assert 55 < (caught.value.until - clock.read("default")).total_seconds() <= 60
    assert "alice" not in Tally.objects.get().key
    assert (limits.prune(), Tally.objects.count()) == (0, 1)
    with clock.travel(timedelta(seconds=61)):
        assert (limits.prune(), Tally.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_a_person_gets_five_mails_an_hour(scene: Scene) -> None:
    url = scene.link_for(scene.alice)
    statuses = [scene.window().ask(url).status_code for _ in range(7)]
    assert statuses == [303] * 5 + [429] * 2
    refused = scene.window().ask(url)
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert "Too many mails" in refused.content.decode()
    assert Verification.objects.count() == 5
    assert scene.window().ask(scene.link_for(scene.mallory)).status_code == 303


@pytest.mark.django_db
def test_a_network_gets_fifty_whoever_they_are_for_and_whatever_it_claims(scene: Scene) -> None:
    links = [linking.request_link(make_user(f"person{number}"), BACK) for number in range(11)]
    window = scene.window()

    def ask(url: str, **meta: str) -> int:
        path = url.removeprefix("http://testserver")
        return int(window.client.post(f"{path}mail/", **meta).status_code)  # type: ignore[arg-type]  # WSGI's keys

    forged = [ask(links[number // 5], HTTP_X_FORWARDED_FOR=f"198.51.100.{number}") for number in range(50)]
    assert forged == [303] * 50
    assert ask(links[10], HTTP_X_FORWARDED_FOR="198.51.100.200") == 429
    assert ask(links[10], REMOTE_ADDR="198.51.100.9") == 303


@pytest.mark.django_db
def test_an_address_gets_five_whatever_users_have_it(scene: Scene) -> None:
    for number in range(7):
        user = make_user(f"twin{number}")
        user.email = "Twins@example.com" if number % 2 else "twins@example.com"
        user.save()
        assert scene.window().ask(linking.request_link(user, BACK)).status_code == 303
    assert len(read_mails()) == 5
    assert sorted(Mail.objects.values_list("state", flat=True)) == ["limited"] * 2 + ["sent"] * 5


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.1", "198.51.100.7"),  # no proxy of ours: whatever it says
        ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "192.0.2.66, 203.0.113.1", "203.0.113.1"),  # the front is the visitor's own
        ("10.0.0.1", "192.0.2.66, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.1"),
        ("", "203.0.113.1", "203.0.113.1"),  # a proxy at a socket file
        ("", "", ""),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "", "198.51.100.7"),
        ("10.0.0.1", "unknown", "unknown"),
    ],
)
def test_where_a_visitor_comes_from(settings: Any, peer: str, forwarded: str, network: str) -> None:
    settings.CONFERENCING_TRUSTED_PROXIES = ["10.0.0.0/8"]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert network_of(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)) == network


def test_without_proxies_the_header_is_not_read() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "203.0.113.1"})
    assert network_of(request) == "10.0.0.1"
