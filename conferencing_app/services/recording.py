"""Who did what: each action of staff is seen in the history of what it was done to, in Django's admin."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import QuerySet

CHANGE = 2  # as django.contrib.admin.models has it, which can't be imported on a site without the admin


def record(user: Any, rows: QuerySet, what: Any) -> None:
    """Write down that this person did this to each of the rows; a site without the admin has nowhere to see it."""
    if apps.is_installed("django.contrib.admin"):
        apps.get_model("admin", "LogEntry").objects.log_actions(user.pk, rows, CHANGE, str(what))
