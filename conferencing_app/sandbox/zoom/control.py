"""What people and administrators do in Zoom itself, for the control interface."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from conferencing_app.sandbox.reply import Refusal

from . import webhooks
from .meetings import change_meeting
from .models import Account, Meeting, Policy
from .rendering import meeting_truth
from .validation import check_fields

if TYPE_CHECKING:
    from conferencing_app.sandbox.state import Sandbox

POLICY_KINDS = {field.name: type(getattr(Policy(), field.name)) for field in fields(Policy)}
ACCOUNT_KINDS: dict[str, tuple[type, ...]] = {
    "display_name": (str,),
    "type": (int,),
    "hosting": (bool,),
    "removed": (bool,),
    "timezone": (str,),
    "daily_limit": (int,),
    "qps_limit": (int, type(None)),
    "policy": (dict,),
    "licensed": (bool,),
}


class ControlError(ValueError):
    """A control request that cannot be carried out; the message says what to send."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def new_account(sandbox: Sandbox, data: dict[str, Any]) -> Account:
    """Create an account; raises ControlError when the e-mail address is missing or taken."""
    email = data.pop("email", None)
    if not isinstance(email, str) or "@" not in email:
        raise ControlError("email is missing.")
    if email in sandbox.zoom.accounts:
        raise ControlError(f"{email} exists; PATCH it.", 409)
    _check_account(data)
    sandbox.zoom.add_account(email, data.get("display_name") or email.partition("@")[0])
    return change_account(sandbox, email, data)


def change_account(sandbox: Sandbox, email: str, data: dict[str, Any]) -> Account:
    """Change licence, hosting, policy and so on; raises ControlError for an unknown account or field."""
    account = sandbox.zoom.accounts.get(email)
    if account is None:
        raise ControlError(f"No account {email!r}. There are: {', '.join(sandbox.zoom.accounts)}.", 404)
    _check_account(data)
    values = dict(data)
    for name, value in values.pop("policy", {}).items():
        setattr(account.policy, name, value)
    licensed = values.pop("licensed", None)
    if licensed is not None:
        account.type, account.hosting = (2, True) if licensed else (1, False)
    was_removed = account.removed
    for name, value in values.items():
        setattr(account, name, value)
    if account.removed and not was_removed:
        webhooks.user_deleted(sandbox, account)
    sandbox.journal.write("account.changed", {"account": email, "changes": data})
    return account


def _check_account(data: dict[str, Any]) -> None:
    for name, value in data.items():
        kinds = ACCOUNT_KINDS.get(name)
        if kinds is None:
            raise ControlError(f"Unknown field {name!r}. An account has: {', '.join(ACCOUNT_KINDS)}.")
        if type(value) not in kinds:
            raise ControlError(f"{name} is {value!r}; it must be {' or '.join(kind.__name__ for kind in kinds)}.")
    for name, value in data.get("policy", {}).items():
        if name not in POLICY_KINDS:
            raise ControlError(f"Unknown policy {name!r}. There are: {', '.join(POLICY_KINDS)}.")
        if type(value) is not POLICY_KINDS[name]:
            raise ControlError(f"policy.{name} is {value!r}; it must be {POLICY_KINDS[name].__name__}.")


def revoke_grants(sandbox: Sandbox, data: dict[str, Any]) -> int:
    """End an account's grants as its owner does in Zoom; returns how many; `app_deauthorized` goes out for each."""
    email = data.get("account")
    if email not in sandbox.zoom.accounts:
        raise ControlError(f"account is {email!r}; there are: {', '.join(sandbox.zoom.accounts)}.", 404)
    ended = 0
    for grant in list(sandbox.zoom.grants.values()):
        if grant.account.email != email or data.get("client_id") not in (None, grant.client_id) or not grant.alive:
            continue
        sandbox.zoom.end_grant(grant, "removed by the person")
        ended += 1
        webhooks.app_deauthorized(sandbox, grant)
    return ended


def edit_meeting(sandbox: Sandbox, meeting_id: str, data: dict[str, Any]) -> dict[str, Any]:
    """Change a live meeting as its host does by hand; `meeting.updated` goes out. Raises ControlError."""
    meeting = _live(sandbox, meeting_id)
    before = webhooks.editable(meeting)
    try:
        check_fields(data)
        change_meeting(sandbox.clock.timestamp(), meeting, data)
    except Refusal as refusal:
        raise ControlError(str(refusal.reply.body)) from refusal
    sandbox.zoom.touch_meeting(meeting)
    webhooks.meeting_updated(sandbox, meeting, before)
    return meeting_truth(meeting)


def remove_meeting(sandbox: Sandbox, meeting_id: str) -> dict[str, Any]:
    """Delete a live meeting as its host does by hand; `meeting.deleted` goes out. Raises ControlError."""
    meeting = _live(sandbox, meeting_id)
    sandbox.zoom.delete_meeting(meeting, by="hand")
    webhooks.meeting_deleted(sandbox, meeting)
    return meeting_truth(meeting)


def _live(sandbox: Sandbox, meeting_id: str) -> Meeting:
    number = int(meeting_id) if meeting_id.isascii() and meeting_id.isdigit() else -1
    meeting = sandbox.zoom.live_meeting(number)
    if meeting is None:
        raise ControlError(f"No live meeting {meeting_id}.", 404)
    return meeting


def validate_webhook(sandbox: Sandbox, data: dict[str, Any]) -> int:
    """Ask a client's address for the proof that Zoom wants; returns the message's number. Raises ControlError."""
    client = sandbox.clients.get(("zoom", str(data.get("client_id"))))
    if client is None or not client.webhook_url:
        raise ControlError("client_id must be a client with a webhook_url.", 404)
    return webhooks.url_validation(sandbox, client)
