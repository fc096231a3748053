"""The overview: what was made, waited and failed lately, as pictures and as a table, and what waits at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from conferencing_app import causes, clock
from conferencing_app.admin import health
from conferencing_app.admin.overview.chart import COLOURS, Chart, draw
from conferencing_app.providers import registry
from conferencing_app.services import workers
from conferencing_app.services.timeline import Series, Timeline, Waiting, timeline, waiting_now


@dataclass(frozen=True)
class Span:
    """A range to choose: so many stretches of so many hours; 24 divide into them."""

    label: Any
    hours: int
    count: int
    format: str

    def edges(self, now: datetime) -> list[datetime]:
        """The moments between the stretches, in the site's zone; the last one is ahead."""
        local = timezone.localtime(now)
        begun = datetime.combine(local.date(), time(local.hour - local.hour % self.hours))
        steps = [begun + timedelta(hours=self.hours * (number - self.count + 1)) for number in range(self.count + 1)]
        return [timezone.make_aware(step) for step in steps]


SPANS = {
    "24h": Span(_("24 hours"), 1, 24, "TIME_FORMAT"),
    "7d": Span(_("7 days"), 6, 28, "SHORT_DATETIME_FORMAT"),
    "30d": Span(_("30 days"), 24, 30, "SHORT_DATE_FORMAT"),
}
DEFAULT = "24h"


@dataclass(frozen=True)
class Panel:
    """One of the charts, what it shows, and its numbers by provider summed up in words."""

    key: str
    title: Any
    meaning: Any
    summary: str
    chart: Chart


def answer(request: HttpRequest, shown_by: ModelAdmin) -> HttpResponse:
    """The page, for whoever may see conferences."""
    chosen = request.GET.get("range", DEFAULT)
    chosen = chosen if chosen in SPANS else DEFAULT
    span = SPANS[chosen]
    seen = timeline(span.edges(clock.about_now()))
    providers = sorted({*seen.made, *seen.waiting, *seen.failing})
    context = {
        **shown_by.admin_site.each_context(request),
        "title": _("Overview"),
        "opts": shown_by.opts,
        "media": shown_by.media,
        "spans": [{"value": value, "label": one.label, "chosen": value == chosen} for value, one in SPANS.items()],
        "panels": panels(seen, providers, labels_of(seen.edges, span)),
        "legend": [{"label": label_of(name), "colour": number % COLOURS} for number, name in enumerate(providers)],
        "heads": [label_of(name) for name in providers],
        "rows": table(seen, providers, span),
        "waiting": [line(one) for one in waiting_now()],
        "workers": list(workers.running()),
        "no_worker": causes.get(causes.NO_WORKER).sentence,
        "command": workers.command_to_type(),
    }
    return TemplateResponse(request, "admin/conferencing_app/overview.html", context)


def panels(seen: Timeline, providers: Sequence[str], labels: Sequence[str]) -> list[Panel]:
    parts: tuple[tuple[str, Any, Any, Series], ...] = (
        ("made", _("Made"), _("Events that got their link."), seen.made),
        ("waiting", _("Waiting"), _("Events without a link, at the end of each stretch."), seen.waiting),
        ("failing", _("Failing"), _("Events for which a call to a provider failed."), seen.failing),
    )
    return [
        Panel(key, title, meaning, summary(series, providers, labels), draw(series, providers, labels))
        for key, title, meaning, series in parts
    ]


def summary(series: Series, providers: Sequence[str], labels: Sequence[str]) -> str:
    """What the picture tells at a glance: its highest column, and its last."""
    totals = [sum(series[name][number] for name in providers if name in series) for number in range(len(labels))]
    most = max(totals)
    about = {"most": most, "when": labels[totals.index(most)], "last": totals[-1]}
    return _("At most %(most)d (%(when)s), and %(last)d in the last stretch.") % about


def table(seen: Timeline, providers: Sequence[str], span: Span) -> list[dict[str, Any]]:
    """The same numbers, the latest first: for each stretch those of the three series by provider."""
    series = (seen.made, seen.waiting, seen.failing)
    rows = [
        {"from": label, "cells": [one[name][number] if name in one else 0 for one in series for name in providers]}
        for number, label in enumerate(labels_of(seen.edges, span))
    ]
    return rows[::-1]


def labels_of(edges: Sequence[datetime], span: Span) -> list[str]:
    """How each stretch is called: by its beginning."""
    return [formats.date_format(timezone.localtime(begun), span.format) for begun, _end in pairwise(edges)]


def label_of(alias: str) -> str:
    return registry.label(alias) if alias else str(_("no account yet"))


def line(waiting: Waiting) -> dict[str, Any]:
    """A reason for which events wait, and the list of them."""
    cause = causes.get(waiting.cause_code).told_of(registry.label(waiting.provider) if waiting.provider else "")
    failing = bool(waiting.cause_code)
    return {
        "health": health.BY_WHO_CAN_ACT.get(cause.actor, health.FAILING) if failing else health.BEING_MADE,
        "sentence": cause.sentence if failing else "",
        "code": waiting.cause_code,
        "provider": label_of(waiting.provider),
        "count": waiting.count,
        "state": waiting.state,
    }
