"""What the app's own tables show: keys that are gone, work that nobody does, accounts that can't be used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count

from conferencing_app import clock, mails
from conferencing_app.conf import settings
from conferencing_app.doctor.finding import ERROR, WARNING, Finding
from conferencing_app.exceptions import KeyUnavailable
from conferencing_app.models import ConferencingProfile, Grant, Mail
from conferencing_app.providers import registry
from conferencing_app.providers.base import Provider
from conferencing_app.providers.types import Tokens
from conferencing_app.services import rotation, status, workers

# Workers look every few seconds: work that has been due for so long is not done.
OVERDUE = timedelta(minutes=5)
# Who is named at most.
MOST_PEOPLE = 20
# By how much clocks may differ: what providers send is refused for its age after five minutes.
MOST_SKEW = timedelta(seconds=60)


def keys_in_use() -> Iterator[Finding]:
    try:
        missing = rotation.missing_keys() if settings.ENCRYPTION_KEYS else {}
    except KeyUnavailable:
        return  # said by the checks, as it is that there is none
    for key, count in missing.items():
        yield Finding(
            "conferencing.D005",
            ERROR,
            f"{count} stored secrets are sealed with the key {key}, which CONFERENCING_ENCRYPTION_KEYS does not hold.",
            "Put that key back at the end of CONFERENCING_ENCRYPTION_KEYS; without it people have to link again.",
        )


def work() -> Iterator[Finding]:
    """Work that is not done; and, on a site that people use, nobody to do it."""
    now = status.status()
    late = [queue for queue in now.queues if queue.late_seconds > OVERDUE.total_seconds()]
    due = ", ".join(f"{queue.name} ({queue.due})" for queue in late)
    if not now.workers and (late or not django_settings.DEBUG):
        message = "No worker is seen: nothing is made." + (f" Due for more than 5 minutes: {due}." if late else "")
        hint = f"{workers.WITHOUT_BROKER}  (or a Celery worker of this site, or conferencing_drain from cron)"
        yield Finding("conferencing.D008", ERROR, message, hint)
    elif late:
        message = f"The workers do not keep up: due for more than 5 minutes: {due}."
        yield Finding("conferencing.D006", ERROR, message, "Start more workers, or look at what they log.")


def people_without_address() -> Iterator[Finding]:
    """Those whom a mail could not reach lately, and cannot yet."""
    missed = Mail.objects.using(settings.DATABASE).filter(state=Mail.State.NO_ADDRESS)
    people = get_user_model()._default_manager.using(settings.DATABASE).filter(pk__in=missed.values("user"))
    lacking = [str(person.pk) for person in people[:MOST_PEOPLE] if not mails.address_of(person)]
    if lacking:
        yield Finding(
            "conferencing.D007",
            WARNING,
            f"Mails had no address to go to: those to the users with the ids {', '.join(lacking)}.",
            'CONFERENCING_CONTACT_ADDRESS = "yoursite.people.contact_address"  # or give them an e-mail address',
        )


def clocks() -> Iterator[Finding]:
    skew = clock.about_now() - clock.read(settings.DATABASE)
    if abs(skew) > MOST_SKEW:
        seconds = round(skew.total_seconds())
        message = f"The clocks of this machine and of the database differ by {abs(seconds)} seconds."
        yield Finding("conferencing.D012", ERROR, message, "timedatectl set-ntp true  (on both machines)")


def accounts() -> Iterator[Finding]:
    """Accounts that are linked and can't be used as they are: by provider, and by what was granted."""
    linked = ConferencingProfile.objects.using(settings.DATABASE).linked().order_by().values_list("provider")
    for alias, count in linked.annotate(Count("pk")):
        try:
            provider = registry.get(alias)
        except ImproperlyConfigured:
            if alias not in registry.aliases():
                yield _without_provider(alias, count)
            continue  # else said by the checks
        yield from _grants(alias, provider)


def _without_provider(alias: str, count: int) -> Finding:
    message = f"{count} linked accounts are of {alias!r}, which CONFERENCING_PROVIDERS does not have."
    hint = (
        f'CONFERENCING_PROVIDERS = {{{alias!r}: {{"BACKEND": "…", "OPTIONS": {{…}}}}}}  # beside those that are there'
    )
    return Finding("conferencing.D018", ERROR, message, hint)


def _grants(alias: str, provider: Provider) -> Iterator[Finding]:
    linked = ConferencingProfile.objects.using(settings.DATABASE).linked().filter(provider=alias)
    usable = Grant.objects.using(settings.DATABASE).filter(profile__in=linked)
    lacking: dict[str, int] = {}
    unsuitable: dict[str, int] = {}
    for granted, count in usable.order_by().values_list("scopes").annotate(Count("pk")):
        scopes = frozenset(granted.split()) or None
        if missing := _missing(provider, scopes):
            names = ", ".join(sorted(missing))
            lacking[names] = lacking.get(names, 0) + count
        elif problem := provider.unsuitable(scopes or frozenset()):
            unsuitable[problem] = unsuitable.get(problem, 0) + count
    for names, count in lacking.items():
        message = f"{count} accounts linked at {provider.label} do not allow all that is needed: {names}."
        hint = f"Add these to the scopes of your app at {provider.label}; then those people link again: {names}"
        yield Finding("conferencing.D013", ERROR, message, hint)
    for problem, count in unsuitable.items():
        message = f"{count} accounts linked at {provider.label}: {problem}"
        yield Finding("conferencing.D014", WARNING, message, provider.registration)


def _missing(provider: Provider, scopes: Any) -> frozenset[str]:
    if provider.oauth is None:
        return frozenset()
    return provider.oauth.missing_scopes(Tokens(access_token="", expires_in=0, scopes=scopes))


LOOKS = (clocks, keys_in_use, work, accounts, people_without_address)
