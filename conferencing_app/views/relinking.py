"""A person links an account again: from its stable address, or from one of the app's own mails.

Nothing happens on a GET, whoever or whatever opens a page: mail scanners follow links and run scripts.
"""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conferencing_app.exceptions import KeyUnavailable, LinkError
from conferencing_app.limits import LimitReached
from conferencing_app.mails import site_name
from conferencing_app.models import ConferencingProfile, RelinkProof
from conferencing_app.providers import registry
from conferencing_app.services import linking, relinking, requests
from conferencing_app.services.explain import explain_profile
from conferencing_app.views.browsers import browser_secret, new_or_known_secret, remember_browser
from conferencing_app.views.failures import failed
from conferencing_app.views.pages import private_page
from conferencing_app.views.tokens import Token, secret_in_path
from conferencing_app.views.verification import too_many_mails
from conferencing_app.views.visitors import network_of


@private_page
@sensitive_variables()
@require_GET
def relink(request: HttpRequest, public_id: str) -> HttpResponse:
    """To its person: a button, or that it is connected already. To anybody else the same question for every id."""
    profile, browser = relinking.find(public_id), browser_secret(request)
    if profile is not None and request.user.is_authenticated and request.user.pk == profile.user_id:
        return _page(request, profile) if profile.is_linked else redirect("conferencing:profiles")
    wanted = relinking.proved_request(profile, browser) if profile is not None else None
    if profile is None or wanted is None:
        return _question(request, public_id)
    if profile.connected:
        return _page(request, profile)
    if wanted.used_at is None and requests.may_go_on(wanted, request.user, browser):
        return redirect("conferencing:requested", wanted.public_id)
    return _question(request, public_id)


@private_page
@sensitive_variables()
@require_POST
def send_mail(request: HttpRequest, public_id: str) -> HttpResponse:
    """Has the mail sent that verifies the person, and leads to the page that says so."""
    profile = relinking.find(public_id)
    browser = new_or_known_secret(request)
    try:
        if profile is None:
            raise LinkError("unknown_request")
        url = relinking.ask(profile, browser=browser, network=network_of(request))
    except LinkError as error:
        return failed(request, "", error.code)
    except LimitReached as error:
        return too_many_mails(request, error)
    except KeyUnavailable:
        return failed(request, "", "mail_impossible")
    response = HttpResponseRedirect(url, status=303)
    remember_browser(request, response, browser)
    return response


@private_page
@secret_in_path
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def relink_by_mail(request: HttpRequest, token: Token) -> HttpResponse:
    """Where the app's own mail leads: a page with a button. Pressed, it goes on to the provider in this browser.

    A mail that proves nothing any more leads to the stable address.
    """
    try:
        proof = relinking.find_proof(token.reveal())
    except LinkError as error:
        return failed(request, "", error.code)
    if not relinking.holds(proof):
        return redirect("conferencing:relink", proof.profile.public_id)
    if request.method == "GET":
        return _page(request, proof.profile, by_mail=True)
    return _start(request, proof)


@sensitive_variables()
def _start(request: HttpRequest, proof: RelinkProof) -> HttpResponse:
    profile, browser, link_request = proof.profile, new_or_known_secret(request), ""
    try:
        wanted = relinking.confirm(proof, browser)
        link_request = wanted.public_id
        url = linking.start(wanted.user, profile.provider, browser=browser, profile=profile, link_request=wanted)
        response: HttpResponse = HttpResponseRedirect(url, status=303)
    except LinkError as error:
        response = failed(request, profile.provider, error.code, link_request)
    remember_browser(request, response, browser)
    return response


def _page(request: HttpRequest, profile: ConferencingProfile, *, by_mail: bool = False) -> HttpResponse:
    context = {
        "profile": profile,
        "provider_label": registry.label(profile.provider),
        "trouble": explain_profile(profile),
        "by_mail": by_mail,
        "site_name": site_name(),
        "next": reverse("conferencing:relink", args=[profile.public_id]),
    }
    return render(request, "conferencing_app/relink.html", context)


def _question(request: HttpRequest, public_id: str) -> HttpResponse:
    context = {"public_id": public_id, "site_name": site_name(), "sign_in_url": redirect_to_login(request.path).url}
    return render(request, "conferencing_app/relink_question.html", context)
