"""OAuth 2.0 for every provider: the one wrapper of requests-oauthlib."""

from __future__ import annotations

from conferencing_app.oauth.flow import AuthorizationCodeFlow

__all__ = ["AuthorizationCodeFlow"]
