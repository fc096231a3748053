"""Meetings, for support: each real object at a provider that the app made. The host link is sealed and stays so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conferencing_app.admin import search
from conferencing_app.admin.filters import CauseFilter, MeetingProviderFilter
from conferencing_app.admin.objectpage import ObjectPageAdmin, Related
from conferencing_app.models import Attempt, ConferencingProfile, Meeting


@admin.register(Meeting)
class MeetingAdmin(ObjectPageAdmin):
    list_display = ["marker", "meeting_id", "provider", "state", "conference", "profile", "cause_code", "ends_at"]
    list_filter = ["state", MeetingProviderFilter, CauseFilter, "created_at"]
    list_select_related = ["conference", "profile"]
    search_hint = _("A person, an event (“booking 12”), a meeting's number, a join link, or a reference")
    ordering = ["-pk"]
    fields = [
        "marker",
        "conference",
        "profile",
        "state",
        "cause_code",
        "retry_at",
        "meeting_id",
        "join_url",
        "ends_at",
        "created_at",
        "sent_at",
        "live_at",
        "gone_at",
    ]

    @admin.display(description=_("provider"), ordering="profile__provider")
    def provider(self, meeting: Meeting) -> str:
        return meeting.profile.provider

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        return {
            "pk": [meetings.values_list("pk", flat=True) for meetings in search.meetings(term)],
            "conference": [
                found.values_list("pk", flat=True) for found in (search.conferences(term), search.events(term))
            ],
            "profile": [search.profiles(term).values_list("pk", flat=True)],
        }

    def containing(self, word: str) -> Q:
        theirs = ConferencingProfile.objects.filter(user__in=search.people(word)).values("pk")
        return Q(profile__in=theirs) | Q(join_url__icontains=word) if "/" in word else Q(profile__in=theirs)

    def related(self, request: HttpRequest, obj: Meeting) -> Iterator[Related | None]:
        # By way of its conference, which has an index there.
        calls = Attempt.objects.filter(conference=obj.conference_id, meeting=obj).order_by("-pk")
        columns = ["started_at", "operation", "health", "status", "cause_code", "request_id"]
        filters = {"conference__id__exact": obj.conference_id, "meeting__id__exact": obj.pk}
        yield self.rows_of(request, _("Attempts"), calls, columns, **filters)
