"""A small HTTP client of the sandbox's Zoom, as an application would write it, without any of the product's code."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from conferencing_app.sandbox.client import SandboxControl

CLIENT_ID = "client-id"
CLIENT_SECRET = "client-secret"
OUR_CREDENTIALS = (CLIENT_ID, CLIENT_SECRET)
CALLBACK = "http://127.0.0.1:9/callback?kept=1"
ALICE = "alice.zoom@example.com"
BOB = "bob.zoom@example.com"
TIMEOUT = 10


def local_session() -> requests.Session:
    """A session that no proxy of the environment gets in the way of."""
    session = requests.Session()
    session.trust_env = False
    return session


class ZoomApp:
    """An application registered with Zoom: sends people to consent, exchanges codes, refreshes, revokes."""

    def __init__(self, control: SandboxControl) -> None:
        self.control = control
        self.session = local_session()

    def authorization_url(self, **changes: str | None) -> str:
        query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "state": "s-1", **changes}
        given = {name: value for name, value in query.items() if value is not None}
        return f"{self.control.url}/zoom/oauth/authorize?{urlencode(given)}"

    def code(self, account: str = ALICE, untick: tuple[str, ...] = (), **changes: str | None) -> str:
        location = self.control.approve(self.authorization_url(**changes), account, untick=untick)
        return answer(location)["code"]

    def token(self, form: dict[str, str], auth: tuple[str, str] | None = OUR_CREDENTIALS) -> requests.Response:
        return self.session.post(f"{self.control.url}/zoom/oauth/token", data=form, auth=auth, timeout=TIMEOUT)

    def exchange(self, code: str, **form: str) -> requests.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form}
        return self.token(fields)

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def revoke(self, access_token: str, auth: tuple[str, str] = OUR_CREDENTIALS) -> requests.Response:
        form = {"token": access_token}
        return self.session.post(f"{self.control.url}/zoom/oauth/revoke", data=form, auth=auth, timeout=TIMEOUT)

    def link(self, account: str = ALICE, untick: tuple[str, ...] = ()) -> ZoomUser:
        reply = self.exchange(self.code(account, untick))
        assert reply.status_code == 200, reply.text
        return ZoomUser(self.control, reply.json())


class ZoomUser:
    """API calls with one person's token."""

    def __init__(self, control: SandboxControl, tokens: dict[str, Any]) -> None:
        self.control = control
        self.tokens = tokens
        self.session = local_session()
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def call(self, method: str, path: str, data: Any = None, **query: Any) -> requests.Response:
        address = f"{self.control.url}/zoom/v2{path}"
        return self.session.request(method, address, json=data, params=query, timeout=TIMEOUT)

    def create(self, **fields: Any) -> requests.Response:
        return self.call("POST", "/users/me/meetings", fields)

    def created(self, **fields: Any) -> dict[str, Any]:
        reply = self.create(**fields)
        assert reply.status_code == 201, reply.text
        body: dict[str, Any] = reply.json()
        return body

    def get(self, meeting_id: object) -> requests.Response:
        return self.call("GET", f"/meetings/{meeting_id}")

    def update(self, meeting_id: object, **fields: Any) -> requests.Response:
        return self.call("PATCH", f"/meetings/{meeting_id}", fields)

    def delete(self, meeting_id: object) -> requests.Response:
        return self.call("DELETE", f"/meetings/{meeting_id}")

    def list(self, **query: Any) -> requests.Response:
        return self.call("GET", "/users/me/meetings", **query)


def answer(location: str) -> dict[str, str]:
    """The query with which the browser comes back."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def pkce() -> tuple[str, str]:
    """A verifier and its S256 challenge."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).decode().rstrip("=")
