"""What support does with people's accounts: test them, ask their people to link them again, and disconnect them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from conferencing_app import clock, services
from conferencing_app.admin.objectpage import ObjectPageAdmin
from conferencing_app.conf import settings
from conferencing_app.models import ConferencingProfile, Meeting
from conferencing_app.providers import registry
from conferencing_app.services.recording import record

# Each waits for its provider, while the browser waits for all of them.
MOST_TESTS = 10
# No provider is asked inside a transaction.
without_transaction = transaction.non_atomic_requests(using=settings.DATABASE)


class AccountActions(ObjectPageAdmin):
    """The actions of the list, and the same for one account from its page."""

    actions = ["test", "send_relink_mail", "disconnect"]

    def has_test_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conferencing_app.test_conferencingprofile")

    def has_disconnect_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conferencing_app.disconnect_conferencingprofile")

    def has_send_relink_mail_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conferencing_app.send_relink_mail_conferencingprofile")

    def get_urls(self) -> list[URLPattern]:
        views = {
            "test": self.test_view,
            "disconnect": self.disconnect_view,
            "send_relink_mail": self.send_relink_mail_view,
        }
        ours = [
            path(
                f"<int:pk>/{name.replace('_', '-')}/",
                self.admin_site.admin_view(view),
                name=f"conferencing_app_conferencingprofile_{name}",
            )
            for name, view in views.items()
        ]
        return [*ours, *super().get_urls()]

    @without_transaction
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, extra_context)

    @admin.action(description=gettext_lazy("Test the selected accounts"), permissions=["test"])
    def test(self, request: HttpRequest, queryset: QuerySet) -> None:
        if queryset.count() > MOST_TESTS:
            text = _("Choose at most %(count)d accounts to test at once.") % {"count": MOST_TESTS}
            self.message_user(request, text, messages.ERROR)
            return
        for account in queryset:
            self._test(request, account)

    @without_transaction
    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_test_permission(request)):
            raise PermissionDenied
        self._test(request, get_object_or_404(ConferencingProfile, pk=pk))
        return HttpResponseRedirect(self.object_url(pk))

    @admin.action(description=gettext_lazy("Send the mail that asks to link again"), permissions=["send_relink_mail"])
    def send_relink_mail(self, request: HttpRequest, queryset: QuerySet) -> None:
        disconnected = queryset.filter(state=ConferencingProfile.State.DISCONNECTED, user__isnull=False)
        with transaction.atomic(using=settings.DATABASE):
            for account in disconnected:
                services.disconnection.send_relink_mail(account)
            record(request.user, disconnected, _("Had the mail sent that asks to link again."))
        count = len(disconnected)
        text = ngettext("%(count)d mail is sent.", "%(count)d mails are sent.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    @method_decorator(require_POST)
    def send_relink_mail_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_send_relink_mail_permission(request)):
            raise PermissionDenied
        account = get_object_or_404(ConferencingProfile, pk=pk)
        self.send_relink_mail(request, self.get_queryset(request).filter(pk=account.pk))
        return HttpResponseRedirect(self.object_url(pk))

    @admin.action(description=gettext_lazy("Disconnect the selected accounts…"), permissions=["disconnect"])
    def disconnect(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Ask first; on yes, disconnect those that are connected."""
        connected = queryset.filter(state=ConferencingProfile.State.CONNECTED)
        if not connected.exists():
            self.message_user(request, _("None of these accounts is connected."), messages.WARNING)
            return None
        if "confirmed" not in request.POST:
            return self._ask(request, connected)
        count = sum(_disconnect(request, account) for account in connected)
        text = ngettext("%(count)d account is disconnected.", "%(count)d accounts are disconnected.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return None

    @method_decorator(require_http_methods(["GET", "POST"]))
    def disconnect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_disconnect_permission(request)):
            raise PermissionDenied
        account = get_object_or_404(ConferencingProfile, pk=pk)
        question = self.disconnect(request, self.get_queryset(request).filter(pk=account.pk))
        return question or HttpResponseRedirect(self.object_url(pk))

    def _test(self, request: HttpRequest, account: ConferencingProfile) -> None:
        about = {"name": account, "provider": registry.label(account.provider)}
        if not account.is_linked:
            self.message_user(request, _("“%(name)s” is no longer linked.") % about, messages.WARNING)
            return
        result = services.profiles.test(account)
        outcome = _("it works") if result.ok else result.cause_code
        record(request.user, _only(account), _("Tested: %(outcome)s.") % {"outcome": outcome})
        if result.ok:
            text = _("“%(name)s” works: %(provider)s has just confirmed it.") % about
            self.message_user(request, text, messages.SUCCESS)
        else:
            self.message_user(request, f"“{account}”: {services.explain.explain_profile(account)}", messages.ERROR)

    def _ask(self, request: HttpRequest, accounts: QuerySet) -> TemplateResponse:
        ahead = Q(meetings__ends_at=None) | Q(meetings__ends_at__gt=clock.now())
        live = Count("meetings", filter=ahead & Q(meetings__state=Meeting.State.LIVE))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Disconnect accounts"),
            "opts": self.opts,
            "media": self.media,
            "action": "disconnect",
            "go_on": _("Yes, disconnect"),
            "rows": accounts.select_related("user").annotate(live_count=live).order_by("pk"),
        }
        return TemplateResponse(request, "admin/conferencing_app/disconnect.html", context)


def _only(account: ConferencingProfile) -> QuerySet[ConferencingProfile]:
    return ConferencingProfile.objects.filter(pk=account.pk)


def _disconnect(request: HttpRequest, account: ConferencingProfile) -> bool:
    with transaction.atomic(using=settings.DATABASE):
        disconnected = services.profiles.disconnect(account)
        if disconnected:
            record(request.user, _only(account), _("Disconnected."))
    return disconnected
