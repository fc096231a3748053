"""The page of one event's conference, for its owner and for staff: how it stands, and what became of it so far."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from conferencing_app.models import Conference
from conferencing_app.providers import registry
from conferencing_app.services import choosing
from conferencing_app.services.card import first_card, is_owner, may_see
from conferencing_app.services.history import history
from conferencing_app.views.pages import private_page, safe_next
from conferencing_app.views.profiles import Row, own_profile


@private_page
@login_required
@require_GET
def conference(request: HttpRequest, public_id: str) -> HttpResponse:
    """The card, the accounts to choose from where that cures it, and the history. ``?next=`` is the event's page."""
    shown = seen_by(request.user, public_id)
    accounts = choosing.accounts_for(shown) if is_owner(request.user, shown) else []
    context = {
        "conference": shown,
        "card": first_card(shown, request.user, request.path),
        "rows": [Row(account, registry.label(account.provider), "") for account in accounts],
        "history": history(shown),
        "next": safe_next(request, request.GET.get("next", "")),
    }
    return render(request, "conferencing_app/conference.html", context)


@private_page
@login_required
@require_POST
def choose(request: HttpRequest, public_id: str) -> HttpResponse:
    """The event's conference is made with the account that the form names. Only its owner's own will do."""
    shown = seen_by(request.user, public_id)
    if not is_owner(request.user, shown):
        raise PermissionDenied
    profile = own_profile(request, request.POST.get("profile", ""))
    if choosing.choose(shown, profile):
        text = _("The conference is made with “%(name)s” now.") % {"name": profile}
        messages.success(request, text, fail_silently=True)
    return HttpResponseRedirect(reverse("conferencing:conference", args=[public_id]), status=303)


def seen_by(user: Any, public_id: str) -> Conference:
    """The conference, where this person may see its causes. Raises Http404."""
    found = Conference.objects.select_related("lane").filter(public_id=public_id).first()
    if found is None or not may_see(user, found):
        raise Http404
    return found
