"""What every page of the site is sent with."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Nothing inline and nothing from elsewhere: neither the site's pages nor the app's need more.
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
HEADER = "Content-Security-Policy"
Handler = Callable[[HttpRequest], HttpResponse]


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add the policy; where a page brings one of its own, a browser obeys both."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response[HEADER] = f"{response[HEADER]}, {POLICY}" if HEADER in response else POLICY
        return response

    return middleware
