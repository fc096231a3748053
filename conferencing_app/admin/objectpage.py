"""The page of one object: what may be done with it, its own columns, and the newest rows that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from conferencing_app.admin.search import FindingAdmin

MOST_ROWS = 50


class Tool(NamedTuple):
    """A button of the page, or a link where ``posts`` is False."""

    label: Any
    url: str
    posts: bool = True


class Row(NamedTuple):
    """``url`` is the row's own page."""

    url: str
    cells: list[Any]


class Related(NamedTuple):
    """Rows that belong to the object: at most MOST_ROWS; ``all_url`` is the list of all of them."""

    title: Any
    heads: list[str]
    rows: list[Row]
    all_url: str
    is_cut: bool


class ObjectPageAdmin(FindingAdmin):
    """Fills the app's ``change_form.html``."""

    def tools(self, request: HttpRequest, obj: Any) -> Iterator[Tool]:
        """What this person may do with the object now."""
        yield from ()

    def related(self, request: HttpRequest, obj: Any) -> Iterator[Related | None]:
        """The tables below the object's own columns; None where this person may not see the rows."""
        yield from ()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = context["original"]
        tables = [table for table in self.related(request, obj) if table is not None]
        context |= {"tools": list(self.tools(request, obj)), "tables": tables}
        return super().render_change_form(request, context, *args, **kwargs)

    def object_url(self, pk: Any, page: str = "change") -> str:
        return url_of(self, page, pk)

    def rows_of(
        self, request: HttpRequest, title: Any, rows: QuerySet, columns: Sequence[str], **filters: Any
    ) -> Related | None:
        """The first of these rows, by the columns of their own admin. ``filters`` are those of the list of all."""
        model = rows.model
        if not self.admin_site.is_registered(model):
            return None
        shown_by = self.admin_site.get_model_admin(model)
        if not shown_by.has_view_permission(request):
            return None
        found = list(rows[: MOST_ROWS + 1])
        return Related(
            title=title,
            heads=[str(label_for_field(name, model, shown_by)) for name in columns],
            rows=[Row(url_of(shown_by, "change", row.pk), _cells(row, columns, shown_by)) for row in found[:MOST_ROWS]],
            all_url=f"{url_of(shown_by, 'changelist')}?{urlencode(filters)}",
            is_cut=len(found) > MOST_ROWS,
        )


def url_of(shown_by: ModelAdmin, page: str, *arguments: Any) -> str:
    """The address of one of the model's pages in the admin."""
    options = shown_by.model._meta
    name = f"{shown_by.admin_site.name}:{options.app_label}_{options.model_name}_{page}"
    return reverse(name, args=arguments)


def _cells(row: Model, columns: Sequence[str], shown_by: ModelAdmin) -> list[Any]:
    empty = shown_by.get_empty_value_display()
    cells = []
    for name in columns:
        field, _attribute, value = lookup_field(name, row, shown_by)
        shown = display_for_value(value, empty) if field is None else display_for_field(value, field, empty)
        cells.append(shown if shown not in ("", None) else empty)
    return cells
