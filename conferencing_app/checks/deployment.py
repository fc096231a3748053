"""Checks of what matters once people use the site: ``check --deploy``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from celery import current_app
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning

from conferencing_app import conf
from conferencing_app.checks.knobs import fits
from conferencing_app.checks.people import check_mail_server
from conferencing_app.conf import settings


def check_deployment() -> Iterator[CheckMessage]:
    if str(settings.BASE_URL).startswith("http:"):
        yield Warning(
            "CONFERENCING_BASE_URL is not https: providers refuse it, or codes travel unencrypted.",
            hint=f'CONFERENCING_BASE_URL = "https:{settings.BASE_URL[5:]}"',
            id="conferencing.W010",
        )
    durations = (settings.LEASE_SECONDS, settings.CONNECT_TIMEOUT_SECONDS, settings.READ_TIMEOUT_SECONDS)
    if all(fits(value, 1.0) for value in durations) and durations[0] <= durations[1] + durations[2]:
        yield Warning(
            "CONFERENCING_LEASE_SECONDS is shorter than a call may take: two workers may work on the same row.",
            hint=f"CONFERENCING_LEASE_SECONDS = {conf.Settings.__dict__['LEASE_SECONDS']}",
            id="conferencing.W011",
        )
    yield from check_mail_server()
    for wrong, number, message, hint in _celery_advice(current_app.conf):
        if wrong:
            yield Warning(message, hint=f"{hint}  (with Celery's namespace CELERY)", id=f"conferencing.{number}")


def _celery_advice(celery: Any) -> Iterator[tuple[bool, str, str, str]]:
    """What to say when: (whether it applies, number, message, hint)."""
    broker = str(celery.broker_write_url or celery.broker_url or "")
    transport = celery.broker_transport_options or {}
    yield (
        bool(celery.task_always_eager),
        "W020",
        "Celery runs tasks eagerly: no worker is told of new work, it waits until one looks by itself.",
        "CELERY_TASK_ALWAYS_EAGER = False",
    )
    yield (
        not set(celery.accept_content) <= {"json", "application/json"},
        "W021",
        "Celery workers accept more than JSON: whoever reaches the broker could run code.",
        'CELERY_ACCEPT_CONTENT = ["json"]',
    )
    yield (
        bool(broker) and celery.broker_connection_retry_on_startup is False,
        "W022",
        "A Celery worker gives up when the broker is down at its start, and then does not look for work either.",
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True",
    )
    yield (
        broker.startswith(("amqp", "pyamqp")) and not transport.get("confirm_publish"),
        "W023",
        "RabbitMQ is not asked to confirm messages: one that it never kept counts as sent.",
        'CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}',
    )
    yield (
        broker.startswith("filesystem") and not django_settings.DEBUG,
        "W024",
        "Messages are files: Kombu's filesystem transport is for development, on one machine.",
        'CELERY_BROKER_URL = "redis://127.0.0.1:6379/0"',
    )
