"""The mails to people about their accounts: what each is about, whom it goes to, and how it reads, as text and HTML.

A mail is a row, written in the transaction of what it tells of; ``notifications.mailing`` sends it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, crypto, doorbell
from conferencing_app.conf import settings
from conferencing_app.fields import Sealed
from conferencing_app.models import LinkRequest, Mail

# How long it is tried to send a mail.
OF_USE = timedelta(days=3)


def account_moved(user: Any, provider_label: str, account_label: str) -> None:
    """Tell a person that an account they had linked has been linked by its owner elsewhere on this site.

    Not in the language of whoever caused it, whose request this may be.
    """
    facts = {"provider": provider_label, "account": account_label}
    _write(user, "account_moved", facts, language=django_settings.LANGUAGE_CODE)


@sensitive_variables()
def verify_link(wanted: LinkRequest, url: str, code: str) -> Mail:
    """Ask the person whether it is they who want to link an account. Raises KeyUnavailable."""
    facts = {"application": wanted.application_name, "logo_url": site_url(wanted.application_logo)}
    return _write(
        wanted.user,
        "verify_link",
        facts,
        secrets={"verify_url": url, "code": code},
        language=translation.get_language() or django_settings.LANGUAGE_CODE,
        of_use=timedelta(seconds=settings.VERIFICATION_SECONDS),
    )


@sensitive_variables()
def compose(mail: Mail, address: str) -> EmailMultiAlternatives:
    """The mail as it is sent to this address. Raises KeyUnavailable."""
    opened = mail.secrets.open(mail.place("secrets"))
    return _message(mail.kind, {**mail.facts, **json.loads(opened or "{}")}, [address], mail.language)


def address_of(user: Any) -> str:
    """The person's contact address, empty where there is none: what CONTACT_ADDRESS gives, or their e-mail field."""
    if settings.CONTACT_ADDRESS:
        return str(import_string(settings.CONTACT_ADDRESS)(user) or "").strip()
    return str(getattr(user, user.get_email_field_name(), "") or "").strip()


def address_digest(address: str) -> str:
    """By which an address is known again without being stored."""
    return crypto.digest(address.casefold())


def endpoint_disabled(user: Any, url: str, cause: str) -> None:
    """Tell whose endpoint it is that nothing is posted there any more: a person, or the site's ``ADMINS``.

    ``cause`` is ``gone`` or ``dead``. Sent at once, by the worker that gave up. Raises what the mail backend raises.
    """
    context = {"host": urlsplit(url).netloc, "gone": cause == "gone"}
    addresses = [address_of(user)] if user is not None else [admin[1] for admin in django_settings.ADMINS]
    if to := [address for address in addresses if address]:
        _message("endpoint_disabled", context, to, django_settings.LANGUAGE_CODE).send()


def site_name() -> str:
    """How this site is called: SITE_NAME, the current site's name, or the host of BASE_URL."""
    return settings.SITE_NAME or _name_of_current_site() or urlsplit(settings.BASE_URL).netloc


def site_url(path: str) -> str:
    """The complete address of a path of this site; empty for none."""
    return settings.BASE_URL.rstrip("/") + path if path else ""


def _name_of_current_site() -> str:
    key = getattr(django_settings, "SITE_ID", None)
    if key is None or not apps.is_installed("django.contrib.sites"):
        return ""
    sites = apps.get_app_config("sites").get_model("Site")._default_manager
    return str(sites.filter(pk=key).values_list("name", flat=True).first() or "")


@sensitive_variables()
def _write(
    user: Any,
    kind: str,
    facts: dict[str, str],
    *,
    language: str,
    secrets: dict[str, str] | None = None,
    of_use: timedelta = OF_USE,
) -> Mail:
    now = clock.now()
    mail = Mail(user=user, kind=kind, facts=facts, language=language, created_at=now, due_at=now)
    mail.expires_at = clock.now(of_use)
    if secrets:
        mail.secrets = Sealed.seal(json.dumps(secrets), mail.place("secrets"))
    mail.save(using=settings.DATABASE, force_insert=True)
    doorbell.ring(settings.DATABASE)
    return mail


@sensitive_variables()
def _message(kind: str, context: dict[str, Any], to: list[str], language: str) -> EmailMultiAlternatives:
    context = {**context, "site_name": site_name(), "profiles_url": site_url(reverse("conferencing:profiles"))}
    with translation.override(language):
        subject, text, page = (_render(kind, part, context) for part in ("subject.txt", "body.txt", "body.html"))
    message = EmailMultiAlternatives(" ".join(subject.split()), text, to=to)
    message.attach_alternative(page, "text/html")
    return message


def _render(kind: str, part: str, context: dict[str, Any]) -> str:
    return render_to_string(f"conferencing_app/mail/{kind}_{part}", context)
