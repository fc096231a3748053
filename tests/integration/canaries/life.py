"""A person's life with the app: what is secret in it, and everything that is kept or shown meanwhile."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib import admin
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from conferencing_app.models import Conference, Grant, LinkAttempt, Mail, Meeting
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services.card import first_card
from conferencing_app.testing import drain
from tests.integration.pages.rows import make_user
from tests.overhearing import Everything, shapes
from tests.scripted import ScriptedServer

ZOOM = "alice.zoom@example.com"
# Who reads the mail may go on by it, and the address of a page is known to whoever looks at it.
BY_DESIGN = {"mail token": {"mails", "pages"}, "mail code": {"mails"}, "link token": {"pages"}}


@dataclass
class Life:
    """Alice, her browsers, the site; what is secret in it, by kind, and what is found where."""

    sandbox: SandboxControl
    receiver: ScriptedServer
    heard: Everything
    alice: Any
    secrets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    surfaces: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.window, self.stranger, self.fresh, self.staff = Client(), Client(), Client(), Client()
        for client in (self.window, self.stranger, self.fresh, self.staff):
            client.raise_request_exception = False
        self.window.force_login(self.alice)
        self.staff.force_login(make_user("root", is_staff=True, is_superuser=True))

    def see(self, response: Any) -> Any:
        self.surfaces["pages"].append(response.content.decode())
        return response

    def consent(self, away: Any, **how: Any) -> str:
        """Answer Zoom's page; where the browser is sent back to."""
        assert away.status_code == 303, away.content
        attempt = LinkAttempt.objects.latest("pk")
        self.secrets["verifier"].add(attempt.code_verifier.open(attempt.place("code_verifier")))
        said = len(self.heard.lines)
        back = urlsplit(self.sandbox.approve(away.headers["Location"], ZOOM, **how))
        del self.heard.lines[said:]  # that was the browser
        query = parse_qs(back.query)
        self.secrets["state"].add(query["state"][0])
        self.secrets["code"].update(query.get("code", []))
        return f"{back.path}?{back.query}"

    def link(self, client: Client, page: str, fault: str = "") -> Any:
        """From a page with the button of a provider to where the callback leads."""
        away = client.post(f"{page}link/zoom/")
        self.secrets["browser"].add(client.cookies["conferencing_link_secret"].value)
        back = self.consent(away)
        if fault:
            self.sandbox.add_fault("token.code", fault, times=1)
        response = self.see(client.get(back))
        self.keep_tokens()
        return response

    def work(self) -> None:
        """The workers have their turn; what they were given is kept, and what is in their mails."""
        self.keep_mail_secrets()
        drain()
        self.keep_tokens()
        for meeting in Meeting.objects.exclude(host_url=""):
            self.secrets["host link"].add(meeting.host_url.open(meeting.place("host_url")))
        self.surfaces["mails"] += [str(message.message()) for message in mail.outbox]
        self.surfaces["mails"] += [str(message.body) for message in mail.outbox]
        mail.outbox.clear()

    def keep_mail_secrets(self) -> None:
        for letter in Mail.objects.exclude(secrets=""):
            told = json.loads(letter.secrets.open(letter.place("secrets")))
            self.secrets["mail token"].add(told["verify_url"].split("/")[-2])
            self.secrets["mail code"].add(told["code"])

    def keep_tokens(self) -> None:
        for grant in Grant.objects.select_related("profile"):
            self.secrets["access token"].add(grant.access_token.open(grant.place("access_token")))
            self.secrets["refresh token"].add(grant.refresh_token.open(grant.place("refresh_token")))

    def look_around(self) -> None:
        """Everything that is stored or shown at this moment."""
        self.surfaces["database"].append(everything_stored())
        self.see(self.window.get(reverse("conferencing:profiles")))
        for conference in Conference.objects.all():
            token = first_card(conference, self.alice, "/").token
            for client in (self.window, self.stranger):
                self.see(client.get(reverse("conferencing:card", args=[token])))
        for model in admin.site._registry:
            if model._meta.app_label == "conferencing_app":
                self._look_at_admin_of(model)

    def _look_at_admin_of(self, model: Any) -> None:
        name = f"admin:conferencing_app_{model._meta.model_name}"
        addresses = [reverse(f"{name}_changelist")]
        for row in model._default_manager.all():
            addresses += [reverse(f"{name}_change", args=[row.pk]), reverse(f"{name}_history", args=[row.pk])]
        for address in addresses:
            response = self.staff.get(address)
            assert response.status_code == 200, address
            self.surfaces["admin"].append(response.content.decode())

    def found(self) -> list[str]:
        """The kinds of secrets that stand where they should not, and where; the secrets themselves are not printed."""
        self.surfaces["logs"] = self.heard.lines
        self.surfaces["posted"] = [request.body.decode() + str(request.headers) for request in self.receiver.requests]
        return [
            f"{kind} in {surface}"
            for surface, texts in self.surfaces.items()
            for everything in ["\n".join(texts)]
            for kind, secrets in self.secrets.items()
            if surface not in BY_DESIGN.get(kind, ())
            if any(shape in everything for secret in secrets for shape in shapes(secret))
        ]


def everything_stored() -> str:
    """All that any table holds, as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return "\n".join(str(value) for value in itertools.chain.from_iterable(rows))
