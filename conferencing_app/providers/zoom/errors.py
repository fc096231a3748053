"""What Zoom's answers mean, decided from status and code alone (Zoom API reference; "OAuth error messages").

Messages are our own words. Nothing of a body gets into an exception but numeric codes and field names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypedDict

from conferencing_app.exceptions import (
    AccessTokenExpired,
    Gone,
    Misconfigured,
    ProviderError,
    Refused,
    Relink,
    Unavailable,
)
from conferencing_app.http import Reply, request_id
from conferencing_app.http.retry_after import parse as parse_retry_after

EXPIRED_CODE, NO_MEETING_CODE, NO_USER_CODE = 124, 3001, 1001
# 300 validation, 3000 not allowed to schedule, 3018 personal meeting, 3037 PAC, 3161 hosting is switched off.
REFUSED_CODES = frozenset({300, 3000, 3018, 3037, 3161})
# Invalid or revoked, owner gone, authorization missing, blocked by an administrator, too old, other scopes; spent code.
RELINK_CODES = frozenset({4700, 4711, 4733, 4734, 4735, 4737, 4738, 4740, 4741})
# Bad client, missing credentials, app disabled, grant type, redirect address: the site's own registration.
OUR_CODES = frozenset({4702, 4704, 4705, 4706, 4709, 4717})
KNOWN_CODES = REFUSED_CODES | RELINK_CODES | {EXPIRED_CODE, NO_MEETING_CODE, NO_USER_CODE}
OUR_ERRORS = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"})
# The grant has not the scopes that are needed, by code and in the token endpoint's words.
SCOPES_CODE, OTHER_SCOPES = 4711, "token scopes do not match"
DEAD_REASONS = ("invalid token", "invalid authorization code", OTHER_SCOPES)
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,59}")
ERROR_NAME = re.compile(r"[a-z_]{1,40}")
CODE_IN_TEXT = re.compile(r"\b(47\d\d)\b")
REQUEST_ID_HEADER = "x-zm-trackingid"


class Support(TypedDict):
    """What support needs of an answer: Zoom's code, or the status where it gave none, and its own reference."""

    code: str
    request_id: str


def api_error(reply: Reply, data: Any, *, changes_something: bool) -> ProviderError | None:
    """What an answer of the API means; None when it did what was asked."""
    status = reply.status
    if status == 204:
        return None
    body = data if isinstance(data, dict) else None
    code = _number(body.get("code")) if body and "id" not in body else 0
    if 200 <= status < 300 and body is not None and not code:
        return None
    if status == 429 or code == 429:
        return _limit(reply, body)
    if status == 401 and body is None:
        return AccessTokenExpired("Zoom no longer takes the access token.", **_support(reply, code))
    if body is None or status >= 500 or 300 <= status < 400:
        return _outage(reply, code, outcome_unknown=changes_something and _may_have_acted(status))
    if status < 300 and code not in KNOWN_CODES:
        return _outage(reply, code, outcome_unknown=changes_something)
    return _verdict(status, code, body, _support(reply, code))


def token_error(reply: Reply) -> ProviderError | None:
    """What an answer of the token or revocation endpoint means; None when it did what was asked.

    Relink is only said on a verdict about the grant itself: whoever asks re-reads the grant before believing it,
    as a lost race for a refresh gives the very same answer.
    """
    status, data = reply.status, reply.data()
    if status == 429:
        return _limit(reply, None)
    if not isinstance(data, dict) or status >= 500 or 300 <= status < 400:
        return _outage(reply, 0, outcome_unknown=_may_have_acted(status))
    code, name, reason = _token_words(data)
    if status < 300 and not (code or name):
        return None
    details = Support(code=str(code or name or status), request_id=_request_id(reply))
    if code in OUR_CODES or (code not in RELINK_CODES and name in OUR_ERRORS):
        return Misconfigured("Zoom does not accept this site's client id, secret or redirect address.", **details)
    if code == 4738:
        return Relink("The Zoom account's administrator does not allow the app.", **details)
    if code == SCOPES_CODE or OTHER_SCOPES in reason:
        return Relink("The grant has other scopes than the app asks for.", cause="scopes_missing", **details)
    if code in RELINK_CODES or name == "invalid_grant" or any(each in reason for each in DEAD_REASONS):
        return Relink("Zoom no longer accepts the grant.", **details)
    return Misconfigured(f"Zoom refuses the token request ({status}).", **details)


