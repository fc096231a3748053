"""Zoom's case."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from conferencing_app.providers.types import Deauthorized, MeetingChanged, MeetingDeleted
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET
from tests.contract.providers.case import Answer, InboundCase, ProviderCase


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": str(timestamp), "x-zm-signature": f"v0={digest}"}


INBOUND = InboundCase(
    option="webhook_secret_token",
    sign=sign,
    told=(
        (b'{"event": "meeting.deleted", "payload": {"object": {"id": "81234567890"}}}', MeetingDeleted("81234567890")),
        (
            b'{"event": "meeting.updated", "payload": {"object": {"id": 81234567890, "password": "new"},'
            b' "old_object": {"id": 81234567890, "password": "old"}}}',
            MeetingChanged("81234567890"),
        ),
        (
            b'{"event": "app_deauthorized", "event_ts": 1739923528000, "payload": {"account_id": "a", "user_id": "u"}}',
            Deauthorized("a:u", datetime.fromtimestamp(1739923528, UTC)),
        ),
    ),
    of_no_concern=(
        b'{"event": "meeting.started", "payload": {"object": {"id": "81234567890"}}}',
        b'{"event": "meeting.updated", "payload": {"object": {"id": 1, "topic": "b"},'
        b' "old_object": {"id": 1, "topic": "a"}}}',
    ),
    window_seconds=300,
    challenge=b'{"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}',
    proof=lambda secret: {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
        "encryptedToken": hmac.new(secret.encode(), b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest(),
    },
)

CASE = ProviderCase(
    alias="zoom",
    backend="conferencing_app.providers.zoom.ZoomProvider",
    credentials={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    account="alice.zoom@example.com",
    other_account="bob.zoom@example.com",
    operations={
        "exchange": "token.code",
        "refresh": "token.refresh",
        "revoke": "revoke",
        "identify": "me",
        "create": "create",
        "find": "list",
        "read": "get",
        "update": "update",
        "delete": "delete",
    },
    refusals=(
        Answer(400, {"code": 300, "message": "Validation Failed.", "errors": [{"field": "topic", "message": "No."}]}),
        Answer(400, {"code": 3000, "message": "You are not allowed to schedule meetings for this user."}),
        Answer(400, {"code": 3161, "message": "Your user account is not allowed meeting hosting."}),
        Answer(403, {"code": 200, "message": "The user has not permitted access to the targeted resource."}),
        Answer(200, {"code": 3000, "message": "An error that comes as a success."}),
    ),
    lost_user=(Answer(404, {"code": 1001, "message": "User does not exist: x."}),),
    rate_limits=(
        Answer(429, {"code": 429, "message": "Too many."}, {"X-RateLimit-Type": "QPS", "Retry-After": "3"}),
        Answer(429, {"code": 429, "message": "Too many concurrent requests."}),
        Answer(429, None, action="html"),
    ),
    refresh_tokens_rotate=True,
    scopes_to_untick=("meeting:delete:meeting",),
    title_limit=200,
    inbound=INBOUND,
)
