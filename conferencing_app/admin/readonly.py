"""What the app's admin pages have in common: rows are looked at, never written or deleted by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest

from conferencing_app.fields import SealedField


class ReadOnlyAdmin(admin.ModelAdmin):
    """No adding, changing or deleting: a deleted row would leave a meeting at the provider that nobody owns."""

    list_per_page = 50
    show_full_result_count = False  # it counts the whole table

    class Media:
        css = {"all": ["conferencing_app/admin.css"]}

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """No filter in the address may feel its way along a sealed column."""
        return not _is_sealed(self.model, lookup) and super().lookup_allowed(lookup, value, request)


class GoesWithItsPerson(ReadOnlyAdmin):
    """Rows that are deleted with the person whose they are, and in no other way.

    Before it deletes a person, Django's admin asks the pages of all that goes along whether that may be deleted.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        match = request.resolver_match
        ours = f"{self.opts.app_label}_{self.opts.model_name}_"
        return obj is not None and match is not None and not (match.url_name or "").startswith(ours)


def _is_sealed(model: type[Model], lookup: str) -> bool:
    try:
        return isinstance(model._meta.get_field(lookup.split("__")[0]), SealedField)
    except FieldDoesNotExist:
        return False
