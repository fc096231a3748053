"""What a site may leave out while a sandbox is used, and that it may leave out nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.checks import run_checks

from conferencing_app import conf, crypto
from conferencing_app.providers import registry
from tests import settings as settings_of_the_suite

LEFT_OUT = [conf.PREFIX + name for name in conf.WHILE_SANDBOXED]
NOTHING = {"PROVIDERS": {}, "ENCRYPTION_KEYS": [], "BASE_URL": ""}


@pytest.fixture
def bare(settings: Any, db: None) -> Any:
    """A site that sets nothing but the sandbox's address."""
    for name in LEFT_OUT:
        delattr(settings, name)
    settings.CONFERENCING_SANDBOX_URL = "http://127.0.0.1:8010/"
    settings.DEBUG = True
    return settings


def complaints() -> list[str]:
    return [str(message.id) for message in run_checks() if str(message.id).startswith("conferencing.")]


def test_a_sandbox_is_all_that_has_to_be_set(bare: Any) -> None:
    assert complaints() == []
    zoom = registry.get("zoom")
    assert zoom.oauth is not None
    address = zoom.oauth.authorization_url(redirect_uri="http://127.0.0.1:8000/", state="s", code_verifier="v" * 43)
    assert address.startswith("http://127.0.0.1:8010/zoom/oauth/authorize?")
    assert "client_id=sandbox" in address


def test_what_is_sealed_for_the_sandbox_opens_in_every_process_of_the_site_and_in_no_other_site(bare: Any) -> None:
    sealed = crypto.seal("token", "place")
    assert crypto.unseal(sealed, "place") == "token"
    first = conf.settings.ENCRYPTION_KEYS
    assert first == conf.settings.ENCRYPTION_KEYS
    bare.SECRET_KEY = "of another site"
    assert first != conf.settings.ENCRYPTION_KEYS


@pytest.mark.parametrize("name", ["DEBUG", "CONFERENCING_SANDBOX_URL"])
def test_without_debug_or_without_a_sandbox_nothing_is_made_up(bare: Any, name: str) -> None:
    setattr(bare, name, type(getattr(bare, name))())
    assert {name: getattr(conf.settings, name) for name in NOTHING} == NOTHING
    assert {"conferencing.E001", "conferencing.E003", "conferencing.W004"} <= set(complaints())


def test_where_django_turns_debug_off_for_tests_nothing_is_missing(bare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own runner runs the checks then, and ends at an error."""
    bare.DEBUG = False
    monkeypatch.setattr(settings_of_the_suite, "DEBUG", True)
    assert complaints() == []
    monkeypatch.delattr(mail, "outbox")  # no tests run
    assert set(complaints()) == {f"conferencing.{number}" for number in ("E001", "E003", "W004", "W005")}


@pytest.mark.parametrize("name", NOTHING)
def test_what_the_site_sets_to_nothing_stays_nothing(bare: Any, name: str) -> None:
    setattr(bare, conf.PREFIX + name, NOTHING[name])
    assert getattr(conf.settings, name) == NOTHING[name]


def test_a_client_that_the_site_names_is_used_with_the_sandbox_too(bare: Any) -> None:
    backend = {"BACKEND": "conferencing_app.providers.zoom.ZoomProvider", "OPTIONS": {"client_id": "mine"}}
    bare.CONFERENCING_PROVIDERS = {"zoom": backend}
    assert registry.get("zoom").options.client_id == "mine"  # type: ignore[attr-defined]  # Zoom's own
