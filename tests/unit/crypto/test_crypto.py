"""Envelopes open for their place and their keys, and for nothing else."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from conferencing_app import crypto
from conferencing_app.exceptions import KeyUnavailable

PLACE = "grant|access_token|pro_1"


@given(st.text(min_size=1))
@hypothesis_settings(max_examples=50)
def test_what_is_sealed_opens_in_its_place(plain: str) -> None:
    envelope = crypto.seal(plain, PLACE)
    assert crypto.unseal(envelope, PLACE) == plain
    assert envelope.isascii()
    assert len(plain) < 8 or plain not in envelope


def test_the_same_text_is_never_sealed_alike() -> None:
    assert crypto.seal("secret", PLACE) != crypto.seal("secret", PLACE)


@pytest.mark.parametrize("place", ["grant|refresh_token|pro_1", "grant|access_token|pro_2", ""])
def test_it_does_not_open_elsewhere(place: str) -> None:
    with pytest.raises(KeyUnavailable):
        crypto.unseal(crypto.seal("secret", PLACE), place)


def broken(envelope: str) -> list[str]:
    version, key_id, nonce, sealed = envelope.split(".")
    flipped = ("B" if sealed[0] != "B" else "C") + sealed[1:]
    return [
        "",
        "plain text",
        f"v2.{key_id}.{nonce}.{sealed}",
        f"{version}.ffffffff.{nonce}.{sealed}",
        f"{version}.{key_id}.{nonce[::-1]}.{sealed}",
        f"{version}.{key_id}.{nonce}.{flipped}",
        f"{version}.{key_id}.{nonce}.{sealed[:-4]}",
        f"{version}.{key_id}..{sealed}",
        f"{version}.{key_id}.*.{sealed}",
        f"{envelope}.more",
    ]


def test_anything_tampered_with_stays_shut_and_says_nothing() -> None:
    for envelope in broken(crypto.seal("secret", PLACE)):
        with pytest.raises(KeyUnavailable) as refused:
            crypto.unseal(envelope, PLACE)
        assert "secret" not in str(refused.value)
        assert not envelope or envelope not in str(refused.value)


def test_keys_rotate(settings: Any) -> None:
    old, new = crypto.new_key(), crypto.new_key()
    settings.CONFERENCING_ENCRYPTION_KEYS = [old]
    envelope = crypto.seal("secret", PLACE)
    settings.CONFERENCING_ENCRYPTION_KEYS = [new, old]
    assert crypto.unseal(envelope, PLACE) == "secret"
    assert crypto.key_id_of(crypto.seal("secret", PLACE)) == crypto.key_id(crypto.decode_key(new))
    settings.CONFERENCING_ENCRYPTION_KEYS = [new]
    with pytest.raises(KeyUnavailable):
        crypto.unseal(envelope, PLACE)


@pytest.mark.parametrize("keys", [[], ["short"]])
def test_without_a_usable_key_nothing_is_sealed(settings: Any, keys: list[str]) -> None:
    settings.CONFERENCING_ENCRYPTION_KEYS = keys
    with pytest.raises(KeyUnavailable, match="CONFERENCING_ENCRYPTION_KEYS"):
        crypto.seal("secret", PLACE)


@pytest.mark.parametrize("padding", ["", "="])
def test_a_key_may_come_with_its_padding_or_without(padding: str) -> None:
    text = base64.urlsafe_b64encode(bytes(range(224, 256))).decode().rstrip("=")
    assert crypto.decode_key(text + padding) == bytes(range(224, 256))


@pytest.mark.parametrize("text", ["", "AAAA", "*" * 43, "ä" * 43, None, 5, base64.b64encode(bytes(33)).decode()])
def test_what_is_no_key_is_refused(text: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the message depends on what is wrong
        crypto.decode_key(text)


def test_a_fresh_key_is_one() -> None:
    assert len(crypto.decode_key(crypto.new_key())) == 32


@pytest.mark.parametrize("envelope", ["", "x", "a.b.c"])
def test_what_is_no_envelope_has_no_key(envelope: str) -> None:
    assert crypto.key_id_of(envelope) == ""
