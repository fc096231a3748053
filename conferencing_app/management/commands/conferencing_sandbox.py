"""``manage.py conferencing_sandbox``: a local stand-in for the providers, set up for this site."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _

from conferencing_app.conf import settings
from conferencing_app.providers import registry
from conferencing_app.providers.base import SANDBOX_CLIENT

if find_spec("uvicorn") and find_spec("starlette"):
    from conferencing_app.sandbox.server import SandboxUsageError, serve
    from conferencing_app.sandbox.state import SANDBOX_SECRET_TOKEN, Client, webhook_objection

    INSTALLED = True
else:
    INSTALLED = False

# The providers that the sandbox plays, by Provider.key.
PLAYED = frozenset({"zoom"})
USUAL_PORT = 8010


class Command(BaseCommand):
    help = (
        "Runs the sandbox where CONFERENCING_SANDBOX_URL points, until Ctrl-C. It knows this site: the clients of "
        "CONFERENCING_PROVIDERS, and their callback addresses under CONFERENCING_BASE_URL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="the port, which must be the one of CONFERENCING_SANDBOX_URL")
        parser.add_argument("--log", help="append every request and change of state to this file, as JSON lines")

    def handle(self, *args: Any, **options: Any) -> None:
        if not INSTALLED:
            raise CommandError(_('The sandbox needs more packages: pip install "django-conferencing[sandbox]"'))
        if not django_settings.DEBUG:
            raise CommandError(_("The sandbox is for development: it is only used while DEBUG is on."))
        host, port = where(options["port"])
        try:
            serve(host=host, port=port, clients=known_clients(), log=options["log"])
        except SandboxUsageError as error:
            raise CommandError(str(error)) from error


def where(asked_port: int | None = None) -> tuple[str, int]:
    """Host and port of CONFERENCING_SANDBOX_URL. Raises CommandError when it names neither, or another port."""
    parts = urlsplit(settings.SANDBOX_URL)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.scheme != "http" or asked_port not in (None, port):
        url = f"http://{host or '127.0.0.1'}:{asked_port or USUAL_PORT}"
        message = _('The settings must say where it listens: CONFERENCING_SANDBOX_URL = "%(url)s"')
        raise CommandError(message % {"url": url})
    return host, port


def known_clients() -> list[Client]:
    """The site's clients, with where they may send people back to, and where they are sent events."""
    if not settings.BASE_URL:
        raise CommandError(_('Set CONFERENCING_BASE_URL to where this site is, such as "http://127.0.0.1:8000".'))
    return [_client(alias) for alias in registry.aliases() if registry.get(alias).key in PLAYED]


def _client(alias: str) -> Client:
    base = settings.BASE_URL.rstrip("/")
    options = {**SANDBOX_CLIENT, **settings.PROVIDERS[alias].get("OPTIONS", {})}
    webhook_url = base + reverse("conferencing:inbound", args=[alias])
    return Client(
        options["client_id"],
        options["client_secret"],
        redirect_uris=[base + reverse("conferencing:callback", args=[alias])],
        webhook_url="" if webhook_objection(webhook_url) else webhook_url,
        webhook_secret_token=_newest(options.get("webhook_secret_token") or SANDBOX_SECRET_TOKEN),
    )


def _newest(secret_tokens: str | Sequence[str]) -> str:
    return secret_tokens if isinstance(secret_tokens, str) else secret_tokens[0]
