"""Linking an account: authorization, exchange, refresh, revocation, identity, scopes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

import pytest

from conferencing_app.exceptions import AccessTokenExpired, Misconfigured, ProviderError, Refused, Relink, Unavailable
from conferencing_app.providers import registry
from tests.contract.providers.service import bearer


def start(service) -> tuple[str, str, str]:
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    url = service.oauth.authorization_url(redirect_uri=service.callback, state=state, code_verifier=verifier)
    return state, verifier, url


def finish(service, state, verifier, response):
    return service.oauth.exchange(
        redirect_uri=service.callback, state=state, code_verifier=verifier, authorization_response=response
    )


def test_the_authorization_url_has_state_and_s256_challenge_and_the_exact_callback(service):
    state, verifier, url = start(service)
    query = parse_qs(urlsplit(url).query)
    digest = hashlib.sha256(verifier.encode()).digest()
    assert query["state"] == [state]
    assert query["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [service.callback]
    assert verifier not in url


def test_a_grant_identifies_its_person_for_good(service):
    first, second = service.link(), service.link()
    identity = service.oauth.identify(bearer(second))
    assert identity.label == service.case.account
    assert identity.account_id
    assert identity.account_id != identity.label
    other = service.oauth.identify(service.token(service.case.other_account))
    assert other.account_id != identity.account_id
    assert service.oauth.identify(service.token()).account_id == identity.account_id
    assert first.access_token != second.access_token


def test_a_grant_tells_its_life_and_its_scopes(service):
    tokens = service.link()
    assert tokens.refresh_token
    assert 60 < tokens.expires_in <= 90 * 86400
    assert service.oauth.missing_scopes(tokens) == frozenset()


def test_a_scope_that_was_unticked_is_missing(service):
    tokens = service.link(untick=service.case.scopes_to_untick)
    assert service.oauth.missing_scopes(tokens) == frozenset(service.case.scopes_to_untick)


def test_a_code_serves_once(service):
    state, verifier, url = start(service)
    response = service.sandbox.approve(url, service.case.account)
    finish(service, state, verifier, response)
    with pytest.raises(Relink):
        finish(service, state, verifier, response)


def test_a_code_is_worthless_without_its_verifier(service):
    state, _, url = start(service)
    response = service.sandbox.approve(url, service.case.account)
    with pytest.raises(Relink):
        finish(service, state, secrets.token_urlsafe(48), response)


def test_a_denied_consent_makes_no_token_call(service):
    state, verifier, url = start(service)
    response = service.sandbox.approve(url, service.case.account, deny=True)
    with pytest.raises(Refused):
        finish(service, state, verifier, response)
    assert service.calls("exchange") == 0


def test_a_refresh_gives_a_token_that_works(service):
    tokens = service.link()
    fresh = service.oauth.refresh(tokens.refresh_token)
    assert fresh.access_token != tokens.access_token
    assert service.oauth.identify(bearer(fresh)).label == service.case.account
    if service.case.refresh_tokens_rotate:
        assert fresh.refresh_token not in (None, tokens.refresh_token)
        with pytest.raises(Relink):
            service.oauth.refresh(tokens.refresh_token)


@pytest.mark.parametrize("refresh_token", ["unknown", "odd +/=&%☃", "x" * 5000])
def test_an_unknown_refresh_token_means_relink(service, refresh_token):
    with pytest.raises(Relink) as raised:
        service.oauth.refresh(refresh_token)
    assert refresh_token not in repr(raised.value)


def test_a_grant_that_the_person_took_back_means_relink(service):
    tokens = service.link()
    service.sandbox.revoke_grants(service.case.account)
    with pytest.raises(AccessTokenExpired):
        service.oauth.identify(bearer(tokens))
    with pytest.raises(Relink):
        service.oauth.refresh(tokens.refresh_token)


def test_revoking_ends_the_grant_and_may_be_done_again(service):
    tokens = service.link()
    service.oauth.revoke(bearer(tokens))
    service.oauth.revoke(bearer(tokens))
    with pytest.raises(Relink):
        service.oauth.refresh(tokens.refresh_token)


def test_the_sites_own_credentials_never_unlink_anyone(service, settings):
    tokens = service.link()
    entry = {"BACKEND": service.case.backend, "OPTIONS": {**service.case.credentials, "client_secret": "wrong"}}
    settings.CONFERENCING_PROVIDERS = {service.case.alias: entry}
    oauth = registry.get(service.case.alias).oauth
    assert oauth is not None
    with pytest.raises(Misconfigured):
        oauth.refresh(tokens.refresh_token)
    with pytest.raises(Misconfigured):
        oauth.revoke(bearer(tokens))


@pytest.mark.parametrize("action", ["html", "status", "malformed", "drop_before", "drop_after", "delay_before"])
@pytest.mark.parametrize("method", ["exchange", "refresh", "revoke", "identify"])
def test_no_outage_is_taken_for_a_verdict(service, method, action):
    tokens = service.link()
    state, verifier, url = start(service)
    response = service.sandbox.approve(url, service.case.account)
    steps = {
        "exchange": lambda: finish(service, state, verifier, response),
        "refresh": lambda: service.oauth.refresh(tokens.refresh_token),
        "revoke": lambda: service.oauth.revoke(bearer(tokens)),
        "identify": lambda: service.oauth.identify(bearer(tokens)),
    }
    service.fail(method, action, **({"seconds": 1.5} if action == "delay_before" else {}))
    before = service.calls(method)
    with pytest.raises(Unavailable) as raised:
        steps[method]()
    assert raised.value.outcome_unknown is (method != "identify")
    assert raised.value.cause == "outage"
    assert service.calls(method) == before + 1


@pytest.mark.parametrize("method", ["exchange", "refresh", "revoke", "identify"])
def test_a_pause_that_is_asked_for_is_passed_on(service, method):
    tokens = service.link()
    state, verifier, url = start(service)
    response = service.sandbox.approve(url, service.case.account)
    steps = {
        "exchange": lambda: finish(service, state, verifier, response),
        "refresh": lambda: service.oauth.refresh(tokens.refresh_token),
        "revoke": lambda: service.oauth.revoke(bearer(tokens)),
        "identify": lambda: service.oauth.identify(bearer(tokens)),
    }
    for limit in service.case.rate_limits:
        service.strike(method, limit)
        with pytest.raises(ProviderError) as raised:
            steps[method]()
        assert type(raised.value) is Unavailable
        assert raised.value.cause == "rate_limited"
        assert raised.value.outcome_unknown is False
