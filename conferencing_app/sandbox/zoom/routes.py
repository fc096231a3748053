"""Where Zoom's operations answer, below `/zoom`."""

from __future__ import annotations

from starlette.routing import Route

from conferencing_app.sandbox.exchange import Naming, Operation, endpoint

from . import access, consent, joining, listing, meetings, oauth, users


def _route(method: str, path: str, operation: str, perform: Operation, identify: Naming = access.identify) -> Route:
    return Route(f"/zoom{path}", endpoint("zoom", operation, perform, identify), methods=[method])


ROUTES = [
    _route("POST", "/v2/users/{user_id}/meetings", "create", meetings.create),
    _route("GET", "/v2/users/{user_id}/meetings", "list", listing.list_meetings),
    _route("GET", "/v2/meetings/{meeting_id}", "get", meetings.get),
    _route("PATCH", "/v2/meetings/{meeting_id}", "update", meetings.update),
    _route("DELETE", "/v2/meetings/{meeting_id}", "delete", meetings.delete),
    _route("GET", "/v2/meetings/{meeting_id}/invitation", "invitation", meetings.invitation),
    _route("GET", "/v2/users/{user_id}", "me", users.me),
    _route("GET", "/v2/users/{user_id}/settings", "settings", users.settings),
    _route("GET", "/j/{number}", "join", joining.join, joining.identify),
    _route("POST", "/oauth/token", "token.code", oauth.token, oauth.identify_token_call),
    _route("POST", "/oauth/revoke", "revoke", oauth.revoke, oauth.identify_revocation),
    _route("GET", "/oauth/authorize", "authorize", consent.authorize, consent.identify),
    _route("POST", "/oauth/consent", "consent", consent.decide, consent.identify),
]
