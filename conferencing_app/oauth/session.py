"""requests-oauthlib's session on our own transport."""

from __future__ import annotations

from typing import Any

import requests
from requests_oauthlib import OAuth2Session

from conferencing_app import addresses
from conferencing_app.http import CallPolicy
from conferencing_app.http.redaction import guard_loggers
from conferencing_app.http.session import OutboundSession, session


class OAuthSession(OutboundSession, OAuth2Session):
    """For one step with an authorization server; the thread's connections are shared.

    oauthlib refuses plain http unless an environment variable switches its check off for the whole process. Under a
    policy that lets loopback through, the library is shown https instead (``shown``), and the request goes out to
    the address as it really is. Nothing here ever reads or sets that variable.
    """

    def __init__(self, *, policy: CallPolicy, server_url: str, **kwargs: Any) -> None:
        super().__init__(policy=policy, **kwargs)
        self.adapters = session(policy).adapters
        self.plain = policy.allow_loopback_http and is_plain_loopback(server_url)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send to the address as it really is."""
        if self.plain:
            request.url = truth(request.url or "")
        return super().send(request, **kwargs)


def shown(url: str, policy: CallPolicy) -> str:
    """The URL as the library gets to see it: https, where plain http to this machine is allowed."""
    return "https:" + url[5:] if policy.allow_loopback_http and is_plain_loopback(url) else url


def truth(url: str) -> str:
    """The opposite of ``shown`` for a URL known to be plain."""
    return "http:" + url[6:] if url.startswith("https:") else url


def is_plain_loopback(url: str) -> bool:
    """Whether this is a plain http address of this machine."""
    return url.startswith("http:") and not addresses.objection(url, allow_loopback_http=True)


guard_loggers()
