"""A site beside its sandbox: what goes wrong there is ordered, and what each surface then says is read off."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.causes import CAUSES
from conferencing_app.models import Conference, ConferencingProfile, Grant
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import LinkProfile, Told, drain
from tests.hosts.models import Lesson
from tests.integration.pages.rows import make_user
from tests.scripted import ScriptedServer

SURFACES = ("page", "admin", "signal", "webhook", "wire", "log")


@dataclass
class World:
    """The site, its sandbox, who listens to it, and what they have heard."""

    sandbox: SandboxControl
    link_profile: LinkProfile
    url: str
    settings: Any
    receiver: ScriptedServer
    signals: list[Told]
    log: pytest.LogCaptureFixture
    cases: list[Case] = field(default_factory=list)

    def case(self) -> Case:
        """A person of their own, with an account of their own at the provider, for each case."""
        number = len(self.cases)
        account = f"person{number}.zoom@example.com"
        self.sandbox.create_account(account)
        self.cases.append(Case(self, make_user(f"person{number}"), account))
        return self.cases[-1]


@dataclass
class Case:
    """One person, whose event is to fail."""

    world: World
    person: Any
    account: str

    @property
    def sandbox(self) -> SandboxControl:
        return self.world.sandbox

    def link(self) -> ConferencingProfile:
        return self.world.link_profile(self.person, self.account)

    def link_with_an_old_token(self) -> ConferencingProfile:
        """Before the next call it is refreshed."""
        profile = self.link()
        Grant.objects.filter(profile=profile).update(expires_at=clock.now())
        return profile

    def save(self, **values: Any) -> Lesson:
        """A lesson of tomorrow, whose news are posted to the receiver."""
        start = (clock.read("default") + timedelta(days=1)).replace(microsecond=0)
        interactions = [{"type": "conferencing_assigned"}, {"type": "conferencing_failing"}]
        subscription = {"type": "webhook", "uri": self.world.receiver.url, "interactions": interactions}
        times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
        told = {"conferencing_subscriptions": [subscription]}
        return Lesson.objects.create(owner=self.person, title="Scales", **{**times, **told, **values})

    def save_and_drain(self, **values: Any) -> Lesson:
        lesson = self.save(**values)
        drain()
        return lesson

    # What each surface says: the codes of the causes that it tells, in alphabetical order -------------------------

    def reported(self) -> dict[str, list[str]]:
        lesson = Lesson.objects.get(owner=self.person)
        conference: Any = lesson.conferencing
        return {
            "page": self._on_page(conference),
            "admin": self._in_admin(conference),
            "signal": [told.cause for told in self._signals(lesson)[-1:]],
            "webhook": [body["data"]["cause"] for body in self._posts(lesson)[-1:]],
            "wire": [cause for cause in [(conference.as_dict() or {}).get("cause")] if cause],
            "log": self._in_log(conference)[-1:],
        }

    def subtypes(self) -> set[str | None]:
        """The last failure's, by signal and in both places of a webhook's body."""
        lesson = Lesson.objects.get(owner=self.person)
        body = self._posts(lesson)[-1]
        return {self._signals(lesson)[-1].subtype, body["notification"]["interactions"][0].get("subtype")}

    def _on_page(self, conference: Conference) -> list[str]:
        text = get(self.person, reverse("conferencing:conference", args=[conference.public_id]))
        return told_in(text.partition('id="conferencing-history"')[0])

    def _in_admin(self, conference: Conference) -> list[str]:
        staff = get_user_model().objects.filter(is_superuser=True).first()
        staff = staff or make_user("root", is_staff=True, is_superuser=True)
        text = get(staff, reverse("admin:conferencing_app_conference_change", args=[conference.pk]))
        return told_in(text.partition("conferencing-related")[0])

    def _signals(self, lesson: Lesson) -> list[Told]:
        return [told for told in self.world.signals if told.event == lesson and told.type == "conferencing_failing"]

    def _posts(self, lesson: Lesson) -> list[dict[str, Any]]:
        bodies = [json.loads(request.body) for request in self.world.receiver.requests]
        return [
            body
            for body in bodies
            if body["event"]["event_id"] == str(lesson.pk) and body["type"] == "conferencing_failing"
        ]

    def _in_log(self, conference: Conference) -> list[str]:
        begins = f"Conference {conference.public_id} is failing: "
        lines = [record.getMessage() for record in self.world.log.records]
        return [line.removeprefix(begins).rstrip(".") for line in lines if line.startswith(begins)]


def get(user: Any, url: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(html.unescape(response.content.decode()).split())


def told_in(text: str) -> list[str]:
    """Whose sentence stands in a page's text."""
    return sorted(
        code
        for code, cause in CAUSES.items()
        if any(str(cause.told_of(provider).sentence) in text for provider in ("Zoom", ""))
    )
