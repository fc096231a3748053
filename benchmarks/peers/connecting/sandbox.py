"""Points django-allauth's Zoom provider at the sandbox."""

from __future__ import annotations

from allauth.socialaccount.providers.zoom.views import ZoomOAuth2Adapter

from benchmarks.peers.site import SANDBOX_URL


def stand_in() -> None:
    ZoomOAuth2Adapter.access_token_url = f"{SANDBOX_URL}/zoom/oauth/token"
    ZoomOAuth2Adapter.authorize_url = f"{SANDBOX_URL}/zoom/oauth/authorize"
    ZoomOAuth2Adapter.profile_url = f"{SANDBOX_URL}/zoom/v2/users/me"
    ZoomOAuth2Adapter.basic_auth = True  # the only way that Zoom's documentation names
