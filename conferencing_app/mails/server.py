"""By which server Django sends the site's mails: by MAILERS (Django 6.1 and later), else by the settings EMAIL_…"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.core import mail

MAILERS = "MAILERS"  # by name: the type stubs are those of an older Django
SMTP = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_MAILER = "default"  # the one for mails that name none, as ours do


@dataclass(frozen=True)
class MailServer:
    """What the site has set. ``backend`` is a dotted path, empty where MAILERS has no default; host, port and the
    timeout in seconds are SMTP's. ``mailers`` says which of the two kinds of settings it comes from."""

    mailers: bool
    backend: str
    host: str = ""
    port: int | None = None
    timeout: float | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def mail_server() -> MailServer:
    if _has_mailers():
        return server_of_mailers(getattr(django_settings, MAILERS))
    return MailServer(
        mailers=False,
        backend=django_settings.EMAIL_BACKEND,
        host=django_settings.EMAIL_HOST,
        port=django_settings.EMAIL_PORT,
        timeout=django_settings.EMAIL_TIMEOUT,
    )


def server_of_mailers(mailers: dict[str, dict[str, Any]]) -> MailServer:
    """The same of this value of MAILERS."""
    if DEFAULT_MAILER not in mailers:
        return MailServer(mailers=True, backend="")
    default = mailers[DEFAULT_MAILER]
    options = default.get("OPTIONS", {})
    return MailServer(
        mailers=True,
        backend=default.get("BACKEND", SMTP),
        host=options.get("host", ""),
        port=options.get("port"),
        timeout=options.get("timeout"),
    )


def mail_connection(timeout: float) -> Any:
    """What opens a connection to that server, and waits for it for so many seconds. Raises ImproperlyConfigured."""
    if not _has_mailers():
        return mail.get_connection(timeout=timeout)
    connection: Any = mail.mailers[DEFAULT_MAILER]
    connection.timeout = timeout
    return connection


def _has_mailers() -> bool:
    """An older Django does not look at the setting."""
    return hasattr(mail, "mailers") and hasattr(django_settings, MAILERS)
