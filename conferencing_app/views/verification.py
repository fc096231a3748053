"""A link that was made for a person is opened by somebody: who can't show to be them is asked to, by mail.

Nothing happens on a GET, whoever or whatever opens a page: mail scanners follow links and run scripts.
"""

from __future__ import annotations

import math
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conferencing_app import clock
from conferencing_app.conf import settings
from conferencing_app.exceptions import KeyUnavailable, LinkError
from conferencing_app.forms import CodeForm
from conferencing_app.limits import LimitReached
from conferencing_app.mails import site_name
from conferencing_app.models import LinkRequest
from conferencing_app.services import requests
from conferencing_app.services import verification as services
from conferencing_app.views.browsers import browser_secret, new_or_known_secret, remember_browser
from conferencing_app.views.failures import failed
from conferencing_app.views.pages import private_page
from conferencing_app.views.tokens import Token, secret_in_path
from conferencing_app.views.visitors import network_of


@private_page
@secret_in_path
@sensitive_variables()
@require_GET
def link_request(request: HttpRequest, token: Token) -> HttpResponse:
    """Where the link leads: on to the choice of a service, or to the question who it is."""
    try:
        wanted = requests.find(token.reveal())
    except LinkError as error:
        return failed(request, "", error.code)
    if requests.may_go_on(wanted, request.user, browser_secret(request)):
        return _onwards(wanted)
    return _question(request, wanted, token, CodeForm())


@private_page
@secret_in_path
@sensitive_variables()
@require_POST
def send_mail(request: HttpRequest, token: Token) -> HttpResponse:
    """Has the mail sent, if there is an address to send it to, which nobody learns here."""
    browser = new_or_known_secret(request)
    try:
        services.ask(requests.find(token.reveal()), browser=browser, network=network_of(request))
    except LinkError as error:
        return failed(request, "", error.code)
    except LimitReached as error:
        return too_many_mails(request, error)
    except KeyUnavailable:
        return failed(request, "", "mail_impossible")
    response = _see_other("conferencing:link_request", token)
    remember_browser(request, response, browser)
    return response


@private_page
@secret_in_path
@sensitive_variables()
@require_POST
def enter_code(request: HttpRequest, token: Token) -> HttpResponse:
    """The code of the mail lets this browser go on, if it is the one that asked for the mail."""
    form = CodeForm(request.POST)
    try:
        wanted = requests.find(token.reveal())
        if form.is_valid():
            browser = browser_secret(request)
            return _onwards(services.confirm_by_code(wanted, browser, form.cleaned_data["code"]))
    except LinkError as error:
        if error.code not in _wrong_code():
            return failed(request, "", error.code)
        form.add_error("code", _wrong_code()[error.code])
    return _question(request, wanted, token, form)


@private_page
@secret_in_path
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, token: Token) -> HttpResponse:
    """Where the mail leads: a page with a button. Pressed, linking goes on in this browser, and in no other."""
    try:
        if request.method == "GET":
            context = {"wanted": services.find(token.reveal()).link_request, "site_name": site_name()}
            return render(request, "conferencing_app/verify.html", context)
        browser = new_or_known_secret(request)
        response = _onwards(services.confirm(token.reveal(), browser))
    except LinkError as error:
        return failed(request, "", error.code)
    remember_browser(request, response, browser)
    return response


@sensitive_variables()
def _question(request: HttpRequest, wanted: LinkRequest, token: Token, form: CodeForm) -> HttpResponse:
    context = {
        "wanted": wanted,
        "token": token,
        "form": form,
        "standing": services.standing(wanted, browser_secret(request)).value,
        "site_name": site_name(),
        "sign_in_url": redirect_to_login(request.path).url,
    }
    return render(request, "conferencing_app/link_request.html", context, status=400 if form.is_bound else 200)


def _onwards(wanted: LinkRequest) -> HttpResponse:
    return _see_other("conferencing:requested", wanted.public_id)


def _see_other(name: str, *args: Any) -> HttpResponse:
    response = redirect(name, *args)
    response.status_code = 303
    return response


def too_many_mails(request: HttpRequest, error: LimitReached) -> HttpResponse:
    """Says so, and when another may be asked for."""
    response = failed(request, "", "too_many_mails")
    wait = (error.until - clock.read(settings.DATABASE)).total_seconds()
    response["Retry-After"] = str(max(1, math.ceil(wait)))
    return response


def _wrong_code() -> dict[str, str]:
    return {
        "wrong_code": _("This is not the code of the newest mail that was asked for here."),
        "no_code_left": _("Too many wrong codes. Ask for a new mail."),
    }
