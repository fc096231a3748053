"""What is wrong with this site: found without asking anybody but its own database."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.urls import NoReverseMatch

from conferencing_app import conf
from conferencing_app.conf import settings
from conferencing_app.doctor import rows, site
from conferencing_app.doctor.finding import ERROR, WARNING, Finding, Look
from conferencing_app.providers import registry
from conferencing_app.services import linking

APP = "conferencing_app"


def findings() -> list[Finding]:
    """All that is wrong, in the order in which it is best mended."""
    return [finding for look in LOOKS for finding in look()]


def callbacks() -> dict[str, str]:
    """The address to register with each configured provider, by its alias; empty while there is none."""
    try:
        return {alias: linking.redirect_uri(alias) for alias in settings.PROVIDERS if settings.BASE_URL}
    except NoReverseMatch:
        return {}


def registrations() -> dict[str, str]:
    """What kind of app each provider wants registered, by its alias; of those that are set up and say so."""
    found = {}
    for alias in () if conf.sandbox_url() else registry.aliases():
        try:
            found[alias] = registry.get(alias).registration
        except ImproperlyConfigured:
            continue  # said by the checks
    return {alias: kind for alias, kind in found.items() if kind}


def system_checks() -> Iterator[Finding]:
    """What ``manage.py check`` says of this app; outside of DEBUG what ``check --deploy`` says as well."""
    for message in checks.run_checks(include_deployment_checks=not django_settings.DEBUG):
        number = str(message.id)
        if number.startswith("conferencing.") and not message.is_silenced():
            level = ERROR if message.is_serious() else WARNING
            yield Finding(number, level, str(message.msg), str(message.hint or ""))


def database() -> Iterator[Finding]:
    """The app's tables, and what is in them."""
    connection = connections[settings.DATABASE]
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan([node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]):
            message = "The app's tables are not there, or not up to date."
            yield Finding("conferencing.D003", ERROR, message, "manage.py migrate")
        elif django_settings.USE_TZ:  # without it no two times can be compared; said by the checks
            for look in rows.LOOKS:
                yield from look()
    except DatabaseError as error:
        message = f"The database {settings.DATABASE!r} does not answer ({type(error).__name__})."
        yield Finding("conferencing.D004", ERROR, message, f"Look at DATABASES[{settings.DATABASE!r}]")


LOOKS: tuple[Look, ...] = (system_checks, *site.LOOKS, database)
