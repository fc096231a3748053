"""What a stranger learns about a person: nothing. What the site learns: what it has to."""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import UserManager
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.views.debug import ExceptionReporter

from conferencing_app import clock, limits, mails
from conferencing_app.doctor import rows
from conferencing_app.models import Mail, Verification
from conferencing_app.services import verification
from conferencing_app.signals import conferencing_contact_address_missing
from conferencing_app.testing import drain
from tests.integration.pages.rows import make_user

from .conftest import Scene, read_mails

FULL = bool(os.environ.get("PROMISES_FULL"))
TIMES = 200 if FULL else 10
# These tell the time, or where to, which is compared without what is random in it.
CLOCKED = {"Location", "Expires", "Retry-After"}
CHANGING = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|/requests/[\w-]+/|/requests/[\w-]+')


def without_address() -> Any:
    user = make_user("nobody")
    user.email = ""
    user.save()
    return user


def told(response: Any) -> tuple[Any, ...]:
    """All that a browser is told; but for what is random in it."""
    headers = {name: value for name, value in response.headers.items() if name not in CLOCKED}
    cookies = {name: {**morsel} for name, morsel in response.cookies.items()}
    for morsel in cookies.values():
        morsel.pop("expires")
    location = CHANGING.sub("", response.headers.get("Location", ""))
    return response.status_code, headers, location, cookies, CHANGING.sub("", response.content.decode())


@pytest.mark.django_db
def test_whether_there_is_an_address_nobody_learns(scene: Scene) -> None:
    """Each step of somebody who has only the link, before and after the workers had their turn."""
    seen = []
    for user in (scene.alice, without_address()):
        window, url = scene.window(), scene.link_for(user)
        steps = [window.open(url), window.ask(url), window.open(url), window.type_code(url, "12345678")]
        drain()
        steps += [window.open(url), window.type_code(url, "12345678"), *(window.ask(url) for _ in range(6))]
        steps += [window.type_code(url, "12345678") for _ in range(6)]
        seen.append([told(step) for step in steps])
    for step, (known, unknown) in enumerate(zip(*seen, strict=True)):
        assert known == unknown, step
    assert {step[0] for step in seen[0]} == {200, 303, 400, 429}


@pytest.mark.django_db(transaction=True)
def test_nor_from_how_long_it_takes(scene: Scene, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
    """Taken turn by turn, so that whatever else the machine does hits both alike."""
    many = limits.Limit("many", times=10**6, seconds=3600.0)
    monkeypatch.setattr(verification, "PER_ACCOUNT", many)
    monkeypatch.setattr(verification, "PER_NETWORK", many)
    urls = [scene.link_for(user) for user in (scene.alice, without_address())]
    window = scene.window()
    seconds: list[list[float]] = [[], []]
    for number in range(2 * TIMES + 10):
        began = time.perf_counter()
        assert window.ask(urls[number % 2]).status_code == 303
        if number >= 10:
            seconds[number % 2].append(time.perf_counter() - began)
    ratio = statistics.median(seconds[0]) / statistics.median(seconds[1])
    record_property("median_with_address_to_without", round(ratio, 3))
    assert Verification.objects.count() == 2 * TIMES + 10
    if FULL:
        assert 0.9 <= ratio <= 1.1


@pytest.mark.django_db
def test_the_same_statements_are_run_for_both(scene: Scene) -> None:
    """What the time follows from, and what can be counted."""
    window, shapes = scene.window(), []
    for user in (scene.alice, without_address()):
        url = scene.link_for(user)
        window.ask(url)
        with CaptureQueriesContext(connection) as run:
            window.ask(url)
        shapes.append([re.sub(r"'[^']*'|\b\d+\b|s\d+_x\d+", "?", query["sql"]) for query in run.captured_queries])
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) < 15


@pytest.mark.django_db
def test_the_site_hears_of_a_person_without_an_address(scene: Scene) -> None:
    heard: list[Any] = []

    def listen(sender: Any, user: Any, kind: str, **_: Any) -> None:
        heard.append((sender, user, kind))

    def fail(**_: Any) -> None:
        raise RuntimeError("a receiver's own bug")

    person = without_address()
    conferencing_contact_address_missing.connect(fail)
    conferencing_contact_address_missing.connect(listen)
    try:
        scene.window().ask(scene.link_for(person))
        assert heard == [], "not in the request of a stranger"
        assert read_mails() == []
    finally:
        conferencing_contact_address_missing.disconnect(fail)
        conferencing_contact_address_missing.disconnect(listen)
    assert heard == [(type(person), person, "verify_link")]
    assert Mail.objects.get().state == "no_address"
    (found,) = list(rows.people_without_address())
    assert f"ids {person.pk}." in found.message
    person.email = "now@example.com"
    person.save()
    assert list(rows.people_without_address()) == []


# Where mails go ------------------------------------------------------------------------------------------------------


def work_address(user: Any) -> str:
    return f"{user.username}@work.example"


