"""A provider checks its OPTIONS when it is made, and says what to paste."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from conferencing_app.http import CallPolicy
from conferencing_app.providers import registry
from conferencing_app.providers.base import Provider


def make(case, options, **kwargs) -> Provider:
    return import_string(case.backend)(options, policy=CallPolicy(), **kwargs)


def test_credentials_alone_are_enough_and_lead_to_the_real_service(case):
    provider = make(case, case.credentials)
    assert provider.key == case.alias
    assert provider.label
    assert provider.oauth is not None
    url = provider.oauth.authorization_url(redirect_uri="https://site.example/", state="s" * 32, code_verifier="v" * 43)
    assert url.startswith("https://")


def test_each_missing_credential_is_named(case):
    for name in case.credentials:
        for value in (None, "", 7, " blank "):
            with pytest.raises(ValueError, match=name):
                make(case, {**case.credentials, name: value})
        with pytest.raises(ValueError, match="Paste"):
            make(case, {key: value for key, value in case.credentials.items() if key != name})


def test_an_unknown_option_is_named_with_those_that_exist(case):
    with pytest.raises(ValueError, match=r"'client_idd' is not known; there are: .*client_id"):
        make(case, {**case.credentials, "client_idd": "x"})


def test_the_registry_says_which_setting_to_change(case, settings):
    settings.CONFERENCING_PROVIDERS = {case.alias: {"BACKEND": case.backend, "OPTIONS": {}}}
    with pytest.raises(ImproperlyConfigured, match=rf"CONFERENCING_PROVIDERS\['{case.alias}'\]\['OPTIONS'\]"):
        registry.get(case.alias)


def test_the_sandbox_is_only_taken_where_plain_http_is_allowed(case):
    with pytest.raises(ValueError, match="DEBUG"):
        make(case, case.credentials, sandbox_url="http://127.0.0.1:8000")


def test_no_secret_in_any_repr(case):
    provider = make(case, {**case.credentials, "client_secret": "CANARY"})
    for thing in (provider, provider.oauth, provider.meetings, *vars(provider).values()):
        assert "CANARY" not in repr(thing)
