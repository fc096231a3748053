"""A person asks to have it tried now."""

from __future__ import annotations

from conferencing_app import causes, doorbell
from conferencing_app.conf import settings
from conferencing_app.models.conference import ConferenceQuerySet
from conferencing_app.services.explain import can_try_now


def try_now(conferences: ConferenceQuerySet) -> ConferenceQuerySet:
    """Make these due at once where trying can help; those that were.

    Those that wait for a person are left as they are, and a pause that the provider has asked for goes on.
    """
    codes = [code for code, cause in causes.CAUSES.items() if can_try_now(cause)]
    keys = list(conferences.filter(cause_code__in=codes).values_list("pk", flat=True))
    woken: ConferenceQuerySet = conferences.model.objects.filter(pk__in=keys)
    woken.filter(host_deletions__gt=0).update(host_deletions=0)  # somebody asks: it counts anew
    if woken.wake():
        doorbell.ring(settings.DATABASE)
    return woken
