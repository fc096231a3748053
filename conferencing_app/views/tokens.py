"""Secrets in a page's path: kept out of the lines that Django logs, and of the variables in its error reports."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.views.decorators.debug import sensitive_variables

# Where a request keeps its address besides: WSGI itself, and its servers (uWSGI and Apache, gunicorn).
ADDRESS_COPIES = frozenset({"PATH_INFO", "REQUEST_URI", "RAW_URI"})
HIDDEN = "hidden"


class Token:
    """A secret from a path. Neither ``str`` nor ``repr`` shows it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "<Token>"

    def reveal(self) -> str:
        return self._secret


class TokenConverter(StringConverter):
    """``<secret:token>`` in a URLconf gives the view a :class:`Token`; addresses are made from the text."""

    def to_python(self, value: str) -> Token:  # type: ignore[override]  # what a view gets is the converter's choice
        return Token(value)

    def to_url(self, value: Token | str) -> str:
        return value.reveal() if isinstance(value, Token) else value


def secret_in_path(view: Callable[[HttpRequest, Token], HttpResponse]) -> Callable[[HttpRequest, Token], HttpResponse]:
    """For a view whose path holds a ``<secret:token>``: when it has answered, or raised, the request's own copies of it
    are blanked, before Django writes a line or a report about it. Until then templates may need the path."""

    @sensitive_variables()
    @wraps(view)
    def silent(request: HttpRequest, token: Token) -> HttpResponse:
        try:
            return view(request, token)
        finally:
            _blank(request, token)

    return silent


@sensitive_variables()
def _blank(request: HttpRequest, token: Token) -> None:
    for name in ("path", "path_info"):
        setattr(request, name, getattr(request, name).replace(token.reveal(), HIDDEN))
    for name in ADDRESS_COPIES & request.META.keys():
        request.META[name] = request.path
