"""Writing mails down, each in the transaction of what it tells of.

Those that tell of what somebody did to a person's account are in the site's language: not in that of whoever did it,
whose request this may be.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.utils import translation
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, doorbell
from conferencing_app.conf import settings
from conferencing_app.fields import Sealed
from conferencing_app.mails.site import site_url
from conferencing_app.models import Conference, ConferencingProfile, Endpoint, LinkRequest, Mail
from conferencing_app.providers import registry

# How long it is tried to send a mail.
OF_USE = timedelta(days=3)


def account_linked(profile: ConferencingProfile) -> None:
    """Tell a person that an account has been linked to them, or linked again: it may not have been they."""
    _write(profile.user_id, "account_linked", _account(profile), subject=profile.public_id)


def account_unlinked(profile: ConferencingProfile) -> None:
    """Tell a person that an account of theirs has been unlinked: it may not have been they."""
    _write(profile.user_id, "account_unlinked", _account(profile), subject=profile.public_id)


def account_moved(profile: ConferencingProfile) -> None:
    """Tell a person that an account they had linked is being linked by its owner elsewhere on this site."""
    _write(profile.user_id, "account_moved", _account(profile), subject=profile.public_id)


def profile_disconnected(profile: ConferencingProfile, reason: str, language: str, *, reminder: bool = False) -> Mail:
    """The mail that asks a person to link an account again, for :func:`post`; ``reason`` says why, in this language."""
    facts = {**_account(profile), "reason": reason, "reminder": reminder}
    return _draft(profile.user_id, "profile_disconnected", facts, subject=profile.public_id, language=language)


def event_without_link(conference: Conference) -> Mail:
    """The mail that tells the owner of an event that it starts soon and has no link, for :func:`post`."""
    language = _language_of(conference.locale)
    return _draft(conference.owner_id, "event_without_link", {}, subject=conference.public_id, language=language)


def admin_digest() -> Mail:
    """The mail that tells the site's administrators what waits for them, for :func:`post`."""
    return _draft(None, "admin_digest", {})


def post(drafts: Sequence[Mail]) -> None:
    """Have these mails sent."""
    Mail.objects.using(settings.DATABASE).bulk_create(drafts)
    doorbell.ring(settings.DATABASE)


def endpoint_disabled(endpoint: Endpoint, cause: str) -> None:
    """Tell whose endpoint it is that nothing is posted there any more: a person, or the site's administrators.

    ``cause`` is ``gone`` or ``dead``.
    """
    facts = {"host": urlsplit(endpoint.url).netloc, "gone": cause == "gone"}
    _write(endpoint.user_id, "endpoint_disabled", facts)


@sensitive_variables()
def verify_link(wanted: LinkRequest, url: str, code: str) -> Mail:
    """Ask the person whether it is they who want to link an account. Raises KeyUnavailable."""
    facts = {"application": wanted.application_name, "logo_url": site_url(wanted.application_logo)}
    return _write(
        wanted.user_id,
        "verify_link",
        facts,
        secrets={"verify_url": url, "code": code},
        language=translation.get_language() or django_settings.LANGUAGE_CODE,
        of_use=timedelta(seconds=settings.VERIFICATION_SECONDS),
    )


def _account(profile: ConferencingProfile) -> dict[str, Any]:
    return {"provider": registry.label(profile.provider), "account": profile.account_label}


def _language_of(locale: str) -> str:
    """The language that an event asks for, where the site has it."""
    try:
        return translation.get_supported_language_variant(translation.to_language(locale))
    except LookupError:
        return django_settings.LANGUAGE_CODE


@sensitive_variables()
def _write(user_id: Any, kind: str, facts: dict[str, Any], **values: Any) -> Mail:
    mail = _draft(user_id, kind, facts, **values)
    mail.save(using=settings.DATABASE, force_insert=True)
    doorbell.ring(settings.DATABASE)
    return mail


@sensitive_variables()
def _draft(
    user_id: Any,
    kind: str,
    facts: dict[str, Any],
    *,
    subject: str = "",
    language: str = "",
    secrets: dict[str, str] | None = None,
    of_use: timedelta = OF_USE,
) -> Mail:
    now = clock.now()
    mail = Mail(user_id=user_id, kind=kind, subject=subject, facts=facts, created_at=now, due_at=now)
    mail.language = language or django_settings.LANGUAGE_CODE
    mail.expires_at = clock.now(of_use)
    if secrets:
        mail.secrets = Sealed.seal(json.dumps(secrets), mail.place("secrets"))
    return mail
