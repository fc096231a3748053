"""A person asks to have it tried now."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from conferencing_app import causes, doorbell
from conferencing_app.conf import settings
from conferencing_app.models.conference import ConferenceQuerySet
from conferencing_app.services.explain import can_try_now
from conferencing_app.services.recording import record


def try_now(conferences: ConferenceQuerySet, by: Any = None) -> ConferenceQuerySet:
    """Make these due at once where trying can help; those that were. ``by``: who of the staff does so, to be recorded.

    Those that wait for a person are left as they are, and a pause that the provider has asked for goes on.
    """
    codes = [code for code, cause in causes.CAUSES.items() if can_try_now(cause)]
    keys = list(conferences.filter(cause_code__in=codes).values_list("pk", flat=True))
    woken: ConferenceQuerySet = conferences.model.objects.filter(pk__in=keys)
    with transaction.atomic(using=settings.DATABASE):
        woken.filter(host_deletions__gt=0).update(host_deletions=0)  # somebody asks: it counts anew
        if woken.wake():
            doorbell.ring(settings.DATABASE)
        if by is not None:
            record(by, woken, _("Had it tried now."))
    return woken
