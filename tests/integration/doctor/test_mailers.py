"""A site whose mails go by MAILERS, as those that Django 6.1 starts do: it has no EMAIL_ settings to look at."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.core import mail
from django.core.mail.backends.smtp import EmailBackend

from conferencing_app.checks.deployment import check_deployment
from conferencing_app.doctor.reaching import reach
from tests.integration.doctor.examining import examine, found
from tests.integration.doctor.test_doctor import closed_port

pytestmark = pytest.mark.django_db(transaction=True)
CONSOLE = "django.core.mail.backends.console.EmailBackend"


class SmtpMailers:
    """What Django has from 6.1 on, as far as these tests go."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def __getitem__(self, alias: str) -> EmailBackend:
        return EmailBackend(**self.settings.MAILERS[alias]["OPTIONS"])


@pytest.fixture
def site(unvisited: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    if django.VERSION < (6, 1):
        monkeypatch.setattr(mail, "mailers", SmtpMailers(unvisited), raising=False)
    return unvisited


def smtp(**options: Any) -> dict[str, Any]:
    return {"default": {"OPTIONS": {"host": "127.0.0.1", **options}}}


def test_a_mailer_that_sends_nothing(site: Any) -> None:
    site.MAILERS = {"default": {"BACKEND": CONSOLE}}
    assert "D015" in found()
    assert "MAILERS has Django's console backend" in examine()[0]
    assert 'MAILERS = {"default": {' in examine()[0]


def test_no_mailer_for_mails_that_name_none(site: Any) -> None:
    site.MAILERS = {"news": {"BACKEND": CONSOLE}}
    assert "MAILERS has no default" in examine()[0]


def test_a_mailer_that_may_hang(site: Any) -> None:
    site.MAILERS = smtp()
    (warning,) = [each for each in check_deployment() if each.id == "conferencing.W012"]
    assert warning.msg.startswith("MAILERS sets no timeout")
    assert warning.hint == 'MAILERS["default"]["OPTIONS"]["timeout"] = 10'
    site.MAILERS = smtp(timeout=10)
    assert "conferencing.W012" not in [each.id for each in check_deployment()]


def test_a_mailer_whose_server_is_down(site: Any) -> None:
    site.CONFERENCING_PROVIDERS = {}  # which would be asked, too
    site.MAILERS = smtp(port=closed_port(), timeout=10)
    (tried,) = [each for each in reach(10) if each.what == "mail"]
    assert tried.address == f"127.0.0.1:{site.MAILERS['default']['OPTIONS']['port']}"
    assert tried.finding is not None
    assert tried.finding.id == "conferencing.D024"
    assert tried.finding.hint.startswith("MAILERS = ")
