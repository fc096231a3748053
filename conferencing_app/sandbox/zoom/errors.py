"""Zoom's refusals with their true statuses and bodies (Zoom API reference; "OAuth error messages")."""

from __future__ import annotations

from typing import Any

from conferencing_app.sandbox.reply import Refusal, Reply


def api_error(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> Refusal:
    """An error of the API: `{"code": …, "message": …}`."""
    return Refusal(Reply(status, {"code": code, "message": message}, headers or {}))


def invalid(field: str, message: str) -> Refusal:
    """400 code 300 with the field that is wrong."""
    body: dict[str, Any] = {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": field, "message": message}],
    }
    return Refusal(Reply(400, body))


def token_error(status: int, error: str, reason: str) -> Refusal:
    """An error of the token endpoint: `{"reason": …, "error": …}`."""
    return Refusal(Reply(status, {"reason": reason, "error": error}, {"Cache-Control": "no-store"}))


def no_such_meeting(meeting_id: object) -> Refusal:
    """404 code 3001: never existed, was deleted, or belongs to someone else's account."""
    return api_error(404, 3001, f"Meeting does not exist: {meeting_id}.")
