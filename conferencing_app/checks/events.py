"""Checks of the models whose events get conferences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import router

from conferencing_app.conf import settings
from conferencing_app.registration import field_for, registered_models


def check_models() -> Iterator[CheckMessage]:
    for model in registered_models():
        field: Any = field_for(model)
        if getattr(field, "mti_inherited", False):
            continue  # checked where it is declared
        yield from field.check()
        alias = router.db_for_write(model)
        if alias != settings.DATABASE:
            yield Warning(
                f"{model._meta.label} is saved in the database {alias!r}, conferences in {settings.DATABASE!r}: "
                "a crash right after the event's commit leaves its conference unwritten.",
                hint=f"Run now and then: manage.py conferencing_backfill {model._meta.label}",
                obj=model,
                id="conferencing.W003",
            )
