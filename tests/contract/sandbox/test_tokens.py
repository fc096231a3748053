"""Token and revocation endpoints: Zoom's statuses, bodies and the life of its tokens."""

from __future__ import annotations

import re

import pytest

from conferencing_app.sandbox.client import SandboxControl
from tests.contract.sandbox.zoomclient import ALICE, BOB, CALLBACK, CLIENT_ID, CLIENT_SECRET, ZoomApp, ZoomUser, pkce

DEAD = {"reason": "Invalid Token!", "error": "invalid_grant"}


def test_a_code_becomes_tokens_in_zooms_form(app: ZoomApp, control: SandboxControl) -> None:
    reply = app.exchange(app.code())
    body = reply.json()
    assert reply.status_code == 200
    assert set(body) == {"access_token", "token_type", "refresh_token", "expires_in", "scope", "api_url"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3599)
    assert body["api_url"] == f"{control.url}/zoom"
    assert 1000 < len(body["access_token"]) < 2000
    assert "meeting:delete:meeting" in body["scope"].split()


def test_a_code_is_taken_once(app: ZoomApp) -> None:
    code = app.code()
    assert app.exchange(code).status_code == 200
    again = app.exchange(code)
    assert again.status_code == 400
    assert again.json() == {"reason": f"Invalid authorization code {code}", "error": "invalid_grant"}


@pytest.mark.parametrize(("seconds", "status"), [(290, 200), (301, 400)])
def test_a_code_lives_five_minutes(app: ZoomApp, control: SandboxControl, seconds: int, status: int) -> None:
    code = app.code()
    control.advance(seconds)
    assert app.exchange(code).status_code == status


def test_the_redirect_uri_of_the_exchange_must_be_that_of_the_request(app: ZoomApp) -> None:
    reply = app.exchange(app.code(), redirect_uri=CALLBACK + "x")
    assert (reply.status_code, reply.json()["reason"]) == (400, "Redirect URI mismatch.")


@pytest.mark.parametrize("wrong", [{}, {"code_verifier": "w" * 50}, {"code_verifier": ""}])
def test_a_challenge_wants_its_verifier(app: ZoomApp, wrong: dict[str, str]) -> None:
    code = app.code(code_challenge=pkce()[1], code_challenge_method="S256")
    reply = app.exchange(code, **wrong)
    assert (reply.status_code, reply.json()) == (400, {"reason": "Invalid code verifier.", "error": "invalid_grant"})


def test_the_right_verifier_is_taken(app: ZoomApp) -> None:
    verifier, challenge = pkce()
    code = app.code(code_challenge=challenge, code_challenge_method="S256")
    assert app.exchange(code, code_verifier=verifier).status_code == 200


@pytest.mark.parametrize("auth", [(CLIENT_ID, "wrong"), ("stranger", CLIENT_SECRET)])
def test_wrong_client_credentials_are_401(app: ZoomApp, auth: tuple[str, str]) -> None:
    reply = app.token({"grant_type": "refresh_token", "refresh_token": "x"}, auth)
    assert reply.status_code == 401
    assert reply.json() == {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}


def test_credentials_in_the_body_do_not_count(app: ZoomApp) -> None:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    reply = app.token(form, None)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"), [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")]
)
def test_other_grant_types_are_refused(app: ZoomApp, form: dict[str, str], error: str) -> None:
    reply = app.token(form)
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_a_code_of_another_client_is_refused(app: ZoomApp, control: SandboxControl) -> None:
    control.register_client("other", "secret", [CALLBACK])
    form = {"grant_type": "authorization_code", "code": app.code(), "redirect_uri": CALLBACK}
    assert app.token(form, ("other", "secret")).status_code == 400


def test_refreshing_rotates_and_the_old_refresh_token_dies_at_once(app: ZoomApp, alice: ZoomUser) -> None:
    renewed = app.refresh(alice.tokens["refresh_token"])
    assert renewed.status_code == 200
    assert renewed.json()["refresh_token"] != alice.tokens["refresh_token"]
    replayed = app.refresh(alice.tokens["refresh_token"])
    assert (replayed.status_code, replayed.json()) == (400, DEAD)
    assert app.refresh(renewed.json()["refresh_token"]).status_code == 200


