"""Checks of what concerns people: where mails to them go, whom they may ask, and where visitors come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.module_loading import import_string

from conferencing_app import addresses, mails
from conferencing_app.conf import settings


def check_people() -> Iterator[CheckMessage]:
    """Where mails to people go, whom they may ask, and where visitors come from."""
    if settings.SUPPORT_CONTACT and not _is_contact(settings.SUPPORT_CONTACT):
        yield Error(
            "CONFERENCING_SUPPORT_CONTACT is neither an e-mail address nor the complete address of a page.",
            hint='CONFERENCING_SUPPORT_CONTACT = "support@example.com"  # or "https://example.com/help/"',
            id="conferencing.E025",
        )
    if isinstance(settings.CONTACT_ADDRESS, str) and settings.CONTACT_ADDRESS:
        try:
            usable = callable(import_string(settings.CONTACT_ADDRESS))
        except ImportError:
            usable = False
        if not usable:
            yield Error(
                f"CONFERENCING_CONTACT_ADDRESS: {settings.CONTACT_ADDRESS!r} leads to nothing that can be called.",
                hint='CONFERENCING_CONTACT_ADDRESS = "yoursite.people.contact_address"  # def contact_address(user)',
                id="conferencing.E020",
            )
    for address in settings.ADMINS if isinstance(settings.ADMINS, list | tuple) else ():
        if not _is_address(address):
            yield Error(
                f"CONFERENCING_ADMINS: {address!r} is not a mail address.",
                hint='CONFERENCING_ADMINS = ["you@example.com"]',
                id="conferencing.E022",
            )
    proxies: Any = settings.TRUSTED_PROXIES
    if not isinstance(proxies, list | tuple):
        return  # said by check_types
    try:
        addresses.parse_networks(proxies)
    except ValueError as error:
        yield Error(
            f"CONFERENCING_TRUSTED_PROXIES: {error}.",
            hint='CONFERENCING_TRUSTED_PROXIES = ["127.0.0.1", "10.0.0.0/8"]',
            id="conferencing.E021",
        )


def _is_contact(contact: Any) -> bool:
    if not isinstance(contact, str):
        return True  # said by check_types
    try:
        if "://" in contact:
            parts = urlsplit(contact)
            return parts.scheme in ("http", "https") and bool(parts.hostname)
        validate_email(contact)
    except (ValidationError, ValueError):
        return False
    return True


def _is_address(value: Any) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def check_mail_server() -> Iterator[CheckMessage]:
    server = mails.mail_server()
    if server.backend.endswith(".smtp.EmailBackend") and server.timeout is None:
        missing = "MAILERS sets no timeout" if server.mailers else "EMAIL_TIMEOUT is not set"
        yield Warning(
            f"{missing}: a mail server that does not answer would keep a worker from sending mails.",
            hint='MAILERS["default"]["OPTIONS"]["timeout"] = 10' if server.mailers else "EMAIL_TIMEOUT = 10",
            id="conferencing.W012",
        )
