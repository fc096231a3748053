"""Whether the broker, the sandbox and the providers answer: tried side by side, within one time limit."""

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

from conferencing_app import conf, doorbell, http
from conferencing_app.exceptions import ProviderError
from conferencing_app.providers import registry


@dataclass(frozen=True)
class Reached:
    """One address that was tried: no secret is in it. ``trouble`` is empty where it answers."""

    what: str
    address: str
    trouble: str = ""


# What is tried: what it is, its address, and the call, which returns what is wrong or an empty text.
Probe = tuple[str, str, Callable[[], str]]


def reach(limit_seconds: float) -> list[Reached]:
    """Try all, for no longer than this in all."""
    deadline = time.monotonic() + limit_seconds
    probes = list(_probes(limit_seconds))
    troubles: dict[int, str] = {}

    def run(number: int, call: Callable[[], str]) -> None:
        troubles[number] = call()

    # Daemons: one that hangs must hold up neither the answer nor the end of the process.
    threads = [threading.Thread(target=run, args=(i, probe[2]), daemon=True) for i, probe in enumerate(probes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    silent = f"no answer within {limit_seconds:g} s"
    return [Reached(what, address, troubles.get(i, silent)) for i, (what, address, _) in enumerate(probes)]


def _probes(limit_seconds: float) -> Iterator[Probe]:
    app = app_or_default()
    if doorbell.configured(app):
        # as_uri leaves the password out.
        yield "broker", app.connection_for_write().as_uri(), partial(_broker, app, limit_seconds)
    if url := conf.sandbox_url():
        yield "sandbox", url, partial(_answers, f"{url}/_control/health", limit_seconds)
        return
    for alias in registry.aliases():
        try:
            reaches = registry.get(alias).reaches
        except ImproperlyConfigured:
            continue  # said by the checks
        for url in reaches:
            yield alias, url, partial(_answers, url, limit_seconds)


def _broker(app: Celery, limit_seconds: float) -> str:
    limits = {**doorbell.LIMITS, **app.conf.broker_transport_options}
    try:
        with app.connection_for_write(connect_timeout=limit_seconds, transport_options=limits) as connection:
            connection.connect()
    except Exception as error:  # Whatever a broker's client raises; its words may hold the address with its password.
        return f"no connection ({type(error).__name__})"
    return ""


def _answers(url: str, limit_seconds: float) -> str:
    """Any answer will do: nothing is sent that would be worth one."""
    policy = http.CallPolicy(
        limit_seconds, limit_seconds, allow_loopback_http=django_settings.DEBUG, proxy=conf.settings.HTTP_PROXY
    )
    try:
        http.call(policy, "GET", url)
    except ProviderError as error:
        return str(error)
    return ""
