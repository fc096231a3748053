"""A person must link an account again: they are told by mail, and reminded while events of theirs wait for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings as django_settings
from django.utils import translation

from conferencing_app import clock, mails
from conferencing_app.models import ConferencingProfile, Mail
from conferencing_app.services.explain import explain_profile

# When a person is reminded, counted from when the account was disconnected.
REMIND_AFTER = (timedelta(days=3), timedelta(days=7))


def tell(profile: ConferencingProfile) -> None:
    """In the transaction in which the profile, as it is stored now, has become disconnected."""
    if profile.user_id is None:
        return
    ConferencingProfile.objects.filter(pk=profile.pk).update(
        disconnected_at=clock.now(), remind_at=clock.now(REMIND_AFTER[0])
    )
    send_relink_mail(profile)


def send_relink_mail(profile: ConferencingProfile) -> None:
    """Have the mail sent that says what happened and carries the way to link again.

    None goes out if the profile has been linked again, or unlinked, by then.
    """
    mails.post([relink_mail(profile)])


def relink_mail(profile: ConferencingProfile, *, reminder: bool = False) -> Mail:
    """That mail. A reminder goes out only if an event waits for the profile by then."""
    language = django_settings.LANGUAGE_CODE
    with translation.override(language):
        reason = explain_profile(profile)
    return mails.profile_disconnected(profile, reason, language, reminder=reminder)


def next_reminder(disconnected_at: datetime | None, now: datetime) -> datetime | None:
    """When to remind the person next; None after the last time."""
    if disconnected_at is None:
        return None
    return next((at for at in (disconnected_at + wait for wait in REMIND_AFTER) if at > now), None)
