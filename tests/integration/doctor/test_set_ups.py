"""Broken set-ups: each has its own finding and no other, with a line that mends it; run with -s to see them all."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from celery import current_app
from django.utils import timezone

from conferencing_app import clock, crypto
from conferencing_app.doctor.findings import findings
from conferencing_app.doctor.reaching import reach
from conferencing_app.models import Conference, ConferencingProfile, Grant, Mail, Worker
from conferencing_app.providers.zoom import scopes
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import CLIENT_ID
from tests.certificates import self_signed_certificate, server_side
from tests.integration.doctor.examining import examine
from tests.integration.doctor.test_doctor import closed_port
from tests.integration.pages.rows import make_profile, make_user
from tests.proxies import FrontProxy
from tests.scripted import ScriptedServer, answer

pytestmark = pytest.mark.django_db(transaction=True)

ZOOM = "conferencing_app.providers.zoom.ZoomProvider"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
FORWARDED = ("HTTP_X_FORWARDED_PROTO", "https")


class Broken(NamedTuple):
    """What is done to a site in order, the one finding that it has then, and what its line holds."""

    by: Callable[[Any], Any]
    finding: str
    line: str


def set_to(**values: Any) -> Callable[[Any], None]:
    def apply(site: Any) -> None:
        for name, value in values.items():
            setattr(site.settings, name, value)

    return apply


def ids(found: list[Any]) -> list[str]:
    return sorted({finding.id.removeprefix("conferencing.") for finding in found})


# A site that people use, and what its settings and tables show ------------------------------------------------------


class Deployed(NamedTuple):
    settings: Any
    profile: ConferencingProfile
    patch: pytest.MonkeyPatch


@pytest.fixture
def site(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """With a person who has linked an account, and all that it needs."""
    profile = make_profile(make_user("alice"))
    Grant.objects.update(scopes=" ".join(scopes.NEEDED))
    return Deployed(deployed, profile, monkeypatch)


def granted(*names: str) -> Callable[[Any], Any]:
    return lambda site: Grant.objects.update(scopes=" ".join(names))


def work_is_late(site: Any) -> None:
    late = clock.now(timedelta(minutes=-6))
    Conference.objects.create(event_model="x.Y", event_key="1", created_at=late, due_at=late)


def no_worker(site: Any) -> None:
    Worker.objects.all().delete()


def no_worker_and_late(site: Any) -> None:
    work_is_late(site)
    no_worker(site)


def nobody_to_write_to(site: Any) -> None:
    person = make_user("bob")
    type(person).objects.filter(pk=person.pk).update(email="")
    now = clock.now()
    Mail.objects.create(
        user=person, kind="x", language="en", state="no_address", created_at=now, expires_at=now, due_at=None
    )


def clock_is_off(site: Any) -> None:
    """There is no other way: a test may not set this machine's clock."""
    site.patch.setattr(clock, "about_now", lambda: timezone.now() + timedelta(seconds=90))


def celery_is(**values: Any) -> Callable[[Any], None]:
    def apply(site: Any) -> None:
        for name, value in values.items():
            site.patch.setitem(current_app.conf, name, value)

    return apply


