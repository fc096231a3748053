"""The control interface, `/_control/…` in JSON: look at everything, and steer it.

It never answers with a token, a code, a client secret or a host's link.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .clock import iso_precise
from .faults import FaultError
from .state import Client, Sandbox, webhook_objection
from .zoom.control import (
    ControlError,
    change_account,
    edit_meeting,
    new_account,
    remove_meeting,
    revoke_grants,
    validate_webhook,
)
from .zoom.models import ALL_SCOPES, CLASSIC_SCOPES
from .zoom.rendering import meeting_truth

Handler = Callable[[Sandbox, Request, dict[str, Any]], Any]
CLIENT_FIELDS = frozenset(field.name for field in fields(Client))


def health(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Answers as soon as the sandbox does."""
    return {"status": "ok", "providers": ["zoom"]}


def state(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """An overview of everything."""
    log = sandbox.log
    meetings = sandbox.zoom.meetings.values()
    return {
        "now": iso_precise(sandbox.clock.timestamp()),
        "options": _options(sandbox),
        "clients": [client.as_dict() for client in sandbox.clients.values()],
        "accounts": _accounts(sandbox),
        "grants": [grant.as_dict() for grant in sandbox.zoom.grants.values()],
        "faults": [fault.as_dict() for fault in sandbox.faults.faults],
        "meetings": {"total": len(meetings), "live": sum(meeting.deleted is None for meeting in meetings)},
        "requests": {
            "total": log.sequence,
            "in_flight": log.in_flight,
            "peak_in_flight": log.peak_in_flight,
            "peak_in_flight_by_account": dict(log.account_peak),
        },
    }


def list_meetings(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Every meeting ever made, live and deleted, in the order of creation; `?live=1` the live ones only."""
    truths = [meeting_truth(meeting) for meeting in sandbox.zoom.meetings.values()]
    if request.query_params.get("live") in ("1", "true"):
        truths = [truth for truth in truths if truth["live"]]
    return {"meetings": truths}


def list_requests(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The log in order of arrival; `?operation=`, `?account=`, `?since=` (a sequence number, excluded)."""
    operation = request.query_params.get("operation")
    account = request.query_params.get("account")
    since = _integer(request.query_params.get("since", "0"), "since")
    entries = [
        entry.as_dict()
        for entry in sandbox.log.entries
        if entry.sequence > since
        and (operation is None or entry.operation == operation)
        and (account is None or entry.account == account)
    ]
    return {"requests": entries, "last_sequence": sandbox.log.sequence}


def outbox(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The webhooks that the providers have sent, or would have sent to an application with an address for them."""
    return {"outbox": [message.as_dict() for message in sandbox.outbox.messages]}


def send_again(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Deliver a message once more, newly signed, as after an answer that was lost."""
    number = _integer(request.path_params["sequence"], "sequence")
    message = next((each for each in sandbox.outbox.messages if each.sequence == number and each.url), None)
    if message is None:
        raise ControlError("There is no such message that was sent.", 404)
    sandbox.outbox.deliver(message)
    return message.as_dict()


def validate(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """`{"client_id": …}`: the provider asks the client's webhook address whether it is the client's."""
    return {"sequence": validate_webhook(sandbox, data)}


def read_clock(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The sandbox's time."""
    return {"now": iso_precise(sandbox.clock.timestamp()), "offset_seconds": sandbox.clock.offset_seconds}


def move_clock(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """`{"advance_seconds": n}` or `{"to": "next_utc_midnight"}`."""
    if data == {"to": "next_utc_midnight"}:
        sandbox.clock.advance_to_next_utc_midnight()
    elif set(data) == {"advance_seconds"} and type(data["advance_seconds"]) in (int, float):
        sandbox.clock.advance(data["advance_seconds"])
    else:
        raise ControlError('Send {"advance_seconds": 3600} or {"to": "next_utc_midnight"}.')
    sandbox.journal.write("clock", {"offset_seconds": sandbox.clock.offset_seconds})
    return read_clock(sandbox, request, data)


def list_faults(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The faults in force."""
    return {"faults": [fault.as_dict() for fault in sandbox.faults.faults]}


def add_fault(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Order a fault."""
    fault = sandbox.faults.add(data).as_dict()
    sandbox.journal.write("fault.added", fault)
    return fault


def clear_faults(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Take back all faults."""
    sandbox.faults.clear()
    return {"faults": []}


def remove_fault(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Take back one fault."""
    if not sandbox.faults.remove(_integer(request.path_params["fault_id"], "id")):
        raise ControlError("There is no such fault in force.", 404)
    return {"faults": [fault.as_dict() for fault in sandbox.faults.faults]}


def revoke(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """`{"account": …}`: the person removes the app in Zoom (`"client_id"` narrows it to one)."""
    return {"revoked": revoke_grants(sandbox, data)}


def list_accounts(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Every account with its policy."""
    return {"accounts": _accounts(sandbox)}


def create_account(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """`{"email": …, "display_name": …}` and any field that PATCH takes."""
    return new_account(sandbox, data).as_dict()


def patch_account(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Change an account: the fields of its JSON, `policy` in part."""
    return change_account(sandbox, request.path_params.get("email") or data.pop("email", ""), data).as_dict()


def list_clients(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The applications registered, without their secrets."""
    return {"clients": [client.as_dict() for client in sandbox.clients.values()]}


def add_client(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Register an application, or change one: redirect URIs are added, the rest is replaced."""
    unknown = sorted(set(data) - CLIENT_FIELDS)
    if unknown:
        raise ControlError(f"Unknown field {unknown[0]!r}. A client has: {', '.join(sorted(CLIENT_FIELDS))}.")
    if not isinstance(data.get("client_id"), str) or not data["client_id"]:
        raise ControlError("client_id is missing.")
    if data.get("provider", "zoom") != "zoom":
        raise ControlError("provider must be zoom.")
    client = sandbox.clients.get(("zoom", data["client_id"]))
    if client is None:
        client = Client(data["client_id"], str(data.get("client_secret", "")))
        sandbox.clients["zoom", client.client_id] = client
    _update_client(client, data)
    return client.as_dict()


def _update_client(client: Client, data: dict[str, Any]) -> None:
    unknown = set(data.get("scopes", ())) - {*ALL_SCOPES, *CLASSIC_SCOPES}
    if data.get("webhook_url") and (objection := webhook_objection(str(data["webhook_url"]))):
        raise ControlError(objection)
    if unknown:
        raise ControlError(f"Unknown scopes: {', '.join(sorted(unknown))}.")
    for uri in data.get("redirect_uris", ()):
        if uri not in client.redirect_uris:
            client.redirect_uris.append(uri)
    client.client_secret = str(data.get("client_secret", client.client_secret))
    client.scopes = list(data.get("scopes", client.scopes))
    for name in ("webhook_url", "webhook_secret_token"):
        setattr(client, name, str(data.get(name, getattr(client, name))))
    client.allow_plain_pkce = bool(data.get("allow_plain_pkce", client.allow_plain_pkce))


def patch_meeting(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The host edits a meeting by hand: the fields of Zoom's PATCH."""
    return edit_meeting(sandbox, request.path_params["meeting_id"], data)


def delete_meeting(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The host deletes a meeting by hand."""
    return remove_meeting(sandbox, request.path_params["meeting_id"])


def read_options(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """The switches."""
    return _options(sandbox)


def change_options(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Set some switches."""
    sandbox.options.change(data)
    return _options(sandbox)


def reset(sandbox: Sandbox, request: Request, data: dict[str, Any]) -> Any:
    """Return to the state at start."""
    sandbox.reset()
    return {"status": "ok"}


def _options(sandbox: Sandbox) -> dict[str, Any]:
    return {option.name: getattr(sandbox.options, option.name) for option in fields(sandbox.options)}


def _accounts(sandbox: Sandbox) -> list[dict[str, Any]]:
    today = sandbox.clock.now().date().isoformat()
    usage = sandbox.zoom.usage
    return [
        {**account.as_dict(), "writes_today": usage[email].writes if usage[email].day == today else 0}
        for email, account in sandbox.zoom.accounts.items()
    ]


def _integer(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ControlError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _route(method: str, path: str, handler: Handler) -> Route:
    async def handle(request: Request) -> Response:
        body = await request.body()
        try:
            data = json.loads(body) if body else {}
            if not isinstance(data, dict):
                raise ControlError("Send a JSON object.")
            return JSONResponse(handler(request.app.state.sandbox, request, data))
        except ControlError as error:
            return JSONResponse({"error": str(error)}, error.status)
        except (FaultError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return Route(f"/_control/{path}", handle, methods=[method])


CONTROL_ROUTES = [
    _route("GET", "health", health),
    _route("GET", "state", state),
    _route("GET", "meetings", list_meetings),
    _route("PATCH", "meetings/{meeting_id}", patch_meeting),
    _route("DELETE", "meetings/{meeting_id}", delete_meeting),
    _route("GET", "requests", list_requests),
    _route("GET", "outbox", outbox),
    _route("POST", "outbox/{sequence}/resend", send_again),
    _route("POST", "webhooks/validate", validate),
    _route("GET", "clock", read_clock),
    _route("POST", "clock", move_clock),
    _route("GET", "faults", list_faults),
    _route("POST", "faults", add_fault),
    _route("DELETE", "faults", clear_faults),
    _route("DELETE", "faults/{fault_id}", remove_fault),
    _route("POST", "grants/revoke", revoke),
    _route("GET", "accounts", list_accounts),
    _route("POST", "accounts", create_account),
    _route("PATCH", "accounts", patch_account),
    _route("PATCH", "accounts/{email}", patch_account),
    _route("GET", "clients", list_clients),
    _route("POST", "clients", add_client),
    _route("GET", "options", read_options),
    _route("POST", "options", change_options),
    _route("POST", "reset", reset),
]
