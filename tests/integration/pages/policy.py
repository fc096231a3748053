"""A site with the strictest policy that the pages promise to run under."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def strict(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        own = response.get("Content-Security-Policy")
        response["Content-Security-Policy"] = "default-src 'self'" + (f"; {own}" if own else "")
        return response

    return middleware
