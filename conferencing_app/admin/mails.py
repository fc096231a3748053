"""Mails to people, for support: which, when, and whether they went out. What they say is on no page."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conferencing_app.admin import health, search
from conferencing_app.admin.notifications import about_people, subjects_of
from conferencing_app.admin.objectpage import ObjectPageAdmin
from conferencing_app.admin.readonly import GoesWithItsPerson
from conferencing_app.models import Mail


@admin.register(Mail)
class MailAdmin(GoesWithItsPerson, ObjectPageAdmin):
    list_display = ["public_id", "kind", "user", "health", "subject", "created_at", "sent_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["user"]
    search_hint = _("A person, an event (“booking 12”), a meeting's number, or a reference")
    ordering = ["-pk"]
    fields = [
        *("public_id", "kind", "user", "subject", "language", "health", "created_at", "sent_at"),
        *("due_at", "attempts", "error", "expires_at"),
    ]

    @admin.display(description=_("health"), ordering="state")
    def health(self, mail: Mail) -> SafeString:
        return health.of_mail(mail).badge

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without what it says, which is sealed, or nobody's business."""
        return super().get_queryset(request).defer("facts", "secrets", "address_hash")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter in the address may feel its way along what a mail says, or to whom."""
        hidden = ("facts", "address_hash")
        return lookup.split("__")[0] not in hidden and super().lookup_allowed(lookup, value, request)

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        return {
            "subject": subjects_of(term),
            "pk": [Mail.objects.filter(public_id=term).values_list("pk", flat=True)],
        }

    def containing(self, word: str) -> Q:
        return Q(user__in=search.people(word)) | about_people(word)
