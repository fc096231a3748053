"""What is wrong with this site: found without asking anybody but its own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import global_settings
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from conferencing_app import clock, mails
from conferencing_app.conf import settings
from conferencing_app.doctor import lines
from conferencing_app.exceptions import KeyUnavailable
from conferencing_app.models import Mail
from conferencing_app.models.work import DueWork
from conferencing_app.services import linking, rotation

ERROR, WARNING = "error", "warning"
APP = "conferencing_app"
# Workers look every few seconds: work that has been due for so long has nobody who does it.
OVERDUE = timedelta(minutes=5)
# Who is named at most.
MOST_PEOPLE = 20


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. ``level`` is "error" or "warning", ``hint`` the line to paste or to run."""

    id: str
    level: str
    message: str
    hint: str


def findings() -> list[Finding]:
    """All that is wrong, in the order in which it is best mended."""
    return [finding for look in LOOKS for finding in look()]


def callbacks() -> dict[str, str]:
    """The address to register with each configured provider, by its alias; empty while there is none."""
    try:
        return {alias: linking.redirect_uri(alias) for alias in settings.PROVIDERS if settings.BASE_URL}
    except NoReverseMatch:
        return {}


def system_checks() -> Iterator[Finding]:
    """What ``manage.py check`` says of this app; outside of DEBUG what ``check --deploy`` says as well."""
    for message in checks.run_checks(include_deployment_checks=not django_settings.DEBUG):
        number = str(message.id)
        if number.startswith("conferencing.") and not message.is_silenced():
            level = ERROR if message.is_serious() else WARNING
            yield Finding(number, level, str(message.msg), str(message.hint or ""))


def pages() -> Iterator[Finding]:
    try:
        reverse("conferencing:profiles")
    except NoReverseMatch:
        message = "The app's pages are not in ROOT_URLCONF: nobody can link an account."
        yield Finding("conferencing.D001", ERROR, message, f"In urlpatterns: {lines.URLS}")


def sign_in() -> Iterator[Finding]:
    """Django's own LOGIN_URL, unless the site has a page there, leads people who want to link into nothing."""
    if django_settings.LOGIN_URL != global_settings.LOGIN_URL:
        return
    try:
        resolve(resolve_url(django_settings.LOGIN_URL))
    except Resolver404:
        message = "LOGIN_URL leads nowhere: people who are not signed in find no page when they want to link."
        yield Finding("conferencing.D002", WARNING, message, 'LOGIN_URL = "/admin/login/"  # or your own page')


def database() -> Iterator[Finding]:
    """The app's tables, and what is in them."""
    connection = connections[settings.DATABASE]
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan([node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]):
            message = "The app's tables are not there, or not up to date."
            yield Finding("conferencing.D003", ERROR, message, "manage.py migrate")
            return
        yield from keys_in_use()
        yield from overdue()
        yield from people_without_address()
    except DatabaseError as error:
        message = f"The database {settings.DATABASE!r} does not answer ({type(error).__name__})."
        yield Finding("conferencing.D004", ERROR, message, f"Look at DATABASES[{settings.DATABASE!r}]")


def keys_in_use() -> Iterator[Finding]:
    try:
        missing = rotation.missing_keys()
    except KeyUnavailable:
        return  # said by the checks
    for key, count in missing.items():
        yield Finding(
            "conferencing.D005",
            ERROR,
            f"{count} stored secrets are sealed with the key {key}, which CONFERENCING_ENCRYPTION_KEYS does not hold.",
            "Put that key back at the end of CONFERENCING_ENCRYPTION_KEYS; without it people have to link again.",
        )


def overdue() -> Iterator[Finding]:
    kinds: list[Any] = [model for model in apps.get_app_config(APP).get_models() if issubclass(model, DueWork)]
    late = Q(due_at__lt=clock.now(-OVERDUE))
    count = sum(kind.objects.using(settings.DATABASE).free().filter(late).count() for kind in kinds)
    if count:
        minutes = int(OVERDUE.total_seconds() / 60)
        yield Finding(
            "conferencing.D006",
            ERROR,
            f"Nobody does the work: {count} tasks have been due for more than {minutes} minutes.",
            "manage.py conferencing_worker  (or a Celery worker of this site, or conferencing_drain from cron)",
        )


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


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (system_checks, pages, sign_in, database)
