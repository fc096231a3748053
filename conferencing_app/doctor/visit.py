"""The site as people find it: asked for at CONFERENCING_BASE_URL, through whatever stands in front of it."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from django.urls import NoReverseMatch, reverse

from conferencing_app import http
from conferencing_app.conf import settings
from conferencing_app.doctor import lines
from conferencing_app.doctor.finding import ERROR, Finding
from conferencing_app.exceptions import ProviderError
from conferencing_app.http import CallPolicy, Reply
from conferencing_app.views import mirror

HINT = f"{lines.BASE_URL}  # where people reach this site; and start it"


def own_site(policy: CallPolicy) -> Finding | None:
    """Whether this very site answers there, and what it takes the request for."""
    asked = secrets.token_urlsafe(8)
    try:
        path = reverse("conferencing:mirror", args=[mirror.ticket(asked)])
        reply = http.call(policy, "GET", settings.BASE_URL.rstrip("/") + path)
    except NoReverseMatch:
        return None  # said by a finding of its own
    except ProviderError as error:
        return _elsewhere(str(error))
    if _is_sent_to_https(reply):
        return _insecure()
    seen = reply.data()
    if not isinstance(seen, dict) or seen.get("asked") != asked:
        return _refused() if reply.status == 400 else _elsewhere(f"another site answers there ({reply.status})")
    return _judge(seen)


def _judge(seen: dict[str, Any]) -> Finding | None:
    here = urlsplit(settings.BASE_URL)
    if here.scheme == "https" and not seen.get("secure"):
        return _insecure()
    if seen.get("host", "").casefold() != here.netloc.casefold():
        message = f"requests for {here.netloc} reach the site as such for {seen.get('host')}: its forms are refused"
        return Finding("conferencing.D027", ERROR, message, lines.PROXY_HOST)
    return None


def _is_sent_to_https(reply: Reply) -> bool:
    """SECURE_SSL_REDIRECT sends a request that came over https to https, again and again."""
    target = reply.headers.get("Location", "")
    return (
        reply.status in (301, 302) and settings.BASE_URL.startswith("https:") and target.startswith(settings.BASE_URL)
    )


def _insecure() -> Finding:
    message = "requests over https reach the site as plain ones: its forms are refused, its cookies are not secure"
    return Finding("conferencing.D026", ERROR, message, lines.PROXY_HEADER)


def _refused() -> Finding:
    message = "the site refuses requests that come this way (400): they name a host that ALLOWED_HOSTS lacks"
    return Finding("conferencing.D027", ERROR, message, lines.PROXY_HOST)


def _elsewhere(why: str) -> Finding:
    return Finding("conferencing.D025", ERROR, why, HINT)
