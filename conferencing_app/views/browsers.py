"""The secret by which a browser is known again. It is no session: it says that it is the same browser, not whose."""

from __future__ import annotations

import re
import secrets

from django.http import HttpRequest, HttpResponse

from conferencing_app.conf import settings

# "secret" in its name has Django leave its value out of error reports.
# "__Host-" lets neither a subdomain nor plain http set the cookie; browsers take it over https only.
COOKIE_NAME = "conferencing_link_secret"
SECURE_COOKIE_NAME = f"__Host-{COOKIE_NAME}"
COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
SECRET_BYTES = 32


def browser_secret(request: HttpRequest) -> str:
    """What this browser has; empty when it has none."""
    value = request.COOKIES.get(_cookie_name(request), "")
    return value if COOKIE_VALUE.fullmatch(value) else ""


def new_or_known_secret(request: HttpRequest) -> str:
    """What this browser has, or a new one for :func:`remember_browser`."""
    return browser_secret(request) or secrets.token_urlsafe(SECRET_BYTES)


def remember_browser(request: HttpRequest, response: HttpResponse, secret: str) -> None:
    """For as long as anything is bound to it, and a consent page more.

    Lax, since the provider's redirect back is a cross-site navigation, on which Strict cookies stay at home.
    """
    response.set_cookie(
        _cookie_name(request),
        secret,
        max_age=int(settings.VERIFICATION_SECONDS + 2 * settings.LINK_ATTEMPT_SECONDS),
        path="/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _cookie_name(request: HttpRequest) -> str:
    return SECURE_COOKIE_NAME if request.is_secure() else COOKIE_NAME
