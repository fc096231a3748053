"""Attempts, for support: each call to a provider, when it was, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conferencing_app.admin import health, search
from conferencing_app.admin.filters import CauseFilter, ProviderFilter
from conferencing_app.admin.search import FindingAdmin
from conferencing_app.models import Attempt, ConferencingProfile


@admin.register(Attempt)
class AttemptAdmin(FindingAdmin):
    list_display = [
        *("started_at", "provider", "operation", "health", "status", "cause_code", "milliseconds", "request_id"),
        *("conference", "profile"),
    ]
    list_filter = ["started_at", ProviderFilter, "operation", CauseFilter]
    list_select_related = ["conference", "profile"]
    search_hint = _("A person, an event (“booking 12”), a meeting's number, or a reference, the provider's too")
    ordering = ["-pk"]
    fields = [
        *("started_at", "milliseconds", "provider", "operation", "health", "status", "cause_code", "provider_code"),
        *("request_id", "conference", "meeting", "profile"),
    ]

    @admin.display(description=_("outcome"), ordering="cause_code")
    def health(self, attempt: Attempt) -> SafeString:
        return health.of_attempt(attempt).badge

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        made = [meetings.values_list("conference", flat=True) for meetings in search.meetings(term)]
        named = [found.values_list("pk", flat=True) for found in (search.conferences(term), search.events(term))]
        return {"conference": [*named, *made], "profile": [search.profiles(term).values_list("pk", flat=True)]}

    def containing(self, word: str) -> Q:
        theirs = ConferencingProfile.objects.filter(user__in=search.people(word)).values("pk")
        return Q(profile__in=theirs) | Q(request_id=word)
