"""A person's linked accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conferencing_app import clock
from conferencing_app.forms import RenameForm, UnlinkForm
from conferencing_app.models import ConferencingProfile, Meeting
from conferencing_app.providers import registry
from conferencing_app.services import profiles as services
from conferencing_app.services.explain import explain_profile
from conferencing_app.views.pages import private_page, safe_next


@dataclass(frozen=True)
class Row:
    """One account on the page. ``trouble`` says why it does not work; empty when it does."""

    profile: ConferencingProfile
    provider_label: str
    trouble: str


@dataclass(frozen=True)
class Choice:
    """One provider that can be linked."""

    alias: str
    label: str


@private_page
@login_required
@require_GET
def profiles(request: HttpRequest) -> HttpResponse:
    """The accounts with their health, and the providers to link. ``?next=`` is where linking leads back to."""
    rows = [
        Row(profile, registry.label(profile.provider), explain_profile(profile))
        for profile in ConferencingProfile.objects.of(request.user)
    ]
    context = {"rows": rows, "choices": provider_choices(), "next": safe_next(request, request.GET.get("next", ""))}
    return render(request, "conferencing_app/profiles.html", context)


@private_page
@login_required
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, public_id: str) -> HttpResponse:
    """Asks for the account's name, and stores it."""
    profile = own_profile(request, public_id)
    form = RenameForm(request.POST if request.method == "POST" else None, initial={"name": profile.name})
    if form.is_valid():
        services.rename(profile, form.cleaned_data["name"])
        messages.success(request, _("The name is changed."), fail_silently=True)
        return to_profiles()
    context = {"form": form, "profile": profile, "provider_label": registry.label(profile.provider)}
    return render(request, "conferencing_app/rename.html", context, status=_form_status(form))


@private_page
@login_required
@require_POST
def set_default(request: HttpRequest, public_id: str) -> HttpResponse:
    """New events use this account from now on."""
    profile = own_profile(request, public_id)
    services.set_default(profile)
    text = _("“%(name)s” is now your default account.") % {"name": profile}
    messages.success(request, text, fail_silently=True)
    return to_profiles()


@private_page
@login_required
@require_POST
def test(request: HttpRequest, public_id: str) -> HttpResponse:
    """Asks the provider, past any cache, and tells what it says."""
    profile = own_profile(request, public_id)
    result = services.test(profile)
    if result.ok:
        text = _("“%(name)s” works: %(provider)s has just confirmed it.")
        text %= {"name": profile, "provider": registry.label(profile.provider)}
        messages.success(request, text, fail_silently=True)
    else:
        messages.error(request, explain_profile(profile), fail_silently=True)
    return to_profiles()


@private_page
@login_required
@require_http_methods(["GET", "POST"])
def unlink(request: HttpRequest, public_id: str) -> HttpResponse:
    """Asks what becomes of the meetings ahead, and unlinks."""
    profile = own_profile(request, public_id)
    meetings_ahead = future_meetings(profile).count()
    form = UnlinkForm(_unlink_data(request, meetings_ahead))
    if form.is_valid():
        services.unlink(profile, remove_meetings=form.cleaned_data["meetings"] == UnlinkForm.REMOVE)
        messages.success(request, _("The account is unlinked."), fail_silently=True)
        return to_profiles()
    context = {
        "form": form,
        "profile": profile,
        "provider_label": registry.label(profile.provider),
        "meetings_ahead": meetings_ahead,
        "meetings_sentence": _meetings_sentence(meetings_ahead),
    }
    return render(request, "conferencing_app/unlink.html", context, status=_form_status(form))


def own_profile(request: HttpRequest, public_id: str) -> ConferencingProfile:
    """The person's own linked account with this id. Raises Http404 for any other."""
    if "\x00" in public_id:
        raise Http404  # no database takes it
    profile: ConferencingProfile = get_object_or_404(ConferencingProfile.objects.of(request.user), public_id=public_id)
    return profile


def provider_choices() -> list[Choice]:
    """The providers that a person can link; one whose options are not usable is left out (a check reports it)."""
    choices = []
    for alias in registry.aliases():
        try:
            provider = registry.get(alias)
        except ImproperlyConfigured:
            continue
        if provider.oauth is not None:
            choices.append(Choice(alias, provider.label))
    return choices


def future_meetings(profile: ConferencingProfile) -> Any:
    """The account's meetings that are not over and not already being removed."""
    ahead = Q(ends_at=None) | Q(ends_at__gt=clock.now())
    return profile.meetings.exclude(state__in=[Meeting.State.DOOMED, Meeting.State.GONE]).filter(ahead)


def to_profiles() -> HttpResponse:
    """To the list, by a GET."""
    response = redirect("conferencing:profiles")
    response.status_code = 303
    return response


def _unlink_data(request: HttpRequest, meetings_ahead: int) -> Any:
    if request.method != "POST":
        return None
    # With no meeting ahead there is no question, so the page asks none.
    return request.POST if meetings_ahead else {"meetings": UnlinkForm.REMOVE}


def _meetings_sentence(count: int) -> str:
    return ngettext(
        "%(count)d meeting that lies ahead was made with it.",
        "%(count)d meetings that lie ahead were made with it.",
        count,
    ) % {"count": count}


def _form_status(form: RenameForm | UnlinkForm) -> int:
    return 400 if form.is_bound else 200
