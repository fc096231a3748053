"""A person removes the app in their Zoom account: the site forgets that account, and says so."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import QueryDict

from conferencing_app import clock
from conferencing_app.exceptions import LinkError
from conferencing_app.models import Conference, ConferencingProfile, Grant, Meeting
from conferencing_app.provisioning.reconcile import Conferences
from conferencing_app.services import linking, profiles
from conferencing_app.services.explain import explain, explain_profile
from conferencing_app.testing import Told, drain
from tests.hosts.models import Lesson
from tests.integration.inbound.conftest import ACCOUNT, event, post, stored
from tests.unit.provisioning.working import begin, finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(listening: Any, lesson: Lesson) -> Lesson:
    drain()
    return lesson


def remove_the_app(sandbox: Any) -> None:
    assert sandbox.revoke_grants(ACCOUNT) == 1
    newest = sandbox.delivered()[-1]
    assert newest["body"]["event"] == "app_deauthorized"
    assert [delivery["status"] for delivery in newest["deliveries"]] == [200]


def everything_stored() -> str:
    """All that any table of the app holds, as text."""
    with connection.cursor() as cursor:
        tables = [table for table in connection.introspection.table_names(cursor) if table.startswith("conferencing_")]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return "\n".join(str(value) for value in itertools.chain.from_iterable(rows))


def test_at_once_it_is_disconnected_and_says_why(listening: Any, made: Lesson, profile: ConferencingProfile) -> None:
    asked = len(listening.requests())
    remove_the_app(listening)
    profile.refresh_from_db()
    assert (profile.state, profile.cause) == ("disconnected", "deauthorized")
    assert "removed this site's app at Zoom" in explain_profile(profile)
    drain()
    assert len(listening.requests()) == asked, "there is nothing to ask Zoom with"


def test_the_host_hears_of_it_once(
    listening: Any, profile: ConferencingProfile, conferencing_notifications: list[Told]
) -> None:
    remove_the_app(listening)
    listening.send_again(listening.delivered()[-1]["sequence"])
    listening.delivered()
    drain()
    told = [each for each in conferencing_notifications if each.type == "conferencing_profile_disconnected"]
    assert [each.cause for each in told] == ["deauthorized"]


def test_nothing_of_the_account_is_left_in_a_table(listening: Any, made: Lesson, profile: ConferencingProfile) -> None:
    grant, meeting = Grant.objects.get(), Meeting.objects.get()
    account, user = str(profile.account_key).split(":")[1:]
    sealed = [grant.access_token.envelope, grant.refresh_token.envelope, meeting.host_url.envelope]
    canaries = [*sealed, ACCOUNT, account, user]
    before = everything_stored()
    assert [canary for canary in canaries if canary not in before] == []
    remove_the_app(listening)
    drain()
    after = everything_stored()
    assert [canary for canary in canaries if canary in after] == []
    assert not Grant.objects.exists()


def test_links_that_guests_have_stay_and_changes_wait(listening: Any, made: Lesson) -> None:
    before = stored(made).join_url
    remove_the_app(listening)
    drain()
    assert (stored(made).state, stored(made).join_url, stored(made).cause) == ("assigned", before, None)
    made.title = "Arpeggios"
    made.save()
    drain()
    assert (stored(made).state, stored(made).join_url, stored(made).cause_code) == ("assigned", before, "deauthorized")


def test_a_new_event_waits_for_the_person(listening: Any, profile: ConferencingProfile) -> None:
    remove_the_app(listening)
    start = clock.read("default") + timedelta(days=1)
    lesson = Lesson.objects.create(owner=profile.user, title="New", starts_at=start, ends_at=start + timedelta(hours=1))
    drain()
    explanation = explain(stored(lesson))
    assert explanation is not None
    assert (stored(lesson).cause_code, explanation.actor, explanation.retrying) == ("deauthorized", "user", False)
    assert explanation.action_url.endswith(f"/relink/{profile.public_id}/")
    assert explanation.sentence.startswith("You have removed this site's app at Zoom.")


@pytest.mark.parametrize("by", ["the button of the profile", "linking anew"])
def test_linked_again_it_is_the_same_profile_and_all_heals(
    listening: Any, made: Lesson, profile: ConferencingProfile, link_profile: Any, by: str
) -> None:
    remove_the_app(listening)
    made.title = "Arpeggios"
    made.save()
    drain()
    again = relink(listening, profile) if by.startswith("the button") else link_profile(profile.user, ACCOUNT)
    assert (again.pk, again.state, again.account_label) == (profile.pk, "connected", ACCOUNT)
    assert again.account_key == profile.account_key
    drain()
    (meeting,) = listening.live_meetings()
    assert (meeting["topic"], stored(made).cause_code) == ("Arpeggios", "")


def relink(sandbox: Any, profile: ConferencingProfile, account: str = ACCOUNT) -> ConferencingProfile:
    url = linking.start(profile.user, "zoom", browser="b" * 43, profile=profile)
    answer = sandbox.approve(url, account)
    query = QueryDict(answer.partition("?")[2])
    return linking.finish(profile.user, "zoom", browser="b" * 43, query=query, absolute_uri=answer).profile


def test_another_account_is_not_taken_for_it(listening: Any, made: Lesson, profile: ConferencingProfile) -> None:
    remove_the_app(listening)
    with pytest.raises(LinkError, match="other_account"):
        relink(listening, profile, "bob.zoom@example.com")


def test_another_person_may_link_the_account_from_then_on(
    listening: Any, profile: ConferencingProfile, link_profile: Any
) -> None:
    remove_the_app(listening)
    bob = get_user_model().objects.create_user("bob", "bob@example.com")
    theirs = link_profile(bob, ACCOUNT)
    profile.refresh_from_db()
    assert (theirs.user, theirs.state, theirs.account_label) == (bob, "connected", ACCOUNT)
    assert (profile.state, profile.cause, profile.account_key) == ("disconnected", "deauthorized", None)


def test_a_meeting_no_longer_wanted_meanwhile_is_removed_after_the_relink(
    listening: Any, made: Lesson, profile: ConferencingProfile, link_profile: Any
) -> None:
    remove_the_app(listening)
    made.delete()
    drain()
    assert len(listening.live_meetings()) == 1
    link_profile(profile.user, ACCOUNT)
    drain()
    assert listening.live_meetings() == []


def test_an_account_that_was_leaving_is_gone_for_good(
    listening: Any, made: Lesson, profile: ConferencingProfile
) -> None:
    listening.add_fault("*", "status", status=503)
    profiles.unlink(profile, remove_meetings=True)
    drain()
    profile.refresh_from_db()
    assert profile.state == "leaving"
    remove_the_app(listening)
    drain()
    profile.refresh_from_db()
    assert (profile.state, profile.account_key, Grant.objects.count()) == ("unlinked", None, 0)
    assert not Conference.objects.filter(due_at__lte=clock.now()).exists()


def test_a_removal_older_than_the_link_is_history(listening: Any, profile: ConferencingProfile) -> None:
    """Zoom sends again what was not answered, for hours; the person may have linked the account again meanwhile."""
    account, user = str(profile.account_key).split(":")[1:]
    body = event("app_deauthorized", {"account_id": account, "user_id": user}, ahead=-3600)
    assert post(body).status_code == 200
    profile.refresh_from_db()
    assert profile.state == "connected"


def test_other_accounts_and_other_registrations_are_not_meant(listening: Any, profile: ConferencingProfile) -> None:
    account, user = str(profile.account_key).split(":")[1:]
    for payload in (
        {"account_id": account, "user_id": "somebody-else"},
        {"account_id": "elsewhere", "user_id": user},
        {"account_id": account, "user_id": user, "client_id": "the-development-version"},
    ):
        assert post(event("app_deauthorized", payload, ahead=5)).status_code == 200
    profile.refresh_from_db()
    assert profile.state == "connected"


def test_a_test_of_the_account_keeps_the_cause(listening: Any, profile: ConferencingProfile) -> None:
    remove_the_app(listening)
    profile.refresh_from_db()
    result = profiles.test(profile)
    assert (result.ok, result.cause_code) == (False, "deauthorized")


def test_a_reply_that_comes_after_it_brings_nothing_back(listening: Any, made: Lesson) -> None:
    """A worker was calling for the account at that very moment."""
    Meeting.objects.update(read_back=True)
    Conference.objects.all().wake()
    handler = Conferences("default")
    job = begin(handler)
    assert job.call is not None
    job.outcome = job.call()
    remove_the_app(listening)
    finish(handler, job)
    assert not Meeting.objects.get().host_url.envelope
