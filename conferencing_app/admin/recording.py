"""Who did what: each action of staff is seen in the history of what it was done to."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest


def record(request: HttpRequest, rows: QuerySet, what: Any) -> None:
    """Write down that the person of this request did this to each of the rows."""
    LogEntry.objects.log_actions(cast(int, request.user.pk), rows, CHANGE, str(what))
