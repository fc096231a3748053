"""Two people with a browser each, a link made for one of them, and the mails."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client

from conferencing_app.models import ConferencingProfile, Grant
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import linking
from conferencing_app.testing import drain
from tests.integration.pages.rows import make_user

BACK = "https://app.example/linked?state=42"
APPLICATION = linking.Application("Wren Scheduler", "/static/wren.png")
URL_IN_MAIL = re.compile(r"^http://testserver(/conferencing/verify/\S+/)$", re.MULTILINE)
CODE_IN_MAIL = re.compile(r"^ +(\d{8})$", re.MULTILINE)


@dataclass
class Letter:
    """A mail as it was read."""

    to: str
    subject: str
    text: str
    html: str

    @property
    def path(self) -> str:
        return self._only(URL_IN_MAIL)

    @property
    def code(self) -> str:
        return self._only(CODE_IN_MAIL)

    def _only(self, pattern: re.Pattern[str]) -> str:
        (found,) = pattern.findall(self.text)
        return str(found)


def read_mails() -> list[Letter]:
    """What has been sent since the last look, after the workers had their turn."""
    drain()
    letters = []
    for message in mail.outbox:
        assert isinstance(message.body, str)
        html = message.alternatives[0].content  # type: ignore[attr-defined]  # each mail of the app has both parts
        letters.append(Letter(message.to[0], str(message.subject), message.body, html))
    mail.outbox.clear()
    return letters


@dataclass
class Window:
    """A browser, and the account at Zoom that its person uses."""

    sandbox: SandboxControl
    account: str
    client: Client = field(default_factory=Client)

    def open(self, url: str) -> Any:
        return self.client.get(urlsplit(url).path)

    def ask(self, url: str) -> Any:
        """Press “Send the mail”."""
        return self.client.post(f"{urlsplit(url).path}mail/")

    def type_code(self, url: str, code: str) -> Any:
        return self.client.post(f"{urlsplit(url).path}code/", {"code": code})

    def press(self, path: str) -> Any:
        """Press “Verify this request” on the page of a mail."""
        return self.client.post(path)

    def choose(self, page: str, provider: str = "zoom") -> Any:
        """Press “Link Zoom” on the page of the request."""
        return self.client.post(f"{page}link/{provider}/")

    def consent(self, response: Any, **answer: Any) -> str:
        """Answer Zoom's consent page; the path of the callback, with its query."""
        assert response.status_code == 303, response.content
        back = urlsplit(self.sandbox.approve(response.headers["Location"], self.account, **answer))
        return f"{back.path}?{back.query}"

    def arrive(self, path: str) -> Any:
        return self.client.get(path)

    def link(self, page: str) -> Any:
        """The whole way from the page of the request."""
        return self.arrive(self.consent(self.choose(page)))


@dataclass
class Scene:
    sandbox: SandboxControl
    alice: Any
    mallory: Any

    def window(self, person: Any = None, account: str = "alice.zoom@example.com") -> Window:
        """A fresh browser, signed in as this person or as nobody."""
        opened = Window(self.sandbox, account)
        if person is not None:
            opened.client.force_login(person)
        return opened

    def link_for(self, person: Any, **options: Any) -> str:
        return linking.request_link(person, BACK, application=APPLICATION, **options)

    def untouched(self) -> bool:
        """The sandbox was asked for no token, and nothing is linked."""
        asked = self.sandbox.requests("token.code")
        return not (asked or ConferencingProfile.objects.exists() or Grant.objects.exists())


@pytest.fixture
def scene(conferencing_sandbox: SandboxControl, db: None) -> Scene:
    conferencing_sandbox.create_account("mallory.zoom@example.com", display_name="Mallory")
    return Scene(conferencing_sandbox, make_user("alice"), make_user("mallory"))
