"""System checks: what is misconfigured, and the line to paste; each has a stable id."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import router

from conferencing_app import addresses, conf, crypto
from conferencing_app.checks.databases import check_database
from conferencing_app.checks.operation import check_operation
from conferencing_app.checks.people import check_mail_server, check_people
from conferencing_app.conf import PREFIX, settings
from conferencing_app.doctor import lines
from conferencing_app.notifications import signing
from conferencing_app.providers import registry
from conferencing_app.registration import field_for, registered_models

TAG = "conferencing"
LONGEST_SLICE_SECONDS = 10


def register() -> None:
    """Make the checks known to Django: each once, however often a test's settings load the apps anew."""
    for check in CHECKS:
        checks.register(_listed(check), TAG)
    checks.register(_listed(check_models), checks.Tags.models)
    checks.register(_listed(check_deployment), TAG, deploy=True)


@cache
def _listed(check: Any) -> Any:
    def run(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
        return list(check())

    run.__name__ = check.__name__
    return run


# Settings ------------------------------------------------------------------------------------------------------------


def check_names() -> Iterator[CheckMessage]:
    """A misspelt setting would be ignored in silence."""
    known = {name.removeprefix(PREFIX): name for name in conf.known_names()}
    given = [name for name in dir(django_settings) if name.startswith(PREFIX)]
    for name in sorted(set(given) - set(known.values())):
        near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
        hint = f"Did you mean {known[near[0]]}?" if near else f"The settings are: {', '.join(sorted(known.values()))}."
        yield Warning(f"{name} is not a setting of this app.", hint=hint, id="conferencing.W001")


def check_types() -> Iterator[CheckMessage]:
    for name, default in vars(conf.Settings).items():
        if not name.isupper():
            continue
        value = getattr(settings, name)
        expected = _expected(default)
        if expected and not _fits(value, default):
            yield Error(
                f"{PREFIX}{name} must be {expected}, not {type(value).__name__}"
                + (f" {value!r}." if isinstance(value, int | float) else "."),  # no other value: it may be a secret
                hint=_to_paste(name, default),
                id="conferencing.E007",
            )
    if _fits(settings.SLICE_SECONDS, 1.0) and settings.SLICE_SECONDS > LONGEST_SLICE_SECONDS:
        yield Error(
            f"CONFERENCING_SLICE_SECONDS is {settings.SLICE_SECONDS}: a worker could not stop within "
            f"{LONGEST_SLICE_SECONDS} seconds.",
            hint=f"CONFERENCING_SLICE_SECONDS = {conf.Settings.__dict__['SLICE_SECONDS']}",
            id="conferencing.E008",
        )


def _to_paste(name: str, default: Any) -> str:
    """A line of the right type that is of use, as the empty default of these is not."""
    useful = {
        "ENCRYPTION_KEYS": lines.encryption_keys(),
        "PROVIDERS": lines.PROVIDERS,
        "BASE_URL": lines.BASE_URL,
        "WEBHOOK_SECRETS": lines.webhook_secrets(),
        "WEBHOOK_NETWORKS": lines.WEBHOOK_NETWORKS,
        "HTTP_PROXY": lines.HTTP_PROXY,
    }
    return useful.get(name, f"{PREFIX}{name} = {default!r}")


def _expected(default: Any) -> str:
    kinds = {float: "a number above 0", int: "a whole number above 0", str: "a text", list: "a list", dict: "a dict"}
    return kinds.get(type(default), "")


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, int | float):
        kinds = int if isinstance(default, int) else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and value > 0
    return isinstance(value, {str: str, list: list | tuple, dict: Mapping}[type(default)])


def check_keys() -> Iterator[CheckMessage]:
    keys: Any = settings.ENCRYPTION_KEYS
    hint = lines.encryption_keys()
    if not keys:
        message = "CONFERENCING_ENCRYPTION_KEYS is missing: tokens can't be sealed, so nobody can link an account."
        yield Error(message, hint=hint, id="conferencing.E001")
    elif isinstance(keys, list | tuple):
        for position, key in enumerate(keys, start=1):
            if problem := _problem_of_key(key):
                message = f"CONFERENCING_ENCRYPTION_KEYS: key number {position} can't be used ({problem})."
                yield Error(message, hint=hint, id="conferencing.E001")


def _problem_of_key(key: Any) -> str:
    if not isinstance(key, str):
        return f"a {type(key).__name__} instead of a text"
    try:
        crypto.decode_key(key)
    except ValueError as error:
        return str(error)
    return ""


def check_webhooks() -> Iterator[CheckMessage]:
    secrets, networks = settings.WEBHOOK_SECRETS, settings.WEBHOOK_NETWORKS
    for position, secret in enumerate(secrets if _fits(secrets, []) else (), start=1):
        if not isinstance(secret, str) or not signing.is_secret(secret):
            message = f"CONFERENCING_WEBHOOK_SECRETS: number {position} is not whsec_ and base64 of 24 to 64 bytes."
            yield Error(message, hint=lines.webhook_secrets(), id="conferencing.E018")
    try:
        addresses.parse_networks(networks if _fits(networks, []) else ())
    except ValueError as error:
        yield Error(f"CONFERENCING_WEBHOOK_NETWORKS: {error}.", hint=lines.WEBHOOK_NETWORKS, id="conferencing.E019")


