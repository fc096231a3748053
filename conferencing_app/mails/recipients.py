"""Whom mails go to: a person's contact address, or the site's administrators."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from conferencing_app import crypto
from conferencing_app.conf import settings
from conferencing_app.models import Mail


def recipients_of(mail: Mail) -> list[str]:
    """The addresses that this mail goes to now; none where there are none."""
    found = [address_of(mail.user)] if mail.user is not None else admin_addresses()
    return [address for address in found if address]


def address_of(user: Any) -> str:
    """The person's contact address, empty where there is none: what CONTACT_ADDRESS gives, or their e-mail field."""
    if settings.CONTACT_ADDRESS:
        return str(import_string(settings.CONTACT_ADDRESS)(user) or "").strip()
    return str(getattr(user, user.get_email_field_name(), "") or "").strip()


def admin_addresses() -> list[str]:
    """The addresses in CONFERENCING_ADMINS, or else in Django's ADMINS: texts, as in Django 6, or (name, address)."""
    if settings.ADMINS:
        return list(settings.ADMINS)
    return [entry if isinstance(entry, str) else str(entry[1]) for entry in django_settings.ADMINS]


def address_digest(address: str) -> str:
    """By which an address is known again without being stored."""
    return crypto.digest(address.casefold())
