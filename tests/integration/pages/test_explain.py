"""What a person is told about a conference that is not there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.causes import CAUSES, Retry
from conferencing_app.models import Conference
from conferencing_app.services.explain import explain, explain_profile
from tests.integration.pages.rows import make_conference, make_profile, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return make_user("owner")


@pytest.mark.parametrize("code", sorted(CAUSES))
@pytest.mark.parametrize("provider", ["zoom", "no_longer_configured", ""])
def test_every_cause_reads_as_a_sentence(owner: Any, code: str, provider: str) -> None:
    explanation = explain(make_conference(owner, state="failing", cause_code=code, provider=provider))
    assert explanation is not None
    assert explanation.sentence.endswith(".")
    assert "%" not in explanation.sentence
    assert not explanation.sentence[0].islower() or provider
    assert explanation.actor is CAUSES[code].actor
    assert explanation.retrying is (CAUSES[code].retry is Retry.TRANSIENT)


def test_the_provider_is_called_by_its_own_name(owner: Any) -> None:
    explanation = explain(make_conference(owner, cause_code="outage", lane=make_profile(owner)))
    assert explanation is not None
    assert explanation.sentence.startswith("Zoom ")


def test_a_cause_never_shows_a_gap_for_the_provider(owner: Any) -> None:
    """Neither in code nor on a page: with a link, while waiting for an account, and without any."""
    waiting = make_conference(owner, cause_code="outage", lane=make_profile(owner))
    unknown = make_conference(owner, cause_code="misconfigured")
    sentences = [str(one.cause.sentence) for one in (waiting, unknown) if one.cause]
    assert sentences[0] == "Zoom does not answer properly at the moment. This is tried again by itself."
    assert sentences[1].startswith("This site's own registration with the conferencing service")


def test_without_a_cause_there_is_nothing_to_explain(owner: Any) -> None:
    assert explain(make_conference(owner, state="pending")) is None


@pytest.mark.parametrize(
    ("code", "label", "leads_to"),
    [
        ("nothing_linked", "Link an account", "list"),
        ("credentials_expired", "Link the account again", "account"),
        ("scopes_missing", "Link the account again", "account"),
        ("profile_missing", "See your accounts", "list"),
        ("no_time", "", ""),
        ("outage", "", ""),
    ],
)
def test_who_can_act_gets_the_button_that_cures_it(owner: Any, code: str, label: str, leads_to: str) -> None:
    profile = make_profile(owner)
    page = reverse("conferencing:profiles")
    urls = {"list": page, "account": f"{page}#{profile.public_id}", "": ""}
    explanation = explain(make_conference(owner, cause_code=code, lane=profile))
    assert explanation is not None
    assert (explanation.action_label, explanation.action_url) == (label, urls[leads_to])


def test_the_next_try_is_told_only_where_it_is_tried_by_itself(owner: Any) -> None:
    soon = clock.read("default") + timedelta(minutes=5)
    outage = explain(make_conference(owner, cause_code="outage", due_at=soon, attempts=1))
    waiting = explain(make_conference(owner, cause_code="credentials_expired", due_at=soon))
    woken = explain(make_conference(owner, cause_code="key_unavailable", due_at=soon - timedelta(hours=1), attempts=0))
    lagging = explain(make_conference(owner, cause_code="internal", due_at=soon, attempts=0))
    assert outage is not None
    assert waiting is not None
    assert woken is not None
    assert lagging is not None
    assert (outage.next_try, waiting.next_try, woken.next_try, lagging.next_try) == (soon, None, None, soon)
    told = (outage.trying_now, waiting.trying_now, woken.trying_now, lagging.trying_now)
    assert told == (False, False, True, False), "what only waits for its time is not being tried"
    assert outage.reference == Conference.objects.get(cause_code="outage").public_id


@pytest.mark.parametrize(
    ("state", "cause", "words"),
    [
        ("connected", "", ""),
        ("connected", "outage", "Zoom did not answer properly when this account was last tested"),
        ("disconnected", "credentials_expired", "Link it again"),
        ("disconnected", "scopes_missing", "allow all of it"),
        ("disconnected", "", "Link it again"),
        ("leaving", "outage", "Zoom does not answer properly at the moment. This is tried again by itself."),
    ],
)
def test_an_account_tells_its_health(owner: Any, state: str, cause: str, words: str) -> None:
    sentence = explain_profile(make_profile(owner, state=state, cause=cause))
    assert words in sentence
    assert bool(sentence) == bool(words)
    assert "this event" not in sentence
