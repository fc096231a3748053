"""Asking the doctor."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from django.core.management import call_command
from django.core.management.base import CommandError

from conferencing_app.doctor import findings


def examine(*arguments: str) -> tuple[str, str]:
    """What the doctor says, and the error that it ends with."""
    out = io.StringIO()
    try:
        call_command("conferencing_doctor", *arguments, stdout=out, stderr=out, no_color=True)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def found() -> list[str]:
    return [finding.id.removeprefix("conferencing.") for finding in findings.findings()]


@contextmanager
def celery_with(**values: Any) -> Iterator[None]:
    before = {name: current_app.conf[name] for name in values}
    current_app.conf.update(values)
    try:
        yield
    finally:
        current_app.conf.update(before)
