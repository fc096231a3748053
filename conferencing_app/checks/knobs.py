"""Checks of the settings, one by one."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import ENVIRONMENT_VARIABLE
from django.conf import settings as django_settings
from django.core import mail
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from conferencing_app import addresses, conf, crypto
from conferencing_app.conf import PREFIX, settings
from conferencing_app.doctor import lines
from conferencing_app.notifications import signing
from conferencing_app.providers import registry

LONGEST_SLICE_SECONDS = 10


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
        if expected and not fits(value, default):
            yield Error(
                f"{PREFIX}{name} must be {expected}, not {type(value).__name__}"
                + (f" {value!r}." if isinstance(value, int | float) else "."),  # no other value: it may be a secret
                hint=_to_paste(name, default),
                id="conferencing.E007",
            )
    if fits(settings.SLICE_SECONDS, 1.0) and settings.SLICE_SECONDS > LONGEST_SLICE_SECONDS:
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


def fits(value: Any, default: Any) -> bool:
    """Whether a setting may have this value where this is its default."""
    if isinstance(default, int | float):
        kinds = int if isinstance(default, int) else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and value > 0
    return isinstance(value, {str: str, list: list | tuple, dict: Mapping}[type(default)])


def check_keys() -> Iterator[CheckMessage]:
    keys: Any = settings.ENCRYPTION_KEYS
    hint = lines.encryption_keys()
    if not keys and not _sandbox_stands_aside_for("ENCRYPTION_KEYS"):
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
    for position, secret in enumerate(secrets if fits(secrets, []) else (), start=1):
        if not isinstance(secret, str) or not signing.is_secret(secret):
            message = f"CONFERENCING_WEBHOOK_SECRETS: number {position} is not whsec_ and base64 of 24 to 64 bytes."
            yield Error(message, hint=lines.webhook_secrets(), id="conferencing.E018")
    try:
        addresses.parse_networks(networks if fits(networks, []) else ())
    except ValueError as error:
        yield Error(f"CONFERENCING_WEBHOOK_NETWORKS: {error}.", hint=lines.WEBHOOK_NETWORKS, id="conferencing.E019")


def check_providers() -> Iterator[CheckMessage]:
    if not fits(settings.PROVIDERS, {}):
        return  # said by check_types
    if not settings.PROVIDERS and not _sandbox_stands_aside_for("PROVIDERS"):
        message = "CONFERENCING_PROVIDERS is empty: there is nothing that people could link."
        yield Warning(message, hint=lines.PROVIDERS, id="conferencing.W004")
    for alias in registry.aliases():
        try:
            registry.get(alias)
        except ImproperlyConfigured as error:
            yield Error(str(error), hint=lines.PROVIDERS, id="conferencing.E002")


def check_addresses() -> Iterator[CheckMessage]:
    """Workers have no request that would tell them where the site is."""
    if not _is_site(settings.BASE_URL) and not _sandbox_stands_aside_for("BASE_URL"):
        found = f"{settings.BASE_URL!r} is not" if settings.BASE_URL else "it is missing, and must be"
        yield Error(
            f"CONFERENCING_BASE_URL: {found} a complete address such as https://example.com.",
            hint=lines.BASE_URL,
            id="conferencing.E003",
        )
    if not settings.SANDBOX_URL:
        return
    if not django_settings.DEBUG:
        if _is_tested_with_debug_off():
            return
        message = "CONFERENCING_SANDBOX_URL is set while DEBUG is off. It is ignored: the real providers are called."
        yield Warning(message, hint='CONFERENCING_SANDBOX_URL = ""', id="conferencing.W005")
    elif problem := addresses.objection(str(settings.SANDBOX_URL), allow_loopback_http=True):
        message = f"CONFERENCING_SANDBOX_URL: {settings.SANDBOX_URL!r} can't be called: {problem}."
        yield Error(message, hint=lines.SANDBOX_URL, id="conferencing.E004")


def _sandbox_stands_aside_for(name: str) -> bool:
    """Whether nothing but a test run keeps the sandbox from standing for this setting, which the site leaves out."""
    left_out = not hasattr(django_settings, PREFIX + name)
    return left_out and bool(settings.SANDBOX_URL) and _is_tested_with_debug_off()


def _is_tested_with_debug_off() -> bool:
    """Whether the site has DEBUG on, and tests run with it off: Django's own runner runs the checks then, and an error
    would end it. Tests that use a sandbox turn DEBUG on again."""
    site = sys.modules.get(os.environ.get(ENVIRONMENT_VARIABLE, ""))  # as it was before anything was overridden
    return hasattr(mail, "outbox") and not django_settings.DEBUG and bool(getattr(site, "DEBUG", False))


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