def test_with_the_switch_a_replay_kills_the_new_tokens_too(
    app: ZoomApp, control: SandboxControl, alice: ZoomUser
) -> None:
    control.options(reuse_kills_family=True)
    renewed = app.refresh(alice.tokens["refresh_token"]).json()
    assert app.refresh(alice.tokens["refresh_token"]).json() == DEAD
    assert app.refresh(renewed["refresh_token"]).json() == DEAD
    assert ZoomUser(control, renewed).call("GET", "/users/me").status_code == 401


@pytest.mark.parametrize(("days", "status"), [(89, 200), (90, 400)])
def test_a_refresh_token_lives_ninety_days(
    app: ZoomApp, control: SandboxControl, alice: ZoomUser, days: int, status: int
) -> None:
    control.advance(days * 86400)
    assert app.refresh(alice.tokens["refresh_token"]).status_code == status


def test_an_access_token_lives_an_hour(control: SandboxControl, alice: ZoomUser) -> None:
    control.advance(3590)
    assert alice.call("GET", "/users/me").status_code == 200
    control.advance(10)
    reply = alice.call("GET", "/users/me")
    assert (reply.status_code, reply.json()) == (401, {"code": 124, "message": "Access token is expired."})


def test_a_new_authorization_of_the_same_account_kills_the_earlier_tokens(app: ZoomApp, alice: ZoomUser) -> None:
    second = app.link()
    assert alice.call("GET", "/users/me").json()["code"] == 124
    assert app.refresh(alice.tokens["refresh_token"]).json() == DEAD
    assert second.call("GET", "/users/me").status_code == 200


def test_grants_of_other_accounts_live_on(app: ZoomApp, alice: ZoomUser) -> None:
    app.link(BOB)
    assert alice.call("GET", "/users/me").status_code == 200


def test_revoking_answers_success_and_ends_the_grant(app: ZoomApp, alice: ZoomUser) -> None:
    reply = app.revoke(alice.tokens["access_token"])
    assert (reply.status_code, reply.json()) == (200, {"status": "success"})
    assert alice.call("GET", "/users/me").status_code == 401
    assert app.refresh(alice.tokens["refresh_token"]).json() == DEAD
    assert app.revoke(alice.tokens["access_token"]).status_code == 400


def test_revoking_wants_the_client(app: ZoomApp, alice: ZoomUser) -> None:
    assert app.revoke(alice.tokens["access_token"], auth=(CLIENT_ID, "wrong")).status_code == 401
    assert alice.call("GET", "/users/me").status_code == 200


def test_a_person_who_removes_the_app_ends_the_grant_and_a_webhook_tells(
    app: ZoomApp, control: SandboxControl, alice: ZoomUser
) -> None:
    assert control.revoke_grants(ALICE) == 1
    assert alice.call("GET", "/users/me").status_code == 401
    assert app.refresh(alice.tokens["refresh_token"]).json() == DEAD
    [message] = control.outbox()
    assert message["body"]["event"] == "app_deauthorized"
    assert message["body"]["payload"]["client_id"] == CLIENT_ID


def test_an_app_that_lost_a_scope_cannot_refresh(app: ZoomApp, control: SandboxControl, alice: ZoomUser) -> None:
    control.register_client(CLIENT_ID, CLIENT_SECRET, scopes=["user:read:user"])
    reply = app.refresh(alice.tokens["refresh_token"])
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")
    assert reply.json()["reason"] == "The token scopes do not match with the client scopes."


def test_the_log_tells_tokens_apart_and_holds_none(app: ZoomApp, control: SandboxControl, alice: ZoomUser) -> None:
    alice.call("GET", "/users/me")
    app.refresh(alice.tokens["refresh_token"])
    entries = control.requests()
    assert [entry["operation"] for entry in entries] == ["authorize", "consent", "token.code", "me", "token.refresh"]
    assert all(entry["account"] == ALICE for entry in entries[1:])
    assert re.fullmatch("[0-9a-f]{12}", entries[3]["token"])
    assert alice.tokens["access_token"] not in str(entries)
    assert alice.tokens["refresh_token"] not in str(entries)
