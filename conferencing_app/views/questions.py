"""What the callback has to ask before an account is anybody's: a page each, answered by a button."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from conferencing_app.exceptions import LinkError
from conferencing_app.models import LinkAttempt
from conferencing_app.providers import registry
from conferencing_app.services import another as another_account
from conferencing_app.services import moving
from conferencing_app.views.browsers import browser_secret
from conferencing_app.views.failures import failed
from conferencing_app.views.linking import onwards
from conferencing_app.views.pages import private_page, safe_next
from conferencing_app.views.profiles import to_profiles

Find = Callable[[Any, str, str], LinkAttempt | None]
Answer = Callable[[HttpRequest, LinkAttempt], HttpResponse]


def question(template: str, find: Find) -> Callable[[Answer], Callable[..., HttpResponse]]:
    """A page that asks what ``find`` finds, with this template; the view has the answer, and may raise LinkError."""

    def decorate(answer: Answer) -> Callable[..., HttpResponse]:
        @private_page
        @sensitive_variables()
        @require_http_methods(["GET", "POST"])
        @wraps(answer)
        def page(request: HttpRequest, public_id: str) -> HttpResponse:
            attempt = find(request.user, browser_secret(request), public_id)
            if attempt is None and not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if attempt is None:
                raise Http404
            if request.method == "GET":
                return render(request, template, _context(attempt))
            try:
                return answer(request, attempt)
            except LinkError as error:
                link_request = attempt.link_request.public_id if attempt.link_request is not None else ""
                return failed(request, attempt.provider, error.code, link_request)

        return page

    return decorate


@question("conferencing_app/move.html", moving.claimed_by)
def move(request: HttpRequest, attempt: LinkAttempt) -> HttpResponse:
    """Another person has the account that this person has just proved to be theirs: asks, and moves it."""
    linked = moving.move(request.user, attempt.public_id, browser=browser_secret(request))
    text = _("The %(provider)s account is now linked to you.") % {"provider": registry.label(attempt.provider)}
    return onwards(request, linked, text)


@question("conferencing_app/another.html", another_account.asked)
def another(request: HttpRequest, attempt: LinkAttempt) -> HttpResponse:
    """Another account has come back than the one to link again: links it beside that, or tries again, or lets it go."""
    match request.POST.get("answer"):
        case "link":
            return _link(request, attempt)
        case "again":
            return _start_again(request, attempt)
    another_account.let_go(request.user, attempt.public_id, browser=browser_secret(request))
    if attempt.link_request is not None:
        return redirect("conferencing:requested", attempt.link_request.public_id)
    return _back(request, attempt.next_url)


def _link(request: HttpRequest, attempt: LinkAttempt) -> HttpResponse:
    linked = another_account.link(request.user, attempt.public_id, browser=browser_secret(request))
    text = _("%(provider)s is linked.") % {"provider": registry.label(attempt.provider)}
    if safe_next(request, linked.redirect_url):
        messages.success(request, text, fail_silently=True)
    return onwards(request, linked, text)


def _start_again(request: HttpRequest, attempt: LinkAttempt) -> HttpResponse:
    url = another_account.start_again(
        request.user, attempt.public_id, browser=browser_secret(request), allowed_hosts=[request.get_host()]
    )
    return HttpResponseRedirect(url, status=303)


def _back(request: HttpRequest, url: str) -> HttpResponse:
    safe = safe_next(request, url)
    return HttpResponseRedirect(safe, status=303) if safe else to_profiles()


def _context(attempt: LinkAttempt) -> dict[str, Any]:
    before, other = attempt.profile, attempt.claimed
    return {
        "attempt": attempt,
        "provider_label": registry.label(attempt.provider),
        "link_request": attempt.link_request,
        # Of an account whose person removed the app at the provider, the label is forgotten.
        "before": (before and (before.account_label or before.name)) or _("the former account"),
        "other": other and (other.account_label or str(other)),
    }