def check_providers() -> Iterator[CheckMessage]:
    if not _fits(settings.PROVIDERS, {}):
        return  # said by check_types
    if not settings.PROVIDERS:
        message = "CONFERENCING_PROVIDERS is empty: there is nothing that people could link."
        yield Warning(message, hint=lines.PROVIDERS, id="conferencing.W004")
    for alias in registry.aliases():
        try:
            registry.get(alias)
        except ImproperlyConfigured as error:
            yield Error(str(error), hint=lines.PROVIDERS, id="conferencing.E002")


def check_addresses() -> Iterator[CheckMessage]:
    """Workers have no request that would tell them where the site is."""
    if not _is_site(settings.BASE_URL):
        found = f"{settings.BASE_URL!r} is not" if settings.BASE_URL else "it is missing, and must be"
        yield Error(
            f"CONFERENCING_BASE_URL: {found} a complete address such as https://example.com.",
            hint=lines.BASE_URL,
            id="conferencing.E003",
        )
    if not settings.SANDBOX_URL:
        return
    if not django_settings.DEBUG:
        message = "CONFERENCING_SANDBOX_URL is set while DEBUG is off. It is ignored: the real providers are called."
        yield Warning(message, hint='CONFERENCING_SANDBOX_URL = ""', id="conferencing.W005")
    elif problem := addresses.objection(str(settings.SANDBOX_URL), allow_loopback_http=True):
        message = f"CONFERENCING_SANDBOX_URL: {settings.SANDBOX_URL!r} can't be called: {problem}."
        yield Error(message, hint=lines.SANDBOX_URL, id="conferencing.E004")


def _is_site(url: Any) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except (ValueError, TypeError, AttributeError):
        return False


def check_site() -> Iterator[CheckMessage]:
    if not django_settings.USE_TZ:
        yield Error(
            "USE_TZ is off: the times of events would be ambiguous.", hint="USE_TZ = True", id="conferencing.E005"
        )
    if os.environ.get("OAUTHLIB_INSECURE_TRANSPORT"):
        yield Error(
            "OAUTHLIB_INSECURE_TRANSPORT is set: it would let tokens travel unencrypted.",
            hint="unset OAUTHLIB_INSECURE_TRANSPORT  (a sandbox on this machine does not need it)",
            id="conferencing.E006",
        )


# Models --------------------------------------------------------------------------------------------------------------


def check_models() -> Iterator[CheckMessage]:
    for model in registered_models():
        field: Any = field_for(model)
        if getattr(field, "mti_inherited", False):
            continue  # checked where it is declared
        yield from field.check()
        alias = router.db_for_write(model)
        if alias != settings.DATABASE:
            yield Warning(
                f"{model._meta.label} is saved in the database {alias!r}, conferences in {settings.DATABASE!r}: "
                "a crash right after the event's commit leaves its conference unwritten.",
                hint=f"Run now and then: manage.py conferencing_backfill {model._meta.label}",
                obj=model,
                id="conferencing.W003",
            )


# Deployment ----------------------------------------------------------------------------------------------------------


def check_deployment() -> Iterator[CheckMessage]:
    if str(settings.BASE_URL).startswith("http:"):
        yield Warning(
            "CONFERENCING_BASE_URL is not https: providers refuse it, or codes travel unencrypted.",
            hint=f'CONFERENCING_BASE_URL = "https:{settings.BASE_URL[5:]}"',
            id="conferencing.W010",
        )
    durations = (settings.LEASE_SECONDS, settings.CONNECT_TIMEOUT_SECONDS, settings.READ_TIMEOUT_SECONDS)
    if all(_fits(value, 1.0) for value in durations) and durations[0] <= durations[1] + durations[2]:
        yield Warning(
            "CONFERENCING_LEASE_SECONDS is shorter than a call may take: two workers may work on the same row.",
            hint=f"CONFERENCING_LEASE_SECONDS = {conf.Settings.__dict__['LEASE_SECONDS']}",
            id="conferencing.W011",
        )
    yield from check_mail_server()
    for wrong, number, message, hint in _celery_advice(current_app.conf):
        if wrong:
            yield Warning(message, hint=f"{hint}  (with Celery's namespace CELERY)", id=f"conferencing.{number}")


def _celery_advice(celery: Any) -> Iterator[tuple[bool, str, str, str]]:
    """What to say when: (whether it applies, number, message, hint)."""
    broker = str(celery.broker_write_url or celery.broker_url or "")
    transport = celery.broker_transport_options or {}
    yield (
        bool(celery.task_always_eager),
        "W020",
        "Celery runs tasks eagerly: no worker is told of new work, it waits until one looks by itself.",
        "CELERY_TASK_ALWAYS_EAGER = False",
    )
    yield (
        not set(celery.accept_content) <= {"json", "application/json"},
        "W021",
        "Celery workers accept more than JSON: whoever reaches the broker could run code.",
        'CELERY_ACCEPT_CONTENT = ["json"]',
    )
    yield (
        bool(broker) and celery.broker_connection_retry_on_startup is False,
        "W022",
        "A Celery worker gives up when the broker is down at its start, and then does not look for work either.",
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True",
    )
    yield (
        broker.startswith(("amqp", "pyamqp")) and not transport.get("confirm_publish"),
        "W023",
        "RabbitMQ is not asked to confirm messages: one that it never kept counts as sent.",
        'CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}',
    )
    yield (
        broker.startswith("filesystem") and not django_settings.DEBUG,
        "W024",
        "Messages are files: Kombu's filesystem transport is for development, on one machine.",
        'CELERY_BROKER_URL = "redis://127.0.0.1:6379/0"',
    )


CHECKS = (
    check_names,
    check_types,
    check_keys,
    check_webhooks,
    check_providers,
    check_addresses,
    check_people,
    check_operation,
    check_site,
    check_database,
)
