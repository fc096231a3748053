"""The keys of ``CONFERENCING_ENCRYPTION_KEYS``, how each is named, and digests."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os

from conferencing_app.conf import settings
from conferencing_app.exceptions import KeyUnavailable

KEY_BYTES = 32
KEY_ID_LENGTH = 8


def new_key() -> str:
    """A fresh key in the form that the setting takes."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def decode_key(text: str) -> bytes:
    """The 32 bytes of a key. Raises ValueError when it is anything else."""
    try:
        key = base64.b64decode(padded(text), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, AttributeError, TypeError) as error:
        raise ValueError("not base64url") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes instead of {KEY_BYTES}")
    return key


def keys_by_id() -> dict[str, bytes]:
    """The configured keys by their ids, newest first. Raises KeyUnavailable where one of them can't be used."""
    try:
        return {key_id(key): key for key in map(decode_key, settings.ENCRYPTION_KEYS)}
    except ValueError as error:
        raise KeyUnavailable("CONFERENCING_ENCRYPTION_KEYS holds a key that is not usable.") from error


def key_ids() -> list[str]:
    """The ids of the configured keys, newest first. Raises KeyUnavailable where one of them can't be used."""
    return list(keys_by_id())


def key_id(key: bytes) -> str:
    """A short public name for a key: the start of its SHA-256."""
    return hashlib.sha256(b"conferencing key id" + key).hexdigest()[:KEY_ID_LENGTH]


def digest(secret: str) -> str:
    """The SHA-256 of a secret that is random enough to be found by it and not guessed from it; 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def padded(text: str) -> str:
    """A text of base64 with the signs at its end that it may come without."""
    return text + "=" * (-len(text) % 4)
