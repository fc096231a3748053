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
WORDS_OF_THE_WIRE = ("profile_missing", "missing_meeting_url")


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
    assert explanation.retrying is (CAUSES[code].retry is Retry.TRANSIENT or code == "refused")
    assert (explanation.code, explanation.subtype) == (code, code if code in WORDS_OF_THE_WIRE else None)


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
        ("profile_missing", "Choose another account", "choose"),
        ("missing_meeting_url", "Choose another account", "choose"),
        ("no_time", "", ""),
        ("outage", "", ""),
    ],
)
def test_who_can_act_gets_the_button_that_cures_it(owner: Any, code: str, label: str, leads_to: str) -> None:
    profile = make_profile(owner)
    page = reverse("conferencing:profiles")
    conference = make_conference(owner, cause_code=code, lane=profile)
    explanation = explain(conference)
    assert explanation is not None
    choose = reverse("conferencing:conference", args=[conference.public_id]) + "#choose"
    urls = {"list": page, "account": reverse("conferencing:relink", args=[profile.public_id]), "choose": choose, "": ""}
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


def test_what_waits_for_the_events_end_alone_is_not_tried_again(owner: Any) -> None:
    """It is looked at then, to say that it is too late."""
    end = clock.read("default") + timedelta(hours=1)
    explanation = explain(make_conference(owner, cause_code="daily_cap", attempts=1, end=end, due_at=end))
    assert explanation is not None
    assert explanation.next_try is None


def test_a_seldom_probe_is_told_as_well(owner: Any) -> None:
    soon = clock.read("default") + timedelta(minutes=5)
    explanation = explain(make_conference(owner, cause_code="refused", due_at=soon, attempts=1))
    assert explanation is not None
    assert (explanation.retrying, explanation.next_try) == (True, soon)


@pytest.mark.parametrize(
    ("contact", "url"),
    [("help@example.com", "mailto:help@example.com?subject={}"), ("https://example.com/help/", None), ("", None)],
)
def test_where_nothing_else_helps_the_sites_contact_is_named(
    owner: Any, settings: Any, contact: str, url: str | None
) -> None:
    settings.CONFERENCING_SUPPORT_CONTACT = contact
    for code in CAUSES:
        conference = make_conference(owner, state="failing", cause_code=code)
        explanation = explain(conference)
        assert explanation is not None
        helpless = CAUSES[code].action == "" and CAUSES[code].retry is not Retry.EVENT
        expected = (contact, url.format(conference.public_id) if url else contact) if helpless else ("", "")
        assert (explanation.support_contact, explanation.support_url) == expected, code


def test_the_causes_that_leave_a_person_helpless_are_those_of_others() -> None:
    helpless = {code for code, cause in CAUSES.items() if cause.action == "" and cause.retry is not Retry.EVENT}
    assert {CAUSES[code].actor for code in helpless} == {"admin", "provider"}


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
