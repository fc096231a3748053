"""Every knob of the app: one class, read live from ``django.conf.settings`` under the prefix ``CONFERENCING_``."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac

PREFIX = "CONFERENCING_"
RUNSERVER_URL = "http://127.0.0.1:8000"


class Settings:
    """The defaults. ``settings.LEASE_SECONDS`` reads ``CONFERENCING_LEASE_SECONDS`` where the site sets it."""

    # The conferencing services that people may link: {alias: {"BACKEND": dotted path, "OPTIONS": {...}}}.
    PROVIDERS: dict[str, dict[str, Any]] = {}
    # Keys that seal tokens at rest, newest first; each is base64url of 32 random bytes.
    ENCRYPTION_KEYS: list[str] = []
    # Where this site is reached from outside, such as "https://example.com": workers have no request to ask.
    BASE_URL: str = ""
    # Under DEBUG only: the base URL of a sandbox that stands in for every provider.
    SANDBOX_URL: str = ""
    # The database alias that holds the app's own tables.
    DATABASE: str = "default"
    # How the site is called in mails and on pages; empty means the current site's name where django.contrib.sites is
    # installed, else the host of BASE_URL.
    SITE_NAME: str = ""
    # Dotted path to a callable(user) that gives the address for mails about their accounts, or nothing; empty means
    # the e-mail field of the user model.
    CONTACT_ADDRESS: str = ""
    # Whom people may ask where nothing else helps: an e-mail address, or the complete address of a page.
    SUPPORT_CONTACT: str = ""
    # The addresses of those who are told what only they can cure; empty means those in Django's ADMINS.
    ADMINS: list[str] = []
    # Networks of proxies whose X-Forwarded-For is believed, such as "10.0.0.0/8"; others are taken for visitors.
    TRUSTED_PROXIES: list[str] = []

    # Secrets that sign what is posted to endpoints without one of their own (single events' subscriptions), newest
    # first: each "whsec_" and base64 of 24 to 64 random bytes.
    WEBHOOK_SECRETS: list[str] = []
    # Networks beside the public internet that may be posted to, in CIDR form, such as "10.1.0.0/16".
    WEBHOOK_NETWORKS: list[str] = []

    # The proxy that calls to the outside go through, such as "http://proxy.internal:3128"; empty means none. Those of
    # the environment are never used.
    HTTP_PROXY: str = ""

    # How long a worker may hold a row before another may take it over, in seconds.
    LEASE_SECONDS: float = 60.0
    # How long one slice of work lasts before the worker looks up, in seconds; at most 10.
    SLICE_SECONDS: float = 5.0
    # How often each worker looks for due work by itself, in seconds.
    SWEEP_SECONDS: float = 5.0
    # How many provider calls one process makes side by side.
    POOL_SIZE: int = 16
    # How many calls may be under way at one provider at once, over all processes and machines.
    PROVIDER_CONCURRENCY: int = 64
    # Time limits of one call to a provider, in seconds: to connect, and between two bytes of the answer.
    CONNECT_TIMEOUT_SECONDS: float = 3.05
    READ_TIMEOUT_SECONDS: float = 15.0
    # An access token is refreshed when it has less than this to live, in seconds.
    REFRESH_MARGIN_SECONDS: float = 600.0
    # How long a person may take on the provider's consent page, in seconds.
    LINK_ATTEMPT_SECONDS: float = 600.0
    # How long a link that the site made for a person may be opened, in seconds.
    LINK_REQUEST_SECONDS: float = 3600.0
    # How long before its start the owner of an event that has no link is told by mail, in seconds.
    WARN_SECONDS: float = 86400.0
    # How long the link and the code in a mail that verifies a person hold, in seconds.
    VERIFICATION_SECONDS: float = 3600.0
    # How long the address from which a conference card refreshes itself is valid, in seconds.
    CARD_SECONDS: float = 86400.0
    # How long settled rows are kept for support before they are pruned, in days.
    RETENTION_DAYS: int = 90
    # The same for single tables, by name, where it is to be another: {"attempts": 30}.
    RETENTION: dict[str, int] = {}

    def __getattribute__(self, name: str) -> Any:
        default = super().__getattribute__(name)
        if not name.isupper():
            return default
        try:
            return getattr(django_settings, PREFIX + name)
        except AttributeError:
            make = WHILE_SANDBOXED.get(name)
            return make() if make and sandbox_url() else default


settings = Settings()


def sandbox_url() -> str:
    """The base URL of the sandbox in use, without a slash at its end; empty where real providers are called."""
    return str(settings.SANDBOX_URL).rstrip("/") if django_settings.DEBUG else ""


def known_names() -> frozenset[str]:
    """The names of every setting, with the prefix."""
    return frozenset(PREFIX + name for name in vars(Settings) if name.isupper())


def _key_for_the_sandbox() -> str:
    """Seals tokens that are worth nothing outside the sandbox; the same for all processes of a site."""
    digest = salted_hmac("conferencing_app.conf.sandbox", "encryption key", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode()


# What stands for a setting that a site leaves out, while a sandbox is used: so much that a first conference needs no
# account, no key and no address. What the site does set, even to nothing, is taken as it is.
WHILE_SANDBOXED: dict[str, Callable[[], Any]] = {
    "PROVIDERS": lambda: {"zoom": {"BACKEND": "conferencing_app.providers.zoom.ZoomProvider"}},
    "ENCRYPTION_KEYS": lambda: [_key_for_the_sandbox()],
    "BASE_URL": lambda: RUNSERVER_URL,
}
