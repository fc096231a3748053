"""Notifications and their deliveries, for support: what was told, to whom, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from conferencing_app import services
from conferencing_app.admin import health, search
from conferencing_app.admin.filters import CauseFilter, NotificationTypeFilter, ToldTypeFilter
from conferencing_app.admin.objectpage import ObjectPageAdmin, Related, Tool
from conferencing_app.admin.readonly import GoesWithItsPerson
from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile, Endpoint, Notification, NotificationDelivery
from conferencing_app.services.recording import record

NOTIFICATION_ID = re.compile(r"ntf_(\w+)_(\d{1,18})")


@admin.register(Notification)
class NotificationAdmin(ObjectPageAdmin):
    list_display = ["public_id", "type", "cause_code", "created_at"]
    list_filter = [NotificationTypeFilter, CauseFilter, "created_at"]
    search_hint = _("A person, an event (“booking 12”), a meeting's number, or a reference, its own too")
    ordering = ["-pk"]
    fields = ["public_id", "type", "subject", "sequence", "cause_code", "subtype", "created_at", "due_at", "body"]

    @admin.display(description=_("id"))
    def public_id(self, notification: Notification) -> str:
        return notification.public_id

    @admin.display(description=_("subtype"))
    def subtype(self, notification: Notification) -> str:
        return notification.subtype or ""

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        return {"subject": subjects_of(term), "pk": [called(term).values_list("pk", flat=True)]}

    def containing(self, word: str) -> Q:
        return about_people(word)

    def related(self, request: HttpRequest, obj: Notification) -> Iterator[Related | None]:
        columns = ["receiver", "health", "status", "attempts", "due_at", "delivered_at", "error"]
        told = NotificationDelivery.objects.filter(notification=obj).order_by("pk")
        yield self.rows_of(request, _("Deliveries"), told, columns, notification__id__exact=obj.pk)


@admin.register(NotificationDelivery)
class NotificationDeliveryAdmin(GoesWithItsPerson, ObjectPageAdmin):
    list_display = ["told", "receiver", "health", "status", "attempts", "due_at", "delivered_at"]
    list_filter = ["state", ToldTypeFilter]
    list_select_related = ["notification"]
    search_hint = _("A person, an event (“booking 12”), a meeting's number, or a reference, an endpoint's too")
    ordering = ["-pk"]
    actions = ["resend"]
    fields = [
        *("notification", "receiver", "endpoint", "health", "attempts", "due_at", "delivered_at"),
        *("status", "answer", "error"),
    ]

    @admin.display(description=_("notification"))
    def told(self, delivery: NotificationDelivery) -> str:
        return str(delivery.notification)

    @admin.display(description=_("health"), ordering="state")
    def health(self, delivery: NotificationDelivery) -> SafeString:
        return health.of_delivery(delivery).badge

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        return {
            "subject": subjects_of(term),
            "notification": [called(term).values_list("pk", flat=True)],
            "endpoint": [Endpoint.objects.filter(public_id=term).values_list("pk", flat=True)],
        }

    def containing(self, word: str) -> Q:
        return about_people(word)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.resend_view)
        ours = path("<int:pk>/resend/", view, name="conferencing_app_notificationdelivery_resend")
        return [ours, *super().get_urls()]

    def tools(self, request: HttpRequest, obj: NotificationDelivery) -> Iterator[Tool]:
        may_resend = self.has_resend_permission(request)
        if may_resend and services.endpoints.resendable(NotificationDelivery.objects.filter(pk=obj.pk)).exists():
            yield Tool(_("Post again"), self.object_url(obj.pk, "resend"))

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conferencing_app.resend_notificationdelivery")

    @admin.action(description=_("Post the selected deliveries again"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic(using=settings.DATABASE):
            resent = services.endpoints.resend_all(queryset)
            record(request.user, resent, _("Had it posted again."))
        count = resent.count()
        text = ngettext("%(count)d delivery is posted again.", "%(count)d deliveries are posted again.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    @method_decorator(require_POST)
    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_resend_permission(request)):
            raise PermissionDenied
        delivery = get_object_or_404(NotificationDelivery, pk=pk)
        self.resend(request, NotificationDelivery.objects.filter(pk=delivery.pk))
        return HttpResponseRedirect(self.object_url(pk))


def subjects_of(term: str) -> list[QuerySet]:
    """What a reference, an event or a meeting's number says that notifications are about."""
    named = [found.values_list("public_id", flat=True) for found in (search.conferences(term), search.events(term))]
    made = [meetings.values_list("conference__public_id", flat=True) for meetings in search.meetings(term)]
    return [*named, *made, search.profiles(term).values_list("public_id", flat=True)]


def about_people(word: str) -> Q:
    """What is about an event or an account of whoever has this word in a name or in the address."""
    theirs = search.people(word)
    conferences = Conference.objects.filter(owner__in=theirs).values("public_id")
    profiles = ConferencingProfile.objects.filter(user__in=theirs).values("public_id")
    return Q(subject__in=conferences) | Q(subject__in=profiles)


def called(term: str) -> QuerySet[Notification]:
    """The notification of this id, as its receivers know it."""
    found = NOTIFICATION_ID.fullmatch(term)
    if found is None:
        return Notification.objects.none()
    return Notification.objects.filter(subject=found[1], sequence=int(found[2]))
