"""A host's bookings, and what a guest sees of one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from project.bookings.forms import BookingForm
from project.bookings.models import SHARE_SALT, Booking


class SignedInRequest(HttpRequest):
    """What a view behind ``login_required`` gets."""

    user: User


def _own(request: SignedInRequest, pk: int) -> Booking:
    """The booking, if this person hosts it; else 404, as for one that does not exist."""
    return get_object_or_404(Booking.objects.of(request.user), pk=pk)


def next_full_hour() -> datetime:
    """The full hour that is at least half an hour away."""
    return (timezone.localtime() + timedelta(minutes=90)).replace(minute=0, second=0, microsecond=0)


@login_required
@require_safe
@never_cache
def booking_list(request: SignedInRequest) -> HttpResponse:
    mine = Booking.objects.of(request.user)
    # The types' plugin knows fields with columns only.
    mine = mine.prefetch_related("conferencing")  # type: ignore[misc]
    context = {"upcoming": mine.upcoming(), "past": mine.past()[:20], "called_off": mine.called_off()[:20]}
    return render(request, "bookings/list.html", context)


@login_required
@require_safe
@never_cache
def booking_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    booking = _own(request, pk)
    share_url = request.build_absolute_uri(booking.get_share_url())
    return render(request, "bookings/detail.html", {"booking": booking, "share_url": share_url})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def booking_new(request: SignedInRequest) -> HttpResponse:
    start = next_full_hour()
    initial = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
    return _edit(request, Booking(host_id=request.user.pk), _("The booking is saved."), initial)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def booking_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    return _edit(request, _own(request, pk), _("Your changes are saved."))


def _edit(
    request: SignedInRequest, booking: Booking, done: str, initial: dict[str, datetime] | None = None
) -> HttpResponse:
    form = BookingForm(request.POST or None, instance=booking, initial=initial)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, done)
        return redirect(booking)
    status = 422 if form.errors else 200
    return render(request, "bookings/edit.html", {"form": form, "booking": booking}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def booking_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """GET asks, POST does."""
    booking = _own(request, pk)
    if request.method != "POST":
        return render(request, "bookings/cancel.html", {"booking": booking})
    booking.cancelled = True
    booking.save()
    messages.success(request, _("“%(title)s” is cancelled.") % {"title": booking.title})
    return redirect("bookings:list")


@login_required
@require_POST
def booking_reinstate(request: SignedInRequest, pk: int) -> HttpResponse:
    booking = _own(request, pk)
    booking.cancelled = False
    booking.save()
    messages.success(request, _("“%(title)s” takes place after all.") % {"title": booking.title})
    return redirect(booking)


@require_safe
@never_cache
def booking_share(request: HttpRequest, signed: str) -> HttpResponse:
    """What guests see: when it is, and the link once it is there. Needs no account, only the address."""
    try:
        pk = signing.loads(signed, salt=SHARE_SALT)
    except signing.BadSignature:
        raise Http404 from None
    booking = get_object_or_404(Booking, pk=pk)
    return render(request, "bookings/share.html", {"booking": booking})