BROKEN = {
    "no key": Broken(set_to(CONFERENCING_ENCRYPTION_KEYS=[]), "E001", "CONFERENCING_ENCRYPTION_KEYS = ["),
    "an option of the provider is missing": Broken(
        set_to(CONFERENCING_PROVIDERS={"zoom": {"BACKEND": ZOOM, "OPTIONS": {"client_id": "a"}}}),
        "E002",
        "CONFERENCING_PROVIDERS = {",
    ),
    "no base URL": Broken(set_to(CONFERENCING_BASE_URL=""), "E003", "CONFERENCING_BASE_URL = "),
    "times without a zone": Broken(set_to(USE_TZ=False), "E005", "USE_TZ = True"),
    "a proxy that is none": Broken(set_to(CONFERENCING_HTTP_PROXY="proxy:3128"), "E026", "CONFERENCING_HTTP_PROXY = "),
    "a retention of no table": Broken(
        set_to(CONFERENCING_RETENTION={"atempts": 3}), "E027", "CONFERENCING_RETENTION = {"
    ),
    "a misspelt setting": Broken(set_to(CONFERENCING_BASE_ULR="x"), "W001", "CONFERENCING_BASE_URL"),
    "the sandbox's address is left in": Broken(
        set_to(CONFERENCING_SANDBOX_URL="http://127.0.0.1:8010"), "W005", 'CONFERENCING_SANDBOX_URL = ""'
    ),
    "a base URL without TLS": Broken(
        set_to(CONFERENCING_BASE_URL="http://example.com"), "W010", 'CONFERENCING_BASE_URL = "https://example.com"'
    ),
    "a lease shorter than a call": Broken(
        set_to(CONFERENCING_LEASE_SECONDS=5.0), "W011", "CONFERENCING_LEASE_SECONDS = "
    ),
    "a mail server that may hang": Broken(set_to(EMAIL_BACKEND=SMTP), "W012", "EMAIL_TIMEOUT = 10"),
    "tasks run eagerly": Broken(celery_is(task_always_eager=True), "W020", "CELERY_TASK_ALWAYS_EAGER = False"),
    "no pages": Broken(set_to(ROOT_URLCONF="tests.integration.doctor.no_pages"), "D001", "conferencing_app.urls"),
    "no page to sign in": Broken(set_to(LOGIN_URL="/accounts/login/"), "D002", "LOGIN_URL = "),
    "a key that is gone": Broken(
        lambda site: set_to(CONFERENCING_ENCRYPTION_KEYS=[crypto.new_key()])(site), "D005", "Put that key back"
    ),
    "workers that do not keep up": Broken(work_is_late, "D006", "Start more workers"),
    "people without an address": Broken(nobody_to_write_to, "D007", "CONFERENCING_CONTACT_ADDRESS = "),
    "no worker": Broken(no_worker, "D008", "manage.py conferencing_worker"),
    "no worker, and work waits": Broken(no_worker_and_late, "D008", "manage.py conferencing_worker"),
    "a Celery app that is not imported": Broken(
        set_to(CELERY_BROKER_URL="redis://127.0.0.1:6379/0"), "D009", "import app as celery_app"
    ),
    "a host that is not allowed": Broken(
        set_to(ALLOWED_HOSTS=["www.example.com"]), "D010", "ALLOWED_HOSTS = ['example.com']"
    ),
    "a proxy's header in another spelling": Broken(
        set_to(SECURE_PROXY_SSL_HEADER=("X-Forwarded-Proto", "https")), "D011", "HTTP_X_FORWARDED_PROTO"
    ),
    "a clock that is off": Broken(clock_is_off, "D012", "timedatectl"),
    "a scope that is missing": Broken(granted("user:read", "meeting:write"), "D013", "meeting:read:list_meetings"),
    "an app for administrators": Broken(
        granted(*(f"{scope}:admin" for scope in scopes.NEEDED)), "D014", "user-managed"
    ),
    "mails that go to the console": Broken(
        set_to(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend"), "D015", "EMAIL_BACKEND = "
    ),
    "Django's example as sender": Broken(
        set_to(DEFAULT_FROM_EMAIL="webmaster@localhost"), "D016", "DEFAULT_FROM_EMAIL = "
    ),
    "a base URL inside the network": Broken(
        set_to(CONFERENCING_BASE_URL="https://10.0.0.5"), "D017", "CONFERENCING_BASE_URL = "
    ),
    "accounts of a provider that is gone": Broken(
        lambda site: ConferencingProfile.objects.update(provider="webex"), "D018", "CONFERENCING_PROVIDERS = {'webex'"
    ),
    "nobody who reads what administrators must cure": Broken(set_to(ADMINS=[]), "D019", "CONFERENCING_ADMINS = ["),
}


def test_a_site_in_order_has_no_finding(site: Deployed) -> None:
    assert ids(findings()) == []


@pytest.mark.parametrize("addresses", [[], ["ops@example.com"]])
def test_a_site_that_says_who_its_administrators_are_has_decided(site: Deployed, addresses: list[str]) -> None:
    set_to(ADMINS=[], CONFERENCING_ADMINS=addresses)(site)
    assert ids(findings()) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_set_up_has_its_own_finding_and_no_other(site: Deployed, name: str) -> None:
    broken = BROKEN[name]
    broken.by(site)
    found = findings()
    print(f"{name:40} {found[0].id if found else '–':20} {found[0].hint if found else ''}")
    assert ids(found) == [broken.finding]
    assert broken.line in found[0].hint


# What only a look at others shows -----------------------------------------------------------------------------------


class Reachable(NamedTuple):
    settings: Any
    sandbox: SandboxControl
    patch: pytest.MonkeyPatch
    stack: ExitStack
    behind: tuple[str, int]
    tls: ssl.SSLContext

    def put_behind(self, **headers: str) -> None:
        """Let the site be reached over TLS, through a proxy that sets these headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        front = self.stack.enter_context(FrontProxy(self.behind, self.tls, named))
        self.settings.CONFERENCING_BASE_URL = f"https://localhost:{front.port}"


@pytest.fixture
def reachable(
    deployed: Any,
    conferencing_sandbox: SandboxControl,
    live_server: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Reachable]:
    """A site behind a proxy that speaks TLS for it, with a sandbox that knows its client."""
    certificate = self_signed_certificate(tmp_path, "localhost")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    deployed.SECURE_PROXY_SSL_HEADER = FORWARDED
    behind = (live_server.thread.host, live_server.thread.port)
    with ExitStack() as stack:
        site = Reachable(deployed, conferencing_sandbox, monkeypatch, stack, behind, server_side(certificate))
        site.put_behind(X_Forwarded_Proto="https")
        yield site


def nothing_listens(site: Reachable) -> None:
    site.settings.CONFERENCING_BASE_URL = f"http://127.0.0.1:{closed_port()}"


def somebody_else_answers(site: Reachable) -> None:
    other = site.stack.enter_context(ScriptedServer(answer(200, {"welcome": "elsewhere"})))
    site.settings.CONFERENCING_BASE_URL = other.url


def proxy_hides_https(site: Reachable) -> None:
    site.settings.SECURE_PROXY_SSL_HEADER = None


def proxy_hides_https_from_a_site_that_insists(site: Reachable) -> None:
    proxy_hides_https(site)
    site.settings.SECURE_SSL_REDIRECT = True


def proxy_hides_the_host(site: Reachable) -> None:
    site.put_behind(X_Forwarded_Proto="https", Host="inside.example")


def proxy_hides_the_host_and_it_is_not_allowed(site: Reachable) -> None:
    proxy_hides_the_host(site)
    site.settings.ALLOWED_HOSTS = ["localhost"]


def broker_is_down(site: Reachable) -> None:
    url = f"redis://127.0.0.1:{closed_port()}/0"
    celery_is(broker_url=url, broker_write_url=url)(site)


def mail_server_is_down(site: Reachable) -> None:
    set_to(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=closed_port(), EMAIL_TIMEOUT=2)(site)


def secret_is_wrong(site: Reachable) -> None:
    options = {"client_id": CLIENT_ID, "client_secret": "the one before"}
    site.settings.CONFERENCING_PROVIDERS = {"zoom": {"BACKEND": ZOOM, "OPTIONS": options}}


def provider_is_out_of_reach(site: Reachable) -> None:
    site.settings.CONFERENCING_SANDBOX_URL = f"http://127.0.0.1:{closed_port()}"


def providers_clock_differs(site: Reachable) -> None:
    """A provider that answers as it should, an hour ago."""
    date = (timezone.now() - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    reply = answer(400, {"reason": "Invalid Token!", "error": "invalid_grant"}, headers={"Date": date})
    url = site.stack.enter_context(ScriptedServer(reply)).url
    options = {"client_id": "a", "client_secret": "b", "token_url": url, "api_url": url}
    site.settings.CONFERENCING_PROVIDERS = {"zoom": {"BACKEND": ZOOM, "OPTIONS": options}}
    site.settings.CONFERENCING_SANDBOX_URL = ""


UNREACHED = {
    "the broker is down": Broken(broker_is_down, "D020", "CELERY_BROKER_URL = "),
    "the provider is out of reach": Broken(provider_is_out_of_reach, "D021", "conferencing_sandbox"),
    "the client's secret is wrong": Broken(secret_is_wrong, "D022", "CONFERENCING_PROVIDERS"),
    "the provider's clock differs": Broken(providers_clock_differs, "D023", "timedatectl"),
    "the mail server is down": Broken(mail_server_is_down, "D024", "EMAIL_HOST = "),
    "the site is not there": Broken(nothing_listens, "D025", "CONFERENCING_BASE_URL = "),
    "another site is there": Broken(somebody_else_answers, "D025", "CONFERENCING_BASE_URL = "),
    "a proxy hides https": Broken(proxy_hides_https, "D026", "SECURE_PROXY_SSL_HEADER = "),
    "a proxy hides https, and the site insists": Broken(
        proxy_hides_https_from_a_site_that_insists, "D026", "SECURE_PROXY_SSL_HEADER = "
    ),
    "a proxy hides the host": Broken(proxy_hides_the_host, "D027", "USE_X_FORWARDED_HOST = True"),
    "a proxy hides the host, which is refused": Broken(
        proxy_hides_the_host_and_it_is_not_allowed, "D027", "USE_X_FORWARDED_HOST = True"
    ),
}


def all_findings() -> list[Any]:
    return [*findings(), *(each.finding for each in reach(10) if each.finding)]


def test_a_site_whose_others_all_answer_has_no_finding(reachable: Reachable) -> None:
    assert ids(all_findings()) == []
    said, error = examine("--connect")
    assert "All is in order." in said
    assert error == ""


@pytest.mark.parametrize("name", UNREACHED)
def test_each_that_is_out_of_reach_has_its_own_finding_and_no_other(reachable: Reachable, name: str) -> None:
    broken = UNREACHED[name]
    broken.by(reachable)
    found = all_findings()
    print(f"{name:42} {found[0].id if found else '–':20} {found[0].hint if found else ''}")
    assert ids(found) == [broken.finding]
    assert broken.line in found[0].hint


def test_fifteen_and_more_are_tried() -> None:
    assert len(BROKEN) + len(UNREACHED) >= 15
    assert len({broken.finding for broken in (*BROKEN.values(), *UNREACHED.values())}) >= 15


def test_trying_the_client_costs_no_grant_and_tells_no_secret(reachable: Reachable) -> None:
    secret_is_wrong(reachable)
    said, error = examine("--connect")
    assert error == "1 thing is wrong."
    assert re.search(r"conferencing.D022  zoom  client id and secret: Zoom does not accept .*\(invalid_client\)", said)
    assert "the one before" not in said
    asked = reachable.sandbox.requests("token.refresh")
    assert [(entry["status"], entry["account"]) for entry in asked] == [(401, None)]


def test_what_kind_of_app_to_register_is_said_of_a_real_provider(deployed: Any) -> None:
    assert "zoom: A General app, user-managed. Until Zoom has reviewed it" in examine()[0]
