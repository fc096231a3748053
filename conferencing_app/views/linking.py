"""A person links an account: to the provider's consent page, and back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from conferencing_app.exceptions import LinkError
from conferencing_app.providers import registry
from conferencing_app.services import linking as services
from conferencing_app.views.browsers import browser_secret, new_or_known_secret, remember_browser
from conferencing_app.views.failures import failed, failed_on_the_way
from conferencing_app.views.pages import private_page, safe_next, secret_address
from conferencing_app.views.profiles import own_profile, provider_choices, to_profiles
from conferencing_app.views.tokens import ADDRESS_COPIES

# Marks the second arrival at the callback, after the bounce.
BOUNCED = "conferencing_bounced"


@private_page
@login_required
@require_POST
def link(request: HttpRequest, provider: str) -> HttpResponse:
    """Sends the browser to the provider's consent page; ``profile`` in the form names the account to link again."""
    if provider not in {choice.alias for choice in provider_choices()}:
        raise Http404
    public_id = request.POST.get("profile", "")
    profile = own_profile(request, public_id) if public_id else None
    if profile is not None and profile.provider != provider:
        raise Http404
    browser = new_or_known_secret(request)
    next_url = safe_next(request, request.POST.get("next", ""))
    try:
        url = services.start(
            request.user,
            provider,
            browser=browser,
            next_url=next_url,
            profile=profile,
            allowed_hosts=[request.get_host()],
        )
    except LinkError as error:
        return failed(request, provider, error.code)
    response = HttpResponseRedirect(url, status=303)
    remember_browser(request, response, browser)
    return response


@private_page
@secret_address
@sensitive_variables()
@require_GET
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the provider sends the browser back to. Renders nothing on success: 303 onwards."""
    if provider not in registry.aliases():
        raise Http404
    browser = browser_secret(request)
    if not (request.user.is_authenticated or services.needs_no_login(browser, request.GET)):
        return _bounce(request) if BOUNCED not in request.GET else failed(request, provider, "signed_out")
    query, absolute_uri = _take_answer(request)
    try:
        linked = services.finish(request.user, provider, browser=browser, query=query, absolute_uri=absolute_uri)
    except services.AccountClaimed as claimed:
        return HttpResponseRedirect(reverse("conferencing:move", args=[claimed.attempt]), status=303)
    except services.AnotherAccount as another:
        return HttpResponseRedirect(reverse("conferencing:another", args=[another.attempt]), status=303)
    except LinkError as error:
        return failed_on_the_way(request, provider, error)
    return onwards(request, linked, _("%(provider)s is linked.") % {"provider": registry.label(provider)})


def onwards(request: HttpRequest, linked: services.Linked, text: str) -> HttpResponse:
    """Back to who asked for the link, and otherwise on this site, with a word about it."""
    if linked.redirect_url:
        return HttpResponseRedirect(linked.redirect_url, status=303)
    messages.success(request, text, fail_silently=True)
    url = safe_next(request, linked.next_url)
    return HttpResponseRedirect(url, status=303) if url else to_profiles()


def _bounce(request: HttpRequest) -> HttpResponse:
    """A page of this site that loads the callback again.

    A site whose session cookie is SameSite=Strict looks signed out when the provider sends the browser here; on the
    second arrival, from our own page, the cookie comes along.
    """
    query = request.GET.copy()
    query[BOUNCED] = "1"
    return render(request, "conferencing_app/bounce.html", {"url": f"{request.path}?{query.urlencode()}"})


@sensitive_variables()
def _take_answer(request: HttpRequest) -> tuple[QueryDict, str]:
    """The provider's answer and the address it came to, taken out of the request: no error report holds the code."""
    query = request.GET.copy()
    query.pop(BOUNCED, None)
    absolute_uri = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
    request.GET = QueryDict()
    request.META["QUERY_STRING"] = ""
    for name in ADDRESS_COPIES & request.META.keys():
        request.META[name] = request.path
    return query, absolute_uri
