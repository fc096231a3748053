"""The authorization page: what it shows, what it refuses, where it sends the browser."""

from __future__ import annotations

import pytest
import requests

from conferencing_app.sandbox.client import SandboxControl, SandboxControlError
from tests.contract.sandbox.zoomclient import ALICE, BOB, CALLBACK, CLIENT_ID, ZoomApp, answer, local_session, pkce


def page(address: str) -> requests.Response:
    return local_session().get(address, timeout=10, allow_redirects=False)


def test_the_page_shows_the_app_the_accounts_and_every_scope(app: ZoomApp) -> None:
    text = page(app.authorization_url()).text
    assert CLIENT_ID in text
    assert ALICE in text
    assert BOB in text
    assert text.count('type="checkbox"') == 8
    assert 'value="approve"' in text
    assert 'value="deny"' in text


def test_every_input_has_a_label_and_there_is_no_inline_script_or_style(app: ZoomApp) -> None:
    text = page(app.authorization_url()).text
    visible = text.count('type="radio"') + text.count('type="checkbox"')
    assert text.count("<label for=") == visible == 10
    assert "<script" not in text
    assert "style=" not in text
    assert "<style" not in text


@pytest.mark.parametrize(("hint", "chosen"), [(BOB, BOB), (ALICE, ALICE), ("nobody@example.com", ALICE)])
def test_the_login_hint_chooses_the_account(app: ZoomApp, hint: str, chosen: str) -> None:
    text = page(app.authorization_url(login_hint=hint)).text
    assert f'name="account" value="{chosen}" checked' in text


def test_approval_comes_back_with_code_and_state_and_keeps_the_registered_query(app: ZoomApp) -> None:
    location = app.control.approve(app.authorization_url(state="a&b=c"), BOB)
    assert location.startswith("http://127.0.0.1:9/callback?kept=1&")
    assert answer(location)["state"] == "a&b=c"
    assert answer(location)["code"]


def test_denial_comes_back_with_access_denied_and_state(app: ZoomApp) -> None:
    location = app.control.approve(app.authorization_url(), deny=True)
    assert answer(location) == {"kept": "1", "error": "access_denied", "state": "s-1"}


@pytest.mark.parametrize("uri", [CALLBACK + "&more=1", CALLBACK.split("?")[0], CALLBACK + "/", "https://evil.example/"])
def test_a_redirect_uri_that_is_not_registered_exactly_gets_4709_and_no_redirect(app: ZoomApp, uri: str) -> None:
    reply = page(app.authorization_url(redirect_uri=uri))
    assert reply.status_code == 400
    assert "4709" in reply.text
    assert "Location" not in reply.headers


def test_an_unknown_client_gets_4702_and_no_redirect(app: ZoomApp) -> None:
    reply = page(app.authorization_url(client_id="stranger"))
    assert reply.status_code == 400
    assert "4702" in reply.text


@pytest.mark.parametrize("kind", ["token", None])
def test_another_response_type_is_refused_through_the_redirect(app: ZoomApp, kind: str | None) -> None:
    location = page(app.authorization_url(response_type=kind)).headers["Location"]
    assert answer(location)["error"] == "unsupported_response_type"


@pytest.mark.parametrize("method", ["plain", None, "S512"])
def test_a_plain_or_unknown_challenge_is_refused(app: ZoomApp, method: str | None) -> None:
    address = app.authorization_url(code_challenge=pkce()[1], code_challenge_method=method)
    assert answer(page(address).headers["Location"])["error"] == "invalid_request"


def test_plain_is_taken_where_the_client_allows_it(app: ZoomApp) -> None:
    app.control.register_client(CLIENT_ID, "client-secret", allow_plain_pkce=True)
    verifier = "v" * 43
    code = app.code(code_challenge=verifier, code_challenge_method="plain")
    assert app.exchange(code, code_verifier=verifier).status_code == 200


def test_a_scope_can_be_unticked(app: ZoomApp) -> None:
    user = app.link(untick=("meeting:delete:meeting",))
    assert "meeting:delete:meeting" not in user.tokens["scope"].split()
    assert "meeting:write:meeting" in user.tokens["scope"].split()


def test_a_page_can_be_answered_once(app: ZoomApp) -> None:
    text = page(app.authorization_url()).text
    transaction = text.split('name="transaction" value="')[1].split('"')[0]
    form = {"transaction": transaction, "account": ALICE, "decision": "approve"}
    address = f"{app.control.url}/zoom/oauth/consent"
    session = local_session()
    assert session.post(address, data=form, timeout=10, allow_redirects=False).status_code == 302
    assert session.post(address, data=form, timeout=10, allow_redirects=False).status_code == 400


def test_a_removed_account_is_not_offered(control: SandboxControl, app: ZoomApp) -> None:
    control.set_account(BOB, removed=True)
    assert BOB not in page(app.authorization_url()).text
    with pytest.raises(SandboxControlError, match="No account was chosen"):
        control.approve(app.authorization_url(), BOB)


def test_what_the_request_says_is_escaped_in_the_page(control: SandboxControl, app: ZoomApp) -> None:
    control.register_client("<b>&", "secret", [CALLBACK])
    assert "&lt;b&gt;&amp;" in page(app.authorization_url(client_id="<b>&")).text
