"""Keys, digests, and secrets sealed at rest; cryptography is loaded with the first of those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conferencing_app import later
from conferencing_app.crypto.keys import KEY_ID_LENGTH, decode_key, digest, key_id, key_ids, new_key

if TYPE_CHECKING:
    from conferencing_app.crypto.envelopes import VERSION, key_id_of, seal, unseal
else:
    __getattr__ = later.parts(__name__, {"envelopes": ("VERSION", "key_id_of", "seal", "unseal")})

__all__ = [
    "KEY_ID_LENGTH",
    "VERSION",
    "decode_key",
    "digest",
    "key_id",
    "key_id_of",
    "key_ids",
    "new_key",
    "seal",
    "unseal",
]