@pytest.mark.django_db
def test_a_person_whom_the_sites_own_manager_leaves_out_holds_up_nobody_elses_mail(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shown(UserManager):
        def get_queryset(self) -> Any:
            return super().get_queryset().exclude(username="alice")

    manager: Any = Shown()
    manager.model = model = get_user_model()
    monkeypatch.setitem(vars(model._meta), "default_manager", manager)
    for person in (scene.alice, scene.mallory):
        scene.window().ask(scene.link_for(person))
    assert {letter.to for letter in read_mails()} == {"alice@example.com", "mallory@example.com"}


@pytest.mark.django_db
def test_the_site_says_where_mails_go(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_CONTACT_ADDRESS = f"{__name__}.work_address"
    sys.modules.setdefault(__name__, sys.modules[work_address.__module__])
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    assert letter.to == "alice@work.example"
    assert window.press(letter.path).status_code == 303


@pytest.mark.django_db
def test_how_the_site_is_called(scene: Scene, settings: Any) -> None:
    settings.CONFERENCING_SITE_NAME = "Hour & <Glass>"
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    assert letter.subject == "Verify conferencing service link to Hour & <Glass>"
    assert "Hour & <Glass>" in letter.text
    assert "Hour &amp; &lt;Glass&gt;" in letter.html


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_mail_is_in_the_language_of_the_page(scene: Scene, language: str) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.client.post(f"{url.removeprefix('http://testserver')}mail/", headers={"Accept-Language": language})
    (letter,) = read_mails()
    assert ("Anfrage bestätigen" in letter.text) is (language == "de")
    assert f'<html lang="{language}">' in letter.html


class Failing(EmailBackend):
    """A mail server that is away."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("no server at mail.example for alice@example.com")


@pytest.mark.django_db
def test_a_mail_that_can_not_be_sent_is_tried_again_for_as_long_as_it_is_of_use(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    working = settings.EMAIL_BACKEND
    monkeypatch.setattr(mail, "get_connection", lambda *args, **kwargs: Failing())
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    assert read_mails() == []
    waiting = Mail.objects.get()
    assert (waiting.state, waiting.attempts, waiting.error) == ("pending", 1, "ConnectionRefusedError")
    assert "alice@example.com" not in caplog.text
    monkeypatch.undo()
    settings.EMAIL_BACKEND = working
    with clock.travel(timedelta(seconds=10)):
        (letter,) = read_mails()
    assert window.press(letter.path).status_code == 303


class Dying(EmailBackend):
    """A worker that is killed when the mail has gone and nothing is written down yet."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise SystemExit


@pytest.mark.django_db
def test_a_worker_that_dies_when_the_mail_has_gone_has_it_sent_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    with monkeypatch.context() as patched:
        patched.setattr(mail, "get_connection", lambda *args, **kwargs: Dying())
        with pytest.raises(SystemExit):
            drain()
    assert (Mail.objects.get().state, len(mail.outbox)) == ("pending", 1)
    with clock.travel(timedelta(seconds=61)):  # when the lease is over
        first, second = read_mails()
    assert (first.text, first.html) == (second.text, second.html)
    assert window.press(second.path).status_code == 303


@pytest.mark.django_db
def test_a_mail_that_is_of_no_use_any_more_is_not_sent(scene: Scene) -> None:
    scene.window().ask(scene.link_for(scene.alice))
    with clock.travel(timedelta(seconds=3601)):
        assert read_mails() == []
    lapsed = Mail.objects.get()
    assert (lapsed.state, bool(lapsed.secrets), lapsed.due_at) == ("expired", False, None)


@pytest.mark.django_db
def test_without_a_key_no_mail_is_promised(scene: Scene, settings: Any) -> None:
    url = scene.link_for(scene.alice)
    settings.CONFERENCING_ENCRYPTION_KEYS = []
    response = scene.window().ask(url)
    assert (response.status_code, Mail.objects.count(), Verification.objects.count()) == (503, 0, 0)


# What stays unsaid ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_neither_a_log_nor_an_error_report_holds_the_mails_address(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    window, url = scene.window(), scene.link_for(scene.alice)
    window.ask(url)
    (letter,) = read_mails()
    token = letter.path.split("/")[-2]
    reports: list[str] = []

    def fall_over(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug")

    def keep_report(*, request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    settings.DEBUG = False
    with caplog.at_level("DEBUG"):
        window.type_code(url, "wrong")
        window.press(letter.path)
        window.press(letter.path)  # used by now: Django logs the answers that are errors
        monkeypatch.setattr("conferencing_app.views.verification.services.confirm", fall_over)
        got_request_exception.connect(keep_report)
        broken = Client(raise_request_exception=False)
        try:
            response = broken.post(letter.path, REQUEST_URI=letter.path, RAW_URI=letter.path)
        finally:
            got_request_exception.disconnect(keep_report)
    assert response.status_code == 500
    assert len(reports) == 2
    assert all("RuntimeError" in report for report in reports)
    assert "Bad Request: /conferencing/verify/hidden/" in caplog.text
    assert "Bad Request: /conferencing/requests/hidden/code/" in caplog.text
    secrets = (token, url.split("/")[-2], letter.code)
    assert [text for text in (*reports, caplog.text) for secret in secrets if secret in text] == []


@pytest.mark.django_db(transaction=True)
def test_a_site_without_a_name_of_its_own_has_that_of_the_current_site(settings: Any) -> None:
    settings.SITE_ID = 1
    assert mails.site_name() == "testserver", "an id alone means nothing"
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "django.contrib.sites"]):
        site = apps.get_app_config("sites").get_model("Site")
        with connection.schema_editor() as editor:
            editor.create_model(site)
        try:
            assert mails.site_name() == "testserver"
            site._default_manager.create(pk=1, domain="hourglass.example", name="Hourglass")
            assert mails.site_name() == "Hourglass"
            del settings.SITE_ID
            assert mails.site_name() == "testserver", "the current site is that of the host, and has no name yet"
            site._default_manager.create(pk=2, domain="testserver", name="Sundial")
            assert mails.site_name() == "Sundial"
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(site)
            admin.site.unregister(site)  # which the app's start has registered, in the registry of all tests
