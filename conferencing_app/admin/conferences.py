"""Conferences, for support: what an event should have, what people are shown, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_value
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from conferencing_app import services
from conferencing_app.admin import health, news, overview, search
from conferencing_app.admin.filters import CauseFilter, ConferenceProviderFilter, WaitingFilter
from conferencing_app.admin.health import Glance
from conferencing_app.admin.objectpage import ObjectPageAdmin, Related, Tool
from conferencing_app.models import Attempt, Conference, Meeting
from conferencing_app.models.conference import ConferenceQuerySet

State = Conference.State
NOTHING = "–"


@admin.register(Conference)
class ConferenceAdmin(ObjectPageAdmin):
    list_display = ["public_id", "health", "event", "owner", "provider_alias", "cause_code", "start", "due_at"]
    list_filter = ["state", ConferenceProviderFilter, CauseFilter, WaitingFilter, "created_at"]
    list_select_related = ["owner", "lane"]
    search_hint = _(
        "A person, an event (“booking 12”), words of its title, a meeting's number, a join link, or a reference"
    )
    ordering = ["-pk"]
    actions = ["try_now"]
    fieldsets = [
        (None, {"fields": ["public_id", "event", "owner", "summary", "start"]}),
        (_("Shown"), {"fields": [
            "health", "why", "who_can_act", "cause_since", "next_try", "provider_alias", "join_url",
        ]}),
        (_("Wanted"), {"classes": ["collapse"], "fields": [
            "end", "tzid", "cancelled", "profile_request", "explicit_join_url", "event_cause", "event_deleted", "stale",
        ]}),
        (_("Work"), {"classes": ["collapse"], "fields": [
            "lane", "created_at", "assigned_at", "due_at", "attempts", "lease_until", "version",
        ]}),
    ]  # fmt: skip

    # Columns -----------------------------------------------------------------

    @admin.display(description=_("event"), ordering="event_model")
    def event(self, conference: Conference) -> str | SafeString:
        name = f"{conference.event_model} {conference.event_key}"
        url = self._event_url(conference)
        return format_html('<a href="{}">{}</a>', url, name) if url else name

    @admin.display(description=_("health"), ordering="state")
    def health(self, conference: Conference) -> SafeString:
        return health.of_conference(conference).badge

    @admin.display(description=_("provider"), ordering="provider")
    def provider_alias(self, conference: Conference) -> str:
        """Also of one that has no link yet."""
        return conference.provider_alias or NOTHING

    @admin.display(description=_("cause"))
    def why(self, conference: Conference) -> str:
        told = services.explain.explain_to_staff(conference)
        return f"{told.sentence} ({told.code})" if told else NOTHING

    @admin.display(description=_("who can act"))
    def who_can_act(self, conference: Conference) -> Any:
        told = services.explain.explain_to_staff(conference)
        return health.WHO_CAN_ACT[told.actor] if told else NOTHING

    @admin.display(description=_("next try"))
    def next_try(self, conference: Conference) -> Any:
        explanation = services.explain.explain(conference)
        if explanation is not None and explanation.trying_now:
            return _("now")
        return display_for_value(conference.due_at, NOTHING)

    # Finding -----------------------------------------------------------------

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        made = [meetings.values_list("conference", flat=True) for meetings in search.meetings(term)]
        named = [conferences.values_list("pk", flat=True) for conferences in _called(term)]
        return {"pk": [*named, *made], "lane": [search.profiles(term).values_list("pk", flat=True)]}

    def containing(self, word: str) -> Q:
        found = Q(summary__icontains=word) | Q(owner__in=search.people(word))
        return found | Q(join_url__icontains=word) if "/" in word else found

    # Pages -------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path(
                "overview/",
                site.admin_view(self.overview_view),
                name=overview.NAME,
            ),
            path(
                "<int:pk>/try-now/",
                site.admin_view(self.try_now_view),
                name="conferencing_app_conference_try_now",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "glance": self._glance() if self.has_view_permission(request) else [],
            "all_well": _("Nothing is waiting."),
            "tools": [Tool(_("Overview"), reverse(f"{self.admin_site.name}:{overview.NAME}"), posts=False)],
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def tools(self, request: HttpRequest, obj: Conference) -> Iterator[Tool]:
        explanation = services.explain.explain(obj)
        if explanation is not None and explanation.can_try_now and self.has_try_now_permission(request):
            yield Tool(explanation.try_label, self.object_url(obj.pk, "try_now"))

    def related(self, request: HttpRequest, obj: Conference) -> Iterator[Related | None]:
        made = Meeting.objects.filter(conference=obj).select_related("profile").order_by("-pk")
        columns = ["marker", "meeting_id", "profile", "state", "cause_code", "created_at", "gone_at"]
        yield self.rows_of(request, _("Meetings"), made, columns, conference__id__exact=obj.pk)
        calls = Attempt.objects.filter(conference=obj).order_by("-pk")
        columns = ["started_at", "provider", "operation", "health", "status", "cause_code", "request_id"]
        yield self.rows_of(request, _("Attempts"), calls, columns, conference__id__exact=obj.pk)
        yield from news.tables_of(self, request, obj.public_id)

    @method_decorator(require_GET)
    def overview_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return overview.answer(request, self)

    # Trying ------------------------------------------------------------------

    def has_try_now_permission(self, request: HttpRequest) -> bool:
        """Staff who only may view cannot start work."""
        return request.user.has_perm("conferencing_app.try_now_conference")

    @admin.action(description=_("Try the selected conferences now"), permissions=["try_now"])
    def try_now(self, request: HttpRequest, queryset: ConferenceQuerySet) -> None:
        woken = services.retrying.try_now(queryset, by=request.user)
        count = woken.count()
        text = ngettext("%(count)d conference is tried now.", "%(count)d conferences are tried now.", count)
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

    @method_decorator(require_POST)
    def try_now_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_try_now_permission(request)):
            raise PermissionDenied
        conference = get_object_or_404(Conference, pk=pk)
        self.try_now(request, Conference.objects.filter(pk=conference.pk))
        return HttpResponseRedirect(self.object_url(pk))

    def _glance(self) -> list[Glance]:
        counted = Conference.objects.filter(state__in=[State.FAILING, State.PENDING]).values_list("state")
        counts = dict(counted.annotate(Count("pk")))
        kinds = ((State.FAILING, health.FAILING), (State.PENDING, health.BEING_MADE))
        return [(kind, counts[state], f"?state__exact={state}") for state, kind in kinds if counts.get(state)]

    def _event_url(self, conference: Conference) -> str:
        """The event's own page in the admin, where the site has one; empty where not."""
        try:
            options = apps.get_model(conference.event_model)._meta
            name = f"{self.admin_site.name}:{options.app_label}_{options.model_name}_change"
            return reverse(name, args=[conference.event_key])
        except (LookupError, ValueError, NoReverseMatch):
            return ""


def _called(term: str) -> list[QuerySet]:
    return [search.conferences(term), search.events(term)]
