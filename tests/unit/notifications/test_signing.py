"""What we sign is accepted by the receivers that people use, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest
import standardwebhooks
import svix.webhooks
from hypothesis import given
from hypothesis import strategies as st

from conferencing_app.notifications import signing

RECEIVERS: dict[str, tuple[Any, Any]] = {
    "standardwebhooks": (standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError),
    "svix": (svix.webhooks.Webhook, svix.webhooks.WebhookVerificationError),
}
BODIES = st.builds(lambda text: b'{"text": "' + text.encode() + b'"}', st.text("abcé☃ {}", max_size=2000))
# https://docs.cronofy.com/developers/push-notifications/authentication/
CRONOFY_BODY = b'{"example":"well-known"}'
CRONOFY_VECTORS = {
    "pDY0Oi7TJSP2hfNmZNkm5": "6r2/HjBkqymGegX0wOfifieeUXbbHwtV/LohHS+jv6c=",
    "CRN_NggYusqPGLxwjw5FHOJYOqSrTPNXy8WQf14OID": "5DxentQi5YSXODEzTVv06sRwJ3pULIz1KrYv20qxEK0=",
    "CRN_nGlYDFXwfSXgB9rvGNBJyfE454GGPtWIbNuPwr": "BmQmWVuZ70ILWjr1CAt5oC7YOolgnku4WZtlrKfx/6k=",
}


def now() -> int:
    return int(time.time())


@pytest.mark.parametrize("receiver", RECEIVERS)
@given(body=BODIES)
def test_each_receiver_accepts_what_we_sign(receiver, body):
    secret = signing.new_secret()
    headers = signing.standard_headers([secret], "ntf_1", now(), body)
    RECEIVERS[receiver][0](secret).verify(body, headers)  # raises


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_old_and_new_secret_are_accepted_while_both_are_in_force(receiver):
    webhook, _ = RECEIVERS[receiver]
    old, new = signing.new_secret(), signing.new_secret()
    headers = signing.standard_headers([new, old], "ntf_1", now(), b"{}")
    for secret in (old, new):
        webhook(secret).verify(b"{}", headers)


@pytest.mark.parametrize("receiver", RECEIVERS)
@pytest.mark.parametrize("change", ["body", "id", "second", "secret", "replay"])
def test_no_receiver_accepts_what_was_changed_or_is_old(receiver, change):
    webhook, refused = RECEIVERS[receiver]
    secret, body, at = signing.new_secret(), b'{"a": 1}', now() - (600 if change == "replay" else 0)
    headers = signing.standard_headers([secret], "ntf_1", at, body)
    if change == "body":
        body = body.replace(b"1", b"2")
    if change == "id":
        headers["webhook-id"] = "ntf_2"
    if change == "second":
        headers["webhook-timestamp"] = str(at - 1)
    with pytest.raises(refused):
        webhook(signing.new_secret() if change == "secret" else secret).verify(body, headers)


@pytest.mark.parametrize(("secret", "signature"), CRONOFY_VECTORS.items())
def test_cronofys_published_vectors(secret, signature):
    assert signing.cronofy_headers([secret], CRONOFY_BODY) == {"Cronofy-HMAC-SHA256": signature}


def test_cronofys_signatures_are_joined_by_a_bare_comma():
    (value,) = signing.cronofy_headers(CRONOFY_VECTORS, CRONOFY_BODY).values()
    assert value.split(",") == list(CRONOFY_VECTORS.values())


def test_cronofys_scheme_signs_the_bytes_as_they_are():
    body = '{"name": "Zoë"}'.encode()
    expected = base64.b64encode(hmac.new(b"secret", body, hashlib.sha256).digest()).decode()
    assert signing.cronofy_headers(["secret"], body) == {"Cronofy-HMAC-SHA256": expected}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_" + "A" * 200, "whsec_not base64!" + "A" * 32])
def test_a_secret_of_another_form_is_refused_without_being_repeated(secret):
    with pytest.raises(ValueError, match="24 to 64 bytes") as raised:
        signing.standard_headers([secret], "ntf_1", now(), b"{}")
    assert len(secret) < 7 or secret not in str(raised.value)


def test_new_secrets_differ():
    assert len({signing.new_secret() for _ in range(100)}) == 100
