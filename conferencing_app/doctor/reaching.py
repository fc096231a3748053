"""What only a look at others shows: tried side by side, within one time limit, and nothing waits for who is silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from celery import Celery
from celery.app import app_or_default
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from conferencing_app import addresses, conf, doorbell, http, mails
from conferencing_app.conf import settings
from conferencing_app.doctor import asking, lines, visit
from conferencing_app.doctor.finding import ERROR, Finding
from conferencing_app.providers import registry


@dataclass(frozen=True)
class Reached:
    """One address that was tried: no secret is in it. ``finding`` says what is wrong there, None where all is well."""

    what: str
    address: str
    finding: Finding | None = None

    @property
    def trouble(self) -> str:
        return self.finding.message if self.finding else ""


@dataclass(frozen=True)
class Probe:
    """What is tried: what it is, its address, and the call. ``silent`` is what it means that nothing came in time."""

    what: str
    address: str
    call: Callable[[], Finding | None]
    silent: str
    hint: str


def reach(limit_seconds: float) -> list[Reached]:
    """Try all, for no longer than this in all."""
    deadline = time.monotonic() + limit_seconds
    probes = list(_probes(limit_seconds))
    found: dict[int, Finding | None] = {}

    def run(number: int, probe: Probe) -> None:
        found[number] = probe.call()

    # Daemons: one that hangs must hold up neither the answer nor the end of the process.
    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(probes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [
        Reached(probe.what, probe.address, found[number] if number in found else _silent(probe, limit_seconds))
        for number, probe in enumerate(probes)
    ]


def _silent(probe: Probe, limit_seconds: float) -> Finding:
    return Finding(probe.silent, ERROR, f"no answer within {limit_seconds:g} s", probe.hint)


def _probes(limit_seconds: float) -> Iterator[Probe]:
    policy = http.CallPolicy(
        limit_seconds, limit_seconds, allow_loopback_http=django_settings.DEBUG, proxy=settings.HTTP_PROXY
    )
    app = app_or_default()
    if doorbell.configured(app):
        # as_uri leaves the password out.
        address, call = app.connection_for_write().as_uri(), partial(_broker, app, limit_seconds)
        yield Probe("broker", address, call, "conferencing.D020", BROKER_HINT)
    server = mails.mail_server()
    if server.backend == mails.SMTP:
        hint = lines.MAILERS if server.mailers else MAIL_HINT
        yield Probe("mail", server.address, partial(_mail, limit_seconds, hint), "conferencing.D024", hint)
    if not addresses.objection(settings.BASE_URL, allow_loopback_http=django_settings.DEBUG):
        yield Probe("site", settings.BASE_URL, partial(visit.own_site, policy), "conferencing.D025", visit.HINT)
    yield from _services(policy)


def _services(policy: http.CallPolicy) -> Iterator[Probe]:
    silent, hint = "conferencing.D021", asking.HINT
    if url := conf.sandbox_url():
        call = partial(asking.answers, policy, f"{url}/_control/health", asking.SANDBOX_HINT)
        yield Probe("sandbox", url, call, silent, asking.SANDBOX_HINT)
    for alias in registry.aliases():
        try:
            provider = registry.get(alias)
        except ImproperlyConfigured:
            continue  # said by the checks
        for url in () if conf.sandbox_url() else provider.reaches:
            yield Probe(alias, url, partial(asking.answers, policy, url, hint), silent, hint)
        if provider.oauth is not None:
            yield Probe(alias, "client id and secret", partial(asking.accepts_client, provider), silent, hint)


def _broker(app: Celery, limit_seconds: float) -> Finding | None:
    limits = {**doorbell.LIMITS, **app.conf.broker_transport_options}
    try:
        with app.connection_for_write(connect_timeout=limit_seconds, transport_options=limits) as connection:
            connection.connect()
    except Exception as error:  # Whatever a broker's client raises; its words may hold the address with its password.
        return Finding("conferencing.D020", ERROR, f"no connection ({type(error).__name__})", BROKER_HINT)
    return None


def _mail(limit_seconds: float, hint: str) -> Finding | None:
    try:
        with mails.mail_connection(limit_seconds):
            return None
    # smtplib's are OSErrors, too; a server's words may repeat the user's name
    except (OSError, ImproperlyConfigured) as error:
        return Finding("conferencing.D024", ERROR, f"no connection ({type(error).__name__})", hint)


BROKER_HINT = 'CELERY_BROKER_URL = "redis://127.0.0.1:6379/0"  # where the broker is, and start it'
MAIL_HINT = 'EMAIL_HOST = "localhost"  # where your mail server is, with EMAIL_PORT, EMAIL_HOST_USER and its password'
