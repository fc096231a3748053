"""A sealed column never shows what is in it, and never takes a plain text."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers

from conferencing_app.exceptions import KeyUnavailable
from conferencing_app.fields import Sealed, SealedField, new_public_id
from conferencing_app.models import ConferencingProfile, Grant

SECRET = "an access token"


def test_it_opens_only_where_asked() -> None:
    sealed = Sealed.seal(SECRET, "place")
    assert sealed.open("place") == SECRET
    with pytest.raises(KeyUnavailable):
        sealed.open("another place")


@pytest.mark.parametrize("shown", [str, repr, lambda sealed: f"{sealed}", lambda sealed: f"{sealed!r:>30}"])
def test_it_shows_nothing(shown: Any) -> None:
    sealed = Sealed.seal(SECRET, "place")
    assert SECRET not in shown(sealed)
    assert sealed.envelope not in shown(sealed)


def test_empty_stays_empty() -> None:
    assert not Sealed.seal("", "place")
    assert Sealed("").open("place") == ""
    assert repr(Sealed("")) == "<Sealed, empty>"
    assert Sealed("a") == Sealed("a") != Sealed("b")
    assert len({Sealed("a"), Sealed("a")}) == 1
    assert pickle.loads(pickle.dumps(Sealed("a"))) == Sealed("a")


@pytest.fixture
def grant(db: Any) -> Grant:
    now = datetime(2031, 1, 1, tzinfo=UTC)
    profile = ConferencingProfile.objects.create(user=User.objects.create_user("alice"), provider="zoom", linked_at=now)
    grant = Grant(profile=profile, expires_at=now)
    grant.access_token = Sealed.seal(SECRET, grant.place("access_token"))
    grant.save()
    return grant


def test_a_column_keeps_the_envelope(grant: Grant) -> None:
    stored = Grant.objects.get()
    assert stored.access_token.open(stored.place("access_token")) == SECRET
    assert not stored.refresh_token
    assert str(Grant.objects.values_list("access_token", flat=True).get()) == "<Sealed>"


def test_a_column_refuses_a_plain_text(grant: Grant) -> None:
    grant.access_token = SECRET  # type: ignore[assignment]  # the mistake that is tested
    with pytest.raises(TypeError, match="never a plain text"):
        grant.save()


def test_a_column_is_not_dumped(grant: Grant) -> None:
    dumped = serializers.serialize("json", Grant.objects.all())
    assert grant.access_token.envelope not in dumped
    assert SECRET not in dumped


def test_a_migration_needs_no_arguments() -> None:
    _, path, args, kwargs = SealedField().deconstruct()
    assert (path, args, kwargs) == ("conferencing_app.fields.SealedField", [], {})


def test_public_ids() -> None:
    ids = {new_public_id("pro") for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"pro_[0-9a-f]{24}", public_id) for public_id in ids)
