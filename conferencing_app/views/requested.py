"""A person goes on from a link that was made for them: chooses a service, or says no."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from conferencing_app.exceptions import LinkError
from conferencing_app.mails import site_name
from conferencing_app.models import LinkRequest
from conferencing_app.services import linking, requests
from conferencing_app.views.browsers import browser_secret, new_or_known_secret, remember_browser
from conferencing_app.views.failures import failed
from conferencing_app.views.pages import private_page
from conferencing_app.views.profiles import Choice, provider_choices


@private_page
@sensitive_variables()
@require_GET
def requested(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who asks, to whom the account will belong, and a button for each service."""
    try:
        wanted = _wanted(request, public_id)
    except LinkError as error:
        return failed(request, "", error.code)
    somebody_else = request.user.is_authenticated and request.user.pk != wanted.user_id
    context = {
        "wanted": wanted,
        "choices": _choices(wanted),
        "site_name": site_name(),
        "signed_in_as": request.user if somebody_else else None,
    }
    return render(request, "conferencing_app/requested.html", context)


@private_page
@sensitive_variables()
@require_POST
def link(request: HttpRequest, public_id: str, provider: str) -> HttpResponse:
    """Sends the browser to the provider's consent page."""
    browser = new_or_known_secret(request)
    try:
        wanted = _wanted(request, public_id)
        if provider not in {choice.alias for choice in _choices(wanted)}:
            raise Http404
        url = linking.start(wanted.user, provider, browser=browser, profile=wanted.profile, link_request=wanted)
    except LinkError as error:
        alias = provider if error.code == "misconfigured" else ""
        return failed(request, alias, error.code)
    response = HttpResponseRedirect(url, status=303)
    remember_browser(request, response, browser)
    return response


@private_page
@sensitive_variables()
@require_POST
def decline(request: HttpRequest, public_id: str) -> HttpResponse:
    """Back to who asked, without an account."""
    try:
        wanted = _wanted(request, public_id)
    except LinkError as error:
        return failed(request, "", error.code)
    return HttpResponseRedirect(requests.decline(wanted.public_id), status=303)


@sensitive_variables()
def _wanted(request: HttpRequest, public_id: str) -> LinkRequest:
    return requests.find_for(public_id, request.user, browser_secret(request))


def _choices(wanted: LinkRequest) -> list[Choice]:
    return [choice for choice in provider_choices() if wanted.provider in ("", choice.alias)]
