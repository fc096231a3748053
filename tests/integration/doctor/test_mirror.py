"""The page that tells the doctor how a request has come: for who holds the site's key, and for a while."""

from __future__ import annotations

import pytest
from django.core import signing
from django.test import Client

from conferencing_app.views import mirror

PATH = "/conferencing/mirror/{}/"


def test_it_tells_what_the_site_takes_the_request_for(client: Client) -> None:
    for secure in (False, True):
        answer = client.get(PATH.format(mirror.ticket("now")), secure=secure, headers={"host": "seen.example"})
        assert answer.json() == {"asked": "now", "secure": secure, "host": "seen.example"}
        assert "no-store" in answer.headers["Cache-Control"]


def test_who_does_not_hold_the_key_finds_nothing(client: Client) -> None:
    others = ("x", signing.dumps("now", salt="another"), signing.dumps("now", salt=mirror.SALT, key="another"))
    assert {client.get(PATH.format(token)).status_code for token in others} == {404}


def test_it_opens_for_a_while_only(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = mirror.ticket("now")
    monkeypatch.setattr(mirror, "VALID_FOR", mirror.VALID_FOR * 0)
    assert client.get(PATH.format(token)).status_code == 404
