"""Sealing secrets at rest: AES-256-GCM under the keys of ``CONFERENCING_ENCRYPTION_KEYS``.

An envelope reads ``v1.<key id>.<nonce>.<ciphertext>``. It is bound to the place it was sealed for (table, column and
the row's public id), so that one moved to another row does not open. It fails closed: what can't be opened raises.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conferencing_app.crypto.keys import keys_by_id, padded
from conferencing_app.exceptions import KeyUnavailable

VERSION = "v1"
NONCE_BYTES = 12


def seal(plain: str, place: str) -> str:
    """The envelope of ``plain`` for ``place``, under the newest key. Raises KeyUnavailable where no key is set."""
    keys = keys_by_id()
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
        key = keys_by_id()[key_id]
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


def _bound_to(place: str, key_id: str) -> bytes:
    return f"conferencing_app|{place}|{key_id}".encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(padded(text), altchars=b"-_", validate=True)
