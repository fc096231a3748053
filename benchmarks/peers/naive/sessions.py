"""requests-oauthlib's session with automatic refresh, as its documentation shows it; one is kept in each thread."""

from __future__ import annotations

import os
import threading
from typing import Any

from requests_oauthlib import OAuth2Session

from benchmarks.peers.naive.models import ZoomAccount
from benchmarks.peers.site import SANDBOX_URL, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET

os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the sandbox speaks plain http

_kept = threading.local()


def new_session(**options: Any) -> OAuth2Session:
    return OAuth2Session(
        ZOOM_CLIENT_ID,
        auto_refresh_url=f"{SANDBOX_URL}/zoom/oauth/token",
        auto_refresh_kwargs={"client_id": ZOOM_CLIENT_ID, "client_secret": ZOOM_CLIENT_SECRET},
        **options,
    )


def session_of(account: ZoomAccount) -> OAuth2Session:
    """This thread's session, with the account's token."""
    if not hasattr(_kept, "session"):
        _kept.session = new_session()

    def store(token: dict[str, Any]) -> None:
        ZoomAccount.objects.filter(pk=account.pk).update(token=token)

    session: OAuth2Session = _kept.session
    session.token, session.token_updater = account.token, store
    return session
