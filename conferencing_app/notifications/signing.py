"""Signing what is sent, so that the receiver knows who sent it and that nothing was changed on the way.

Pure: secrets and bytes in, headers out. Two schemes, one for each endpoint:

- Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
  ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, over ``id.timestamp.body``.
- Cronofy's (https://docs.cronofy.com/developers/push-notifications/authentication/): ``Cronofy-HMAC-SHA256``, over the
  body alone, keyed with the application's client secret. It carries no time, so a receiver can't refuse a replay.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as random
from collections.abc import Iterable

PREFIX = "whsec_"
FEWEST_BYTES, MOST_BYTES = 24, 64
NEW_BYTES = 32


def new_secret() -> str:
    """A fresh secret of the Standard Webhooks form: ``whsec_`` and base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(NEW_BYTES)).decode()


def standard_headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers. ``timestamp`` is the time of this attempt in whole seconds since 1970.

    ``secrets`` are those in force, one signature each, so that a receiver may change to the new one at its leisure.
    Raises ValueError, which does not repeat it, for a secret of another form.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [f"v1,{_hmac(_key(secret), signed)}" for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def cronofy_headers(client_secrets: Iterable[str], body: bytes) -> dict[str, str]:
    """The one header: a signature for each secret in force, joined by commas without a space.

    Cronofy's own clients split at the comma and trim nothing.
    """
    return {"Cronofy-HMAC-SHA256": ",".join(_hmac(secret.encode(), body) for secret in client_secrets)}


def is_secret(secret: str) -> bool:
    """Whether it has the form of the Standard Webhooks."""
    try:
        _key(secret)
    except ValueError:
        return False
    return True


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"A webhook's secret must be {PREFIX} and base64 of {FEWEST_BYTES} to {MOST_BYTES} bytes.")
    return key


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
