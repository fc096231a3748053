"""What the app's pages have in common: their headers, and where they may lead."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from conferencing_app.conf import settings

View = Callable[..., HttpResponse]

REFERRER_HEADER = "Referrer-Policy"
# Of two policies browsers take the last that they know. Under a bare no-referrer they send a form's POST with
# "Origin: null", which Django's CSRF protection refuses; same-origin tells other sites just as little.
TELL_NOBODY_ELSE = "no-referrer, same-origin"
TELL_NOBODY = "no-referrer"
CSP_HEADER = "Content-Security-Policy"
MAX_NEXT_LENGTH = 500


def private_page(view: View) -> View:
    """Never stored, never framed, and silent about its address to others.

    Nor is it one transaction under ATOMIC_REQUESTS: the services commit by themselves what must be safe before a
    provider is asked, and no provider is asked inside a transaction. Who must be signed in each page says by itself:
    under Django's LoginRequiredMiddleware, too, a link opens in any browser.
    """

    @login_not_required
    @transaction.non_atomic_requests(using=settings.DATABASE)
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        response.setdefault(REFERRER_HEADER, TELL_NOBODY_ELSE)
        response["X-Frame-Options"] = "DENY"
        forbid_framing(response)
        return response

    return guarded


def secret_address(view: View) -> View:
    """For a page whose address holds a secret: not even this site is told it. Such a page has no form."""

    @wraps(view)
    def silent(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response[REFERRER_HEADER] = TELL_NOBODY
        return response

    return silent


def forbid_framing(response: HttpResponse) -> None:
    """Add ``frame-ancestors 'none'`` to the policy that the site has, or make it the policy.

    The policy of django-csp and of Django 6 is set by a middleware that leaves a header alone which is already there.
    A bare header of ours would so switch the site's policy off; both offer a hook on the response instead.
    """
    if CSP_HEADER in response:
        directives = [part for part in response[CSP_HEADER].split(";") if not _is_frame_ancestors(part)]
        response[CSP_HEADER] = ";".join([*directives, " frame-ancestors 'none'"]).strip("; ")
    elif "csp.middleware.CSPMiddleware" in django_settings.MIDDLEWARE:
        response._csp_replace = {"frame-ancestors": ["'none'"]}  # type: ignore[attr-defined]  # django-csp's hook
    elif policy := getattr(django_settings, "SECURE_CSP", None):
        response._csp_config = {**policy, "frame-ancestors": ["'none'"]}  # type: ignore[attr-defined]  # Django 6's
    else:
        response[CSP_HEADER] = "frame-ancestors 'none'"


def _is_frame_ancestors(directive: str) -> bool:
    return not directive.strip() or directive.split()[0].lower() == "frame-ancestors"


def safe_next(request: HttpRequest, url: str) -> str:
    """The address if it leads to this site, else empty."""
    hosts = {request.get_host()}
    if len(url) > MAX_NEXT_LENGTH or not url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure()):
        return ""
    return url


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks, and so for a fragment and not for a page."""
    return request.headers.get("HX-Request") == "true"
