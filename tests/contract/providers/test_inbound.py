"""What a service sends us: taken when it has signed it, and lately; and whatever it says, nothing breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from conferencing_app.http import CallPolicy
from conferencing_app.providers.base import InboundParser
from tests.contract.providers.case import InboundCase, ProviderCase
from tests.contract.providers.conftest import CASES

SECRET, NEWER = "the-secret", "the-newer-secret"
SENT_AT = 1739923528
NOW = datetime.fromtimestamp(SENT_AT, UTC)


def make(case: ProviderCase, secrets: object) -> InboundParser:
    options = {**case.credentials, rules(case).option: secrets}
    inbound = import_string(case.backend)(options, policy=CallPolicy()).inbound
    assert inbound is not None
    return inbound


def rules(case: ProviderCase) -> InboundCase:
    assert case.inbound is not None
    return case.inbound


def test_without_its_secret_a_service_is_not_heard(sender: ProviderCase) -> None:
    assert import_string(sender.backend)(sender.credentials, policy=CallPolicy()).inbound is None


def test_what_is_signed_is_taken_and_means_what_it_says(sender: ProviderCase) -> None:
    inbound = make(sender, SECRET)
    for body, event in rules(sender).told:
        assert inbound.verify(rules(sender).sign(SECRET, body, SENT_AT), body, NOW)
        assert inbound.challenge(rules(sender).sign(SECRET, body, SENT_AT), body) is None
        assert inbound.parse(body) == [event]


def test_what_is_of_no_concern_means_nothing(sender: ProviderCase) -> None:
    for body in rules(sender).of_no_concern:
        assert make(sender, SECRET).parse(body) == []


def test_while_a_secret_changes_both_are_taken(sender: ProviderCase) -> None:
    ((body, _), *_) = rules(sender).told
    for secret, taken in ((SECRET, True), (NEWER, True), ("another", False)):
        headers = rules(sender).sign(secret, body, SENT_AT)
        assert make(sender, [NEWER, SECRET]).verify(headers, body, NOW) is taken


def test_each_flipped_bit_of_the_body_is_noticed(sender: ProviderCase) -> None:
    inbound, ((body, _), *_) = make(sender, SECRET), rules(sender).told
    headers = rules(sender).sign(SECRET, body, SENT_AT)
    for place in range(len(body)):
        flipped = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert not inbound.verify(headers, flipped, NOW)


def test_each_missing_header_is_noticed(sender: ProviderCase) -> None:
    inbound, ((body, _), *_) = make(sender, SECRET), rules(sender).told
    headers = rules(sender).sign(SECRET, body, SENT_AT)
    for missing in headers:
        assert not inbound.verify({name: headers[name] for name in headers if name != missing}, body, NOW)


@pytest.mark.parametrize("ahead", [-1, 1])
def test_only_what_was_sent_lately_is_taken(sender: ProviderCase, ahead: int) -> None:
    inbound, ((body, _), *_) = make(sender, SECRET), rules(sender).told
    headers, window = rules(sender).sign(SECRET, body, SENT_AT), rules(sender).window_seconds
    assert inbound.verify(headers, body, NOW + ahead * timedelta(seconds=window))
    assert not inbound.verify(headers, body, NOW + ahead * timedelta(seconds=window + 1))


def test_a_challenge_is_answered_to_the_service_alone(sender: ProviderCase) -> None:
    body, proof = rules(sender).challenge, rules(sender).proof
    if body is None or proof is None:
        return
    inbound = make(sender, [NEWER, SECRET])
    for secret in (SECRET, NEWER):
        assert inbound.challenge(rules(sender).sign(secret, body, SENT_AT), body) == proof(secret)
    assert inbound.challenge({}, body) is None
    assert inbound.challenge(rules(sender).sign("another", body, SENT_AT), body) is None


def test_no_secret_in_any_repr(sender: ProviderCase) -> None:
    inbound = make(sender, ["CANARY", "CANARY-2"])
    assert "CANARY" not in repr(inbound) + repr(vars(inbound))


@pytest.mark.parametrize("case", [case for case in CASES if case.inbound], ids=lambda case: case.alias)
@given(body=st.binary(max_size=200), headers=st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=4))
def test_nothing_that_is_sent_breaks_it(case: ProviderCase, body: bytes, headers: dict[str, str]) -> None:
    inbound = make(case, SECRET)
    assert not inbound.verify(headers, body, NOW)
    assert inbound.challenge(headers, body) is None
    assert inbound.parse(body) == []