def _verdict(status: int, code: int, body: dict[str, Any], support: Support) -> ProviderError:
    if code == NO_MEETING_CODE:
        return Gone("The meeting does not exist at Zoom.", **support)
    if code == NO_USER_CODE:
        return Relink("The user no longer exists in this Zoom account.", **support)
    if code in REFUSED_CODES:
        return Refused(f"Zoom refuses ({status}, code {code}){_fields(body)}.", **support)
    if code == SCOPES_CODE or (code == 4700 and (status != 401 or "scope" in _text(body, "message"))):
        return Relink("The grant lacks a scope that the call needs.", cause="scopes_missing", **support)
    if status == 401 or code == EXPIRED_CODE:
        return AccessTokenExpired("Zoom no longer takes the access token.", **support)
    if code in RELINK_CODES:
        return Relink("Zoom no longer accepts the grant.", **support)
    if status in (404, 408):
        # Not Zoom's word on a meeting: a proxy, or a wrong base address.
        return Unavailable(f"Zoom answered {status} with code {code}.", **support)
    return Refused(f"Zoom refuses ({status}, code {code}).", **support)


def _limit(reply: Reply, body: dict[str, Any] | None) -> Unavailable:
    """Seconds-scale limits, and the daily one that is over at midnight UTC (``X-RateLimit-Type``)."""
    wait = parse_retry_after(reply.headers.get("Retry-After", ""))
    daily = "daily" in reply.headers.get("X-RateLimit-Type", "").lower() or "daily" in _text(body or {}, "message")
    if daily and wait.seconds is None and wait.at is None:
        wait = wait._replace(at=_next_midnight(reply))
    return Unavailable(
        "Zoom's daily limit is reached." if daily else "Zoom asks for a pause.",
        **_support(reply, 429),
        retry_after=wait.seconds,
        retry_at=wait.at,
        cause="daily_cap" if daily else "rate_limited",
    )


def _outage(reply: Reply, code: int, *, outcome_unknown: bool) -> Unavailable:
    wait = parse_retry_after(reply.headers.get("Retry-After", ""))
    return Unavailable(
        f"Zoom does not answer properly ({reply.status}).",
        **_support(reply, code or reply.status),
        outcome_unknown=outcome_unknown,
        retry_after=wait.seconds,
        retry_at=wait.at,
    )


def _may_have_acted(status: int) -> bool:
    """A garbled success, or an error of the edge, hides whether the call was carried out."""
    return status < 300 or status >= 500


def _next_midnight(reply: Reply) -> datetime:
    """The end of the UTC day by Zoom's own clock, where it tells the time."""
    try:
        now = parsedate_to_datetime(reply.headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        now = datetime.now(UTC)
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)


def _token_words(data: dict[str, Any]) -> tuple[int, str, str]:
    """Code, error name and reason of a token endpoint's refusal, in whichever of Zoom's shapes."""
    name = _text(data, "error")
    reason = " ".join(_text(data, key) for key in ("reason", "error_description", "errorMessage", "message"))
    code = next((number for key in ("code", "errorCode", "error_code") if (number := _number(data.get(key)))), 0)
    dead = any(each in reason for each in DEAD_REASONS)  # such a reason may quote a code or token, with any digits
    if not code and not dead and (found := CODE_IN_TEXT.search(reason)):
        code = int(found[1])
    return code, name if ERROR_NAME.fullmatch(name) else "", reason


def _support(reply: Reply, code: int) -> Support:
    return Support(code=str(code or reply.status), request_id=_request_id(reply))


def _request_id(reply: Reply) -> str:
    return request_id(reply.headers, REQUEST_ID_HEADER)


def _fields(body: dict[str, Any]) -> str:
    errors = body.get("errors")
    names = [each.get("field") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    safe = [name for name in names[:5] if isinstance(name, str) and FIELD_NAME.fullmatch(name)]
    return f", fields: {', '.join(safe)}" if safe else ""


def _number(value: Any) -> int:
    """A code as a number, whether it came as one or as digits; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return value.lower() if isinstance(value, str) else ""
