"""Endpoints, for support: where notifications are posted to, how that goes, and recovering what was missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import StrIndex, Substr
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from conferencing_app import clock, services
from conferencing_app.admin import health, search
from conferencing_app.admin.accountactions import without_transaction
from conferencing_app.admin.objectpage import ObjectPageAdmin, Related, Tool
from conferencing_app.admin.readonly import GoesWithItsPerson
from conferencing_app.conf import settings
from conferencing_app.models import Endpoint, NotificationDelivery
from conferencing_app.services.recording import record

# What a browser's own field for a moment sends.
MOMENT_FORMAT = "%Y-%m-%dT%H:%M"
# Of an address only what lies before its query is shown, and searched: some carry a secret there.
WITHOUT_QUERY = Case(When(url__contains="?", then=Substr("url", 1, StrIndex("url", Value("?")) - 1)), default="url")


class RecoverForm(forms.Form):
    """Since when what has not arrived is posted."""

    since = forms.DateTimeField(
        label=gettext_lazy("Since"),
        input_formats=[MOMENT_FORMAT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT),
    )

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        if since > clock.read(settings.DATABASE):
            raise ValidationError(_("Choose a moment that is over."), code="future")
        return since


@admin.register(Endpoint)
class EndpointAdmin(GoesWithItsPerson, ObjectPageAdmin):
    list_display = ["public_id", "health", "address", "user", "event", "scheme", "failing_since"]
    list_filter = ["enabled", "scheme", "created_at"]
    list_select_related = ["user"]
    search_hint = gettext_lazy("A person, a part of the address, an event (“booking 12”), or a reference")
    ordering = ["-pk"]
    actions = ["recover"]
    fieldsets = [
        (None, {"fields": ["public_id", "address", "user", "event", "types", "scheme", "created_at"]}),
        (gettext_lazy("Health"), {"fields": [
            "health", "enabled", "disabled_cause", "failing_since", "paused_until", "former_until",
        ]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(shown_address=WITHOUT_QUERY)

    @admin.display(description=gettext_lazy("address"))
    def address(self, endpoint: Any) -> str:
        return endpoint.shown_address

    @admin.display(description=gettext_lazy("event"), ordering="event_model")
    def event(self, endpoint: Endpoint) -> str:
        return f"{endpoint.event_model} {endpoint.event_key}".strip()

    @admin.display(description=gettext_lazy("health"), ordering="enabled")
    def health(self, endpoint: Endpoint) -> SafeString:
        return health.of_endpoint(endpoint).badge

    # Finding -----------------------------------------------------------------

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """No filter in the address may feel its way along what an endpoint's own address hides."""
        return lookup.split("__")[0] != "url" and super().lookup_allowed(lookup, value, request)

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        events = [(found.event_model, found.event_key) for found in search.events(term)]
        theirs = [Endpoint.objects.filter(event_model=model, event_key=key) for model, key in events]
        named = [Endpoint.objects.filter(public_id=term), *theirs]
        return {"pk": [found.values_list("pk", flat=True) for found in named]}

    def containing(self, word: str) -> Q:
        return Q(user__in=search.people(word)) | Q(shown_address__icontains=word)

    # Pages -------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.recover_view)
        ours = path("<int:pk>/recover/", view, name="conferencing_app_endpoint_recover")
        return [ours, *super().get_urls()]

    @without_transaction
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, extra_context)

    def tools(self, request: HttpRequest, obj: Endpoint) -> Iterator[Tool]:
        if obj.enabled and self.has_recover_permission(request):
            yield Tool(_("Post what was missed…"), self.object_url(obj.pk, "recover"), posts=False)

    def related(self, request: HttpRequest, obj: Endpoint) -> Iterator[Related | None]:
        columns = ["told", "health", "status", "attempts", "due_at", "delivered_at", "error"]
        told = NotificationDelivery.objects.filter(endpoint=obj).select_related("notification").order_by("-pk")
        yield self.rows_of(request, _("Deliveries"), told, columns, endpoint__id__exact=obj.pk)

    # Recovering --------------------------------------------------------------

    def has_recover_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conferencing_app.recover_endpoint")

    @admin.action(description=gettext_lazy("Post what the selected endpoints missed…"), permissions=["recover"])
    def recover(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Ask since when; then have posted all that has not arrived since."""
        chosen = queryset.filter(enabled=True)
        if not chosen.exists():
            self.message_user(request, _("None of these endpoints is switched on."), messages.WARNING)
            return None
        form = RecoverForm(request.POST if "confirmed" in request.POST else None, initial={"since": _a_day_ago()})
        if not form.is_valid():
            return self._ask(request, chosen, form)
        count = sum(_recover(request, endpoint, form.cleaned_data["since"]) for endpoint in chosen)
        text = ngettext("%(count)d delivery is posted.", "%(count)d deliveries are posted.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return None

    @without_transaction
    @method_decorator(require_http_methods(["GET", "POST"]))
    def recover_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_recover_permission(request)):
            raise PermissionDenied
        endpoint = get_object_or_404(Endpoint, pk=pk)
        question = self.recover(request, self.get_queryset(request).filter(pk=endpoint.pk))
        return question or HttpResponseRedirect(self.object_url(pk))

    def _ask(self, request: HttpRequest, chosen: QuerySet, form: RecoverForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Post what was missed"),
            "opts": self.opts,
            "media": self.media,
            "action": "recover",
            "go_on": _("Post what was missed"),
            "rows": chosen.order_by("pk"),
            "form": form,
        }
        return TemplateResponse(request, "admin/conferencing_app/recover.html", context)


def _recover(request: HttpRequest, endpoint: Endpoint, since: datetime) -> int:
    count = services.endpoints.recover(endpoint, since)
    told = {"since": date_format(timezone.localtime(since), "DATETIME_FORMAT"), "count": count}
    record(request.user, Endpoint.objects.filter(pk=endpoint.pk), _("Had posted since %(since)s: %(count)d.") % told)
    return count


def _a_day_ago() -> datetime:
    return timezone.localtime(clock.read(settings.DATABASE) - timedelta(days=1))
