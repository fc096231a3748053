"""Sealing secrets at rest: AES-256-GCM under the keys of ``CONFERENCING_ENCRYPTION_KEYS``.

An envelope reads ``v1.<key id>.<nonce>.<ciphertext>``. It is bound to the place it was sealed for (table, column and
the row's public id), so that one moved to another row does not open. It fails closed: what can't be opened raises.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conferencing_app.conf import settings
from conferencing_app.exceptions import KeyUnavailable

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_LENGTH = 8


def new_key() -> str:
    """A fresh key in the form that the setting takes."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def decode_key(text: str) -> bytes:
    """The 32 bytes of a key. Raises ValueError when it is anything else."""
    try:
        key = base64.b64decode(_padded(text), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, AttributeError, TypeError) as error:
        raise ValueError("not base64url") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes instead of {KEY_BYTES}")
    return key


def seal(plain: str, place: str) -> str:
    """The envelope of ``plain`` for ``place``, under the newest key. Raises KeyUnavailable where no key is set."""
    keys = _keys()
    if not keys:
        raise KeyUnavailable("CONFERENCING_ENCRYPTION_KEYS is empty: nothing can be sealed.")
    key_id, key = next(iter(keys.items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), _bound_to(place, key_id))
    return ".".join((VERSION, key_id, _encode(nonce), _encode(sealed)))


def unseal(envelope: str, place: str) -> str:
    """What was sealed for ``place``. Raises KeyUnavailable for a missing key, another place or any tampering."""
    try:
        version, key_id, nonce, sealed = envelope.split(".")
        key = _keys()[key_id]
        if version != VERSION:
            raise ValueError(version)
        return AESGCM(key).decrypt(_decode(nonce), _decode(sealed), _bound_to(place, key_id)).decode()
    except (ValueError, KeyError, InvalidTag) as error:
        # Neither the envelope nor what is wrong with it belongs into a message.
        raise KeyUnavailable() from error


def key_id_of(envelope: str) -> str:
    """The id of the key that an envelope needs; empty for what is no envelope."""
    parts = envelope.split(".")
    return parts[1] if len(parts) == 4 else ""


def key_ids() -> list[str]:
    """The ids of the configured keys, newest first. Raises KeyUnavailable where one of them can't be used."""
    return list(_keys())


def digest(secret: str) -> str:
    """The SHA-256 of a secret that is random enough to be found by it and not guessed from it; 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_id(key: bytes) -> str:
    """A short public name for a key: the start of its SHA-256."""
    return hashlib.sha256(b"conferencing key id" + key).hexdigest()[:KEY_ID_LENGTH]


def _keys() -> dict[str, bytes]:
    try:
        return {key_id(key): key for key in map(decode_key, settings.ENCRYPTION_KEYS)}
    except ValueError as error:
        raise KeyUnavailable("CONFERENCING_ENCRYPTION_KEYS holds a key that is not usable.") from error


def _bound_to(place: str, key_id: str) -> bytes:
    return f"conferencing_app|{place}|{key_id}".encode()


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(_padded(text), altchars=b"-_", validate=True)
