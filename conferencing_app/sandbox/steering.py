"""A typed client of the control interface, on requests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urljoin

import requests

TIMEOUT_SECONDS = (5, 30)
POLL_SECONDS = 0.01
Record = dict[str, Any]


class SandboxControlError(RuntimeError):
    """The sandbox refused a control request, or a consent page showed an error; the message says why."""


class SandboxControl:
    """Steers one running sandbox. Network errors come out as they are (`requests.RequestException`)."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy set in the environment must not see loopback traffic

    def state(self) -> Record:
        """Clock, options, clients, accounts, grants, faults, counts and peaks."""
        return self._call("GET", "state")

    def meetings(self) -> list[Record]:
        """Every meeting ever made, live and deleted, in the order of creation."""
        return cast("list[Record]", self._call("GET", "meetings")["meetings"])

    def live_meetings(self) -> list[Record]:
        """The meetings that exist now."""
        return [meeting for meeting in self.meetings() if meeting["live"]]

    def edit_meeting(self, meeting_id: int, **fields: Any) -> Record:
        """The host edits a meeting by hand: the fields of Zoom's PATCH."""
        return self._call("PATCH", f"meetings/{meeting_id}", fields)

    def delete_meeting(self, meeting_id: int) -> Record:
        """The host deletes a meeting by hand."""
        return self._call("DELETE", f"meetings/{meeting_id}")

    def requests(self, operation: str | None = None, *, account: str | None = None, since: int = 0) -> list[Record]:
        """The request log in order of arrival, of one operation or all, after the sequence number `since`."""
        wanted = {"operation": operation, "account": account, "since": since or None}
        query = {name: value for name, value in wanted.items() if value is not None}
        return cast("list[Record]", self._call("GET", "requests", query=query)["requests"])

    def outbox(self) -> list[Record]:
        """The webhooks that the providers have sent, or would have sent to a client with a webhook_url."""
        return cast("list[Record]", self._call("GET", "outbox")["outbox"])

    def delivered(self) -> list[Record]:
        """The same, once all that is on its way has been answered or given up."""
        messages = self.outbox()
        while any(message["waiting"] for message in messages):
            time.sleep(POLL_SECONDS)
            messages = self.outbox()
        return [message for message in messages if message["url"]]

    def send_again(self, sequence: int) -> Record:
        """Deliver a message of the outbox once more, as providers do."""
        return self._call("POST", f"outbox/{sequence}/resend")

    def validate_webhook(self, client_id: str) -> bool:
        """Have the provider ask a client's webhook address for proof; whether one came. (Zoom does every 72 hours.)"""
        sequence = self._call("POST", "webhooks/validate", {"client_id": client_id})["sequence"]
        message = next(each for each in self.delivered() if each["sequence"] == sequence)
        return bool(message["deliveries"][-1]["accepted"])

    def now(self) -> str:
        """The sandbox's time, ISO 8601 in UTC."""
        return cast("str", self._call("GET", "clock")["now"])

    def advance(self, seconds: float) -> str:
        """Move the sandbox's clock forward; returns its new time."""
        return cast("str", self._call("POST", "clock", {"advance_seconds": seconds})["now"])

    def advance_to_next_utc_midnight(self) -> str:
        """Move the sandbox's clock to the next UTC day; returns its new time."""
        return cast("str", self._call("POST", "clock", {"to": "next_utc_midnight"})["now"])

    def faults(self) -> list[Record]:
        """The faults in force."""
        return cast("list[Record]", self._call("GET", "faults")["faults"])

    def add_fault(
        self, operation: str, action: str, *, provider: str = "zoom", times: int | None = None, **details: Any
    ) -> Record:
        """Order a fault, `times` times or for ever; `details`: status, body, headers, seconds, account."""
        fault = {"provider": provider, "operation": operation, "action": action, "times": times, **details}
        return self._call("POST", "faults", fault)

    def remove_fault(self, fault_id: int) -> None:
        """Take back one fault."""
        self._call("DELETE", f"faults/{fault_id}")

    def clear_faults(self) -> None:
        """Take back all faults."""
        self._call("DELETE", "faults")

    def revoke_grants(self, account: str, *, client_id: str | None = None) -> int:
        """The person removes the app in Zoom; returns how many grants ended."""
        return cast("int", self._call("POST", "grants/revoke", {"account": account, "client_id": client_id})["revoked"])

    def accounts(self) -> list[Record]:
        """Every account with its policy and today's count of creates and updates."""
        return cast("list[Record]", self._call("GET", "accounts")["accounts"])

    def create_account(self, email: str, **fields: Any) -> Record:
        """Make an account; `fields` as in `set_account`."""
        return self._call("POST", "accounts", {"email": email, **fields})

    def set_account(self, email: str, **fields: Any) -> Record:
        """Change an account.

        `fields`: display_name, type, licensed, hosting, removed, timezone, daily_limit, qps_limit, policy (in part).
        """
        return self._call("PATCH", "accounts", {"email": email, **fields})

    def register_client(
        self, client_id: str, client_secret: str, redirect_uris: Iterable[str] = (), **fields: Any
    ) -> Record:
        """Register an application, or add redirect URIs to it.

        `fields`: provider, scopes, allow_plain_pkce, webhook_url, webhook_secret_token ("sandbox" where not given).
        """
        client = {"client_id": client_id, "client_secret": client_secret, "redirect_uris": list(redirect_uris)}
        return self._call("POST", "clients", {"provider": "zoom", **client, **fields})

    def options(self, **values: Any) -> Record:
        """Set switches, and return all: reuse_kills_family, list_lag_seconds, latency_seconds, …"""
        return self._call("POST", "options", values)

    def reset(self) -> None:
        """Return to the state at start, faults and clients included."""
        self._call("POST", "reset")

    def approve(
        self, authorization_url: str, account: str | None = None, *, deny: bool = False, untick: Sequence[str] = ()
    ) -> str:
        """Answer the consent page as a person would; returns the address that the browser is sent to.

        Raises SandboxControlError when the page shows an error instead of a form.
        """
        page = self.session.get(authorization_url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        if page.is_redirect:
            return page.headers["Location"]
        form = _ConsentForm(page.text)
        if page.status_code != 200 or not form.action:
            raise SandboxControlError(f"The consent page answered {page.status_code}: {page.text}")
        fields = [(name, value) for name, value in form.fields if name != "account" and value not in untick]
        fields.append(("account", account or form.account))
        fields.append(("decision", "deny" if deny else "approve"))
        address = urljoin(authorization_url, form.action)
        answer = self.session.post(address, data=fields, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        if not answer.is_redirect:
            raise SandboxControlError(f"The consent page answered {answer.status_code}: {answer.text}")
        return answer.headers["Location"]

    def _call(self, method: str, path: str, data: Record | None = None, query: Record | None = None) -> Record:
        address = f"{self.url}/_control/{path}"
        response = self.session.request(method, address, json=data, params=query, timeout=TIMEOUT_SECONDS)
        if not response.ok:
            raise SandboxControlError(f"{method} {path}: {response.status_code} {response.text}")
        return cast("Record", response.json())


class _ConsentForm(HTMLParser):
    """The form of a consent page, with its fields as they stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.account = ""
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a browser would send."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values.get("action", "")
        if tag != "input" or (values.get("type") in ("radio", "checkbox") and "checked" not in values):
            return
        self.fields.append((values["name"], values.get("value", "")))
        if values["name"] == "account":
            self.account = values["value"]
