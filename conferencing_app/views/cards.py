"""Where a conference card refreshes itself, and has its conference tried again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from conferencing_app.models import Conference
from conferencing_app.services.card import Card, is_owner, may_act, may_see, next_card, read_ticket
from conferencing_app.services.retrying import try_now
from conferencing_app.views.pages import is_htmx, private_page, safe_next
from conferencing_app.views.profiles import to_profiles

NOTHING_NEW = 204


@private_page
@require_GET
def card(request: HttpRequest, token: str) -> HttpResponse:
    """The card as it is now: a fragment for htmx, else a page. Open to whoever holds the address, as a guest."""
    shown = _card_of(request, token)
    if not is_htmx(request):
        return render(request, "conferencing_app/card.html", {"card": shown}, status=200 if shown else 410)
    if shown is not None and request.GET.get("seen") == shown.fingerprint:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "conferencing_app/partials/card_body.html", {"card": shown})


@private_page
@login_required
@require_POST
def conference_retry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Tries again at once, for the owner and for staff; leads back to the page that shows the card."""
    conference = Conference.objects.filter(public_id=public_id).first()
    if conference is None or not may_see(request.user, conference):
        raise Http404
    if not may_act(request.user, conference):
        raise PermissionDenied
    by = None if is_owner(request.user, conference) else request.user
    try_now(Conference.objects.filter(pk=conference.pk), by=by)
    token = request.POST.get("card", "")
    shown = _card_of(request, token) if token else None
    if is_htmx(request):
        return render(request, "conferencing_app/partials/card_body.html", {"card": shown})
    page = safe_next(request, shown.page) if shown else ""
    return HttpResponseRedirect(page, status=303) if page else to_profiles()


def _card_of(request: HttpRequest, token: str) -> Card | None:
    """The card of this token; None when its time is over or its conference is no more. Raises Http404."""
    try:
        ticket = read_ticket(token)
    except signing.SignatureExpired:
        return None
    except signing.BadSignature:
        raise Http404 from None
    conference = Conference.objects.select_related("lane").filter(public_id=ticket.conference).first()
    return next_card(conference, request.user, ticket, token) if conference else None
