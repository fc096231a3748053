"""Signing in: by one click as a person of the demo while developing, else with a password."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from project.bookings import people

BACKEND = "django.contrib.auth.backends.ModelBackend"


def one_click_allowed(request: HttpRequest) -> bool:
    """Only under DEBUG, and only for somebody at this very machine: a proxy would hide where they are."""
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    return settings.DEBUG and not forwarded and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class SignInView(LoginView):
    template_name = "site/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hosts = people.HOSTS if one_click_allowed(self.request) else {}
        return super().get_context_data(hosts=hosts, **kwargs)


@require_POST
def one_click(request: HttpRequest, username: str) -> HttpResponse:
    """Sign in as Alice or Bob; 404 wherever that is not meant to be."""
    if username not in people.HOSTS or not one_click_allowed(request):
        raise Http404
    login(request, people.host(username), backend=BACKEND)
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return redirect(target)
    return redirect(settings.LOGIN_REDIRECT_URL)
