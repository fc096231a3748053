"""Profiles, for support: who has linked what, and whether it works. The grant itself is on no page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conferencing_app import clock, services
from conferencing_app.admin import health, news, search
from conferencing_app.admin.accountactions import AccountActions, without_transaction
from conferencing_app.admin.filters import ProfileCauseFilter, ProviderFilter
from conferencing_app.admin.health import Glance
from conferencing_app.admin.objectpage import Related, Tool
from conferencing_app.models import Attempt, Conference, ConferencingProfile, Meeting
from conferencing_app.providers import registry

State = ConferencingProfile.State


@admin.register(ConferencingProfile)
class ConferencingProfileAdmin(AccountActions):
    list_display = [
        *("public_id", "health", "user", "provider", "account_label", "waiting_events", "cause", "is_default"),
        "linked_at",
    ]
    list_filter = ["state", ProviderFilter, ProfileCauseFilter, "linked_at"]
    list_select_related = ["user"]
    search_hint = _("A person, an account, an event (“booking 12”), a meeting's number, a join link, a reference")
    ordering = ["-pk"]
    fieldsets = [
        (None, {"fields": ["public_id", "user", "provider", "account_label", "name", "is_default"]}),
        (_("Health"), {"fields": ["health", "why", "waiting_events", "linked_at", "checked_at", "paused_until"]}),
        (_("Work"), {"classes": ["collapse"], "fields": ["due_at", "attempts", "lease_until"]}),
    ]

    # Columns -----------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        waiting = awaited_meetings().filter(profile=OuterRef("pk")).order_by().values("profile")
        counted = waiting.annotate(count=Count("conference", distinct=True)).values("count")
        return super().get_queryset(request).annotate(waiting_count=Coalesce(Subquery(counted), 0))

    @admin.display(description=_("health"), ordering="state")
    def health(self, profile: ConferencingProfile) -> SafeString:
        return health.of_profile(profile).badge

    @admin.display(description=_("events that wait for it"))
    def waiting_events(self, profile: Any) -> int:
        return profile.waiting_count

    @admin.display(description=_("cause"))
    def why(self, profile: ConferencingProfile) -> str:
        return services.explain.explain_profile(profile) or "–"

    # Finding -----------------------------------------------------------------

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        accounts = [term, *(f"{alias}:{term}" for alias in registry.aliases())]
        theirs = ConferencingProfile.objects.filter(account_key__in=accounts)
        made = [meetings.values_list("profile", flat=True) for meetings in search.meetings(term)]
        concerned = [
            found.filter(lane__isnull=False).values_list("lane", flat=True)
            for found in (search.conferences(term), search.events(term))
        ]
        named = [found.values_list("pk", flat=True) for found in (search.profiles(term), theirs)]
        return {"pk": [*named, *made, *concerned]}

    def containing(self, word: str) -> Q:
        return Q(account_label__icontains=word) | Q(name__icontains=word) | Q(user__in=search.people(word))

    # Pages -------------------------------------------------------------------

    @without_transaction
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "glance": self._glance() if self.has_view_permission(request) else [],
            "all_well": _("No account has to be linked again."),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def tools(self, request: HttpRequest, obj: ConferencingProfile) -> Iterator[Tool]:
        if obj.is_linked and self.has_test_permission(request):
            yield Tool(_("Test"), self.object_url(obj.pk, "test"))
        if obj.relink_url and self.has_send_relink_mail_permission(request):
            yield Tool(_("Send the mail that asks to link again"), self.object_url(obj.pk, "send_relink_mail"))
        if obj.connected and self.has_disconnect_permission(request):
            yield Tool(_("Disconnect…"), self.object_url(obj.pk, "disconnect"), posts=False)

    def related(self, request: HttpRequest, obj: ConferencingProfile) -> Iterator[Related | None]:
        awaited = awaited_meetings().filter(profile=obj).values("conference")
        waiting = Conference.objects.filter(pk__in=awaited).select_related("owner").order_by("start", "pk")
        columns = ["public_id", "event", "owner", "health", "start", "due_at"]
        filters = {"lane__id__exact": obj.pk, "state__in": "failing,pending"}
        yield self.rows_of(request, _("Events that wait for it"), waiting, columns, **filters)
        calls = Attempt.objects.filter(profile=obj).order_by("-pk")
        columns = ["started_at", "operation", "health", "status", "cause_code", "request_id"]
        yield self.rows_of(request, _("Attempts"), calls, columns, profile__id__exact=obj.pk)
        yield from news.tables_of(self, request, obj.public_id)

    def _glance(self) -> list[Glance]:
        count = ConferencingProfile.objects.filter(state=State.DISCONNECTED).count()
        return [(health.LINK_AGAIN, count, f"?state__exact={State.DISCONNECTED}")] if count else []


def awaited_meetings() -> QuerySet[Meeting]:
    """Meetings that are still to be made, for events that are not over."""
    not_made = [Meeting.State.PLANNED, Meeting.State.SENT]
    ahead = Q(conference__end=None) | Q(conference__end__gt=clock.now())
    missing = Q(conference__state__in=[Conference.State.PENDING, Conference.State.FAILING])
    return Meeting.objects.filter(ahead, missing, state__in=not_made)
