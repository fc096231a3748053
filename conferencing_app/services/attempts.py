"""Keeping what was called: one row for each operation that was carried out at a provider."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured

from conferencing_app import causes, clock, http
from conferencing_app.exceptions import AccessTokenExpired, Gone, ProviderError
from conferencing_app.http import Trace
from conferencing_app.models import Attempt
from conferencing_app.providers import registry

# Answers that the app goes on from by itself: nothing failed that anybody would have to look at.
NO_FAILURE = (AccessTokenExpired, Gone)


@dataclass(frozen=True)
class Made:
    """An operation and what was seen of it."""

    trace: Trace
    operation: str
    provider: str
    profile: int
    conference: int | None = None
    meeting: int | None = None


def keep(made: Iterable[Made], reading: clock.Reading, using: str) -> None:
    """Write down those that were begun, in one statement."""
    rows = [_row(each, reading.at(each.trace.begun_at)) for each in made if each.trace.begun_at is not None]
    if rows:
        Attempt.objects.using(using).bulk_create(rows)


def _row(made: Made, started_at: datetime) -> Attempt:
    trace, error = made.trace, made.trace.error
    known = error if isinstance(error, ProviderError) else ProviderError()
    return Attempt(
        conference_id=made.conference,
        meeting_id=made.meeting,
        profile_id=made.profile,
        provider=made.provider,
        operation=made.operation,
        started_at=started_at,
        milliseconds=round(trace.seconds * 1000),
        status=trace.status,
        cause_code="" if error is None or isinstance(error, NO_FAILURE) else causes.of(error),
        provider_code=known.code[: Attempt._meta.get_field("provider_code").max_length],
        request_id=known.request_id or http.request_id(trace.headers, _request_id_header(made.provider)),
    )


def _request_id_header(alias: str) -> str:
    try:
        return registry.get(alias).request_id_header
    except ImproperlyConfigured:
        return ""
