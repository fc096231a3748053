"""The configured providers: one instance per alias, made at first use from ``CONFERENCING_PROVIDERS``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from conferencing_app import http
from conferencing_app.conf import PREFIX, sandbox_url, settings

if TYPE_CHECKING:
    from conferencing_app.providers.base import Provider

_instances: dict[str, Provider] = {}


def aliases() -> list[str]:
    """The configured aliases, in the order of the setting."""
    return list(settings.PROVIDERS)


def get(alias: str) -> Provider:
    """The provider of this alias.

    Raises ImproperlyConfigured when it is not configured or its OPTIONS are not usable; the message says what to do.
    """
    if alias not in _instances:
        _instances[alias] = _make(alias)
    return _instances[alias]


def label(alias: str) -> str:
    """How people call this provider; the alias itself when it is no longer configured."""
    try:
        return get(alias).label
    except ImproperlyConfigured:
        return alias


def scope_words(alias: str, scopes: Iterable[str]) -> list[str]:
    """What these scopes allow, in words for people; a scope itself where the provider has none for it."""
    try:
        words = get(alias).scope_words
    except ImproperlyConfigured:
        words = {}
    return [str(words.get(scope, scope)) for scope in scopes]


def _make(alias: str) -> Provider:
    try:
        entry = settings.PROVIDERS[alias]
    except KeyError:
        raise ImproperlyConfigured(f"CONFERENCING_PROVIDERS has no {alias!r}; configured: {aliases()}.") from None
    if not isinstance(entry, Mapping) or not isinstance(entry.get("OPTIONS", {}), Mapping):
        raise ImproperlyConfigured(f"CONFERENCING_PROVIDERS[{alias!r}] and its 'OPTIONS' must be dicts.")
    try:
        backend = import_string(entry["BACKEND"])
    except (KeyError, ImportError, AttributeError) as error:
        raise ImproperlyConfigured(
            f"CONFERENCING_PROVIDERS[{alias!r}]['BACKEND'] must be the dotted path of a provider, "
            f'such as "conferencing_app.providers.zoom.ZoomProvider" ({error}).'
        ) from error
    policy = http.CallPolicy(
        connect_seconds=settings.CONNECT_TIMEOUT_SECONDS,
        read_seconds=settings.READ_TIMEOUT_SECONDS,
        allow_loopback_http=django_settings.DEBUG,
        proxy=settings.HTTP_PROXY,
    )
    try:
        return backend(entry.get("OPTIONS", {}), policy=policy, sandbox_url=sandbox_url())
    except ValueError as error:
        raise ImproperlyConfigured(f"CONFERENCING_PROVIDERS[{alias!r}]['OPTIONS']: {error}") from error


def _forget(*, setting: str, **_: Any) -> None:
    if setting.startswith(PREFIX) or setting == "DEBUG":
        _instances.clear()


setting_changed.connect(_forget, dispatch_uid="conferencing_app.providers.registry")
