"""Meetings: made, found by their marker, changed, read and removed; and what each failure means."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from conferencing_app.exceptions import AccessTokenExpired, Gone, ProviderError, Refused, Relink, Unavailable
from conferencing_app.providers.types import AccessToken, Capability
from tests.contract.providers.service import Service, make_spec, new_marker

METHODS = ["create", "find", "read", "update", "delete"]


def act(service: Service, method: str, token: AccessToken, meeting_id: str = "1", marker: str = "cnf_none"):
    """Call one method of the client with plausible arguments."""
    meetings = service.provider.meetings
    steps = {
        "create": lambda: meetings.create(token, make_spec(), marker),
        "find": lambda: meetings.find(token, marker, make_spec()),
        "read": lambda: meetings.read(token, meeting_id),
        "update": lambda: meetings.update(token, meeting_id, make_spec(), marker),
        "delete": lambda: meetings.delete(token, meeting_id),
    }
    return steps[method]()


def test_each_meeting_is_one_of_its_own(service):
    token, spec = service.token(), make_spec()
    made = [service.provider.meetings.create(token, spec, new_marker()) for _ in range(3)]
    assert len({details.join_url for details in made}) == 3
    assert len({details.meeting_id for details in made}) == 3
    for details in made:
        assert details.join_url.startswith(("https://", service.sandbox.url))
        assert details.start == spec.start
        assert details.host_url not in ("", details.join_url)
        assert details.host_url not in repr(details)


def test_what_the_provider_can_do_comes_with_the_meeting(service):
    details = act(service, "create", service.token(), marker=new_marker())
    capabilities = service.provider.capabilities
    assert bool(details.passcode) is (Capability.PASSCODE in capabilities)
    assert bool(details.dial_in) is (Capability.DIAL_IN in capabilities)
    assert all(number.number and len(number.country) == 2 for number in details.dial_in)


def test_a_meeting_is_found_by_its_marker_and_no_other(service):
    token, spec = service.token(), make_spec()
    marker = new_marker()
    made = service.provider.meetings.create(token, spec, marker)
    service.provider.meetings.create(token, spec, new_marker())
    (found,) = service.provider.meetings.find(token, marker, spec)
    assert dataclasses.replace(found, host_url="") == dataclasses.replace(made, host_url="")
    for other in (new_marker(), marker[:-1], marker[1:], marker + "0"):
        assert service.provider.meetings.find(token, other, spec) == ()
    assert service.provider.meetings.find(service.token(service.case.other_account), marker, spec) == ()


def test_several_with_the_same_marker_come_oldest_first(service):
    token, marker = service.token(), new_marker()
    made = []
    for days in (3, 1, 2):
        spec = make_spec(start=make_spec().start + timedelta(days=days), end=make_spec().end + timedelta(days=days))
        made.append(service.provider.meetings.create(token, spec, marker).meeting_id)
        service.sandbox.advance(2)
    found = service.provider.meetings.find(token, marker, make_spec())
    assert [details.meeting_id for details in found] == made


def test_a_long_description_does_not_hide_the_marker(service):
    token, marker = service.token(), new_marker()
    service.provider.meetings.create(token, make_spec(description="😀 text\n" * 2000), marker)
    assert len(service.provider.meetings.find(token, marker, make_spec())) == 1


@pytest.mark.parametrize(
    "title", ["", "   ", "\n", "x" * 5000, "😀" * 500, "a\nb\tc\x00d\ud800e", "<b>&amp;</b>", "👩‍👩‍👧‍👦" * 99]
)
def test_no_title_is_refused(service, title):
    details = service.provider.meetings.create(service.token(), make_spec(title=title), new_marker())
    topic = service.sandbox.live_meetings()[0]["topic"]
    assert details.join_url
    assert topic.strip()
    assert len(topic) <= service.case.title_limit


@pytest.mark.parametrize(
    "tzid", ["Europe/Kyiv", "Asia/Kolkata", "America/Argentina/Ushuaia", "UTC", "Antarctica/Troll"]
)
def test_a_start_is_the_same_moment_in_every_zone(service, tzid):
    spec = make_spec(tzid=tzid)
    assert act_create(service, spec).start == spec.start


def act_create(service: Service, spec):
    return service.provider.meetings.create(service.token(), spec, new_marker())


def test_an_update_keeps_the_link_and_the_marker(service):
    token, marker, meetings = service.token(), new_marker(), service.provider.meetings
    made = meetings.create(token, make_spec(), marker)
    later = make_spec(
        title="Violin", start=make_spec().start + timedelta(days=2), end=make_spec().end + timedelta(days=2)
    )
    meetings.update(token, made.meeting_id, later, marker)
    read = meetings.read(token, made.meeting_id)
    assert (read.join_url, read.passcode, read.start) == (made.join_url, made.passcode, later.start)
    assert [details.meeting_id for details in meetings.find(token, marker, later)] == [made.meeting_id]
    assert service.sandbox.live_meetings()[0]["topic"] == "Violin"
    assert len(service.sandbox.meetings()) == 1


def test_a_deleted_meeting_is_gone_and_deleting_it_again_is_success(service):
    token, marker, meetings = service.token(), new_marker(), service.provider.meetings
    made = meetings.create(token, make_spec(), marker)
    meetings.delete(token, made.meeting_id)
    meetings.delete(token, made.meeting_id)
    assert service.sandbox.live_meetings() == []
    with pytest.raises(Gone):
        meetings.read(token, made.meeting_id)
    with pytest.raises(Gone):
        meetings.update(token, made.meeting_id, make_spec(), marker)
    assert meetings.find(token, marker, make_spec()) == ()


def test_anothers_meeting_is_out_of_reach(service):
    made = service.provider.meetings.create(service.token(), make_spec(), new_marker())
    stranger = service.token(service.case.other_account)
    with pytest.raises(Gone):
        service.provider.meetings.read(stranger, made.meeting_id)
    service.provider.meetings.delete(stranger, made.meeting_id)
    assert len(service.sandbox.live_meetings()) == 1


@pytest.mark.parametrize("meeting_id", ["1", "99999999999999999999", "", "..", "../users/me", "a/b?c=d#e", "☃"])
def test_an_id_that_names_no_meeting_names_nothing_else_either(service, meeting_id):
    token = service.token()
    before = service.calls("identify") + service.calls("find")
    with pytest.raises((Gone, Refused)):
        service.provider.meetings.read(token, meeting_id)
    assert service.calls("identify") + service.calls("find") == before


@pytest.mark.parametrize("method", METHODS)
def test_an_expired_access_token_is_told_from_a_dead_grant(service, method):
    token = service.token()
    service.sandbox.advance(7200)
    for dead in (token, AccessToken("never-issued", token.api_url)):
        with pytest.raises(AccessTokenExpired):
            act(service, method, dead)


@pytest.mark.parametrize(
    "action", ["html", "status", "malformed", "drop_before", "drop_after", "delay_before", "delay"]
)
@pytest.mark.parametrize("method", METHODS)
def test_an_outage_is_tried_later_and_its_outcome_unknown_where_it_changes_something(service, method, action):
    token, marker = service.token(), new_marker()
    made = service.provider.meetings.create(token, make_spec(), marker)
    service.fail(method, action, **({"seconds": 1.5} if action.startswith("delay") else {}))
    before = service.calls(method)
    with pytest.raises(Unavailable) as raised:
        act(service, method, token, made.meeting_id, marker)
    assert raised.value.outcome_unknown is (method not in ("find", "read"))
    assert raised.value.cause == "outage"
    assert service.calls(method) == before + 1


def test_a_create_whose_answer_was_lost_is_found_by_its_marker(service):
    token, marker = service.token(), new_marker()
    service.fail("create", "drop_after")
    with pytest.raises(Unavailable):
        act(service, "create", token, marker=marker)
    (found,) = service.provider.meetings.find(token, marker, make_spec())
    assert [found.meeting_id] == [str(meeting["id"]) for meeting in service.sandbox.live_meetings()]


def test_a_connection_that_never_was_leaves_the_outcome_known(service):
    token = service.token()
    unreachable = service.provider.__class__(
        service.case.credentials,
        policy=service.provider.oauth.policy,
        sandbox_url="http://127.0.0.1:9",
    )
    with pytest.raises(Unavailable) as raised:
        unreachable.meetings.create(AccessToken(token.value), make_spec(), new_marker())
    assert raised.value.outcome_unknown is False


@pytest.mark.parametrize("method", METHODS)
def test_a_pause_that_is_asked_for_is_passed_on(service, method):
    token = service.token()
    for limit in service.case.rate_limits:
        service.strike(method, limit)
        with pytest.raises(Unavailable) as raised:
            act(service, method, token)
        assert raised.value.cause == "rate_limited"
        assert raised.value.outcome_unknown is False
        assert (raised.value.retry_after is not None) is ("Retry-After" in limit.headers)


def test_the_days_limit_says_when_it_ends(service):
    if Capability.DAILY_CAP not in service.provider.capabilities:
        return
    token, marker = service.token(), new_marker()
    service.sandbox.set_account(service.case.account, daily_limit=1)
    made = act(service, "create", token, marker=marker)
    for method in ("create", "update"):
        with pytest.raises(Unavailable) as raised:
            act(service, method, token, made.meeting_id, marker)
        assert raised.value.cause == "daily_cap"
        assert raised.value.retry_at is not None
        assert raised.value.outcome_unknown is False
    act(service, "read", token, made.meeting_id)
    act(service, "delete", token, made.meeting_id)


@pytest.mark.parametrize("method", ["create", "update"])
def test_a_refusal_is_for_good_and_keeps_the_services_code(service, method):
    token = service.token()
    for refusal in service.case.refusals:
        service.strike(method, refusal)
        with pytest.raises(Refused) as raised:
            act(service, method, token)
        assert raised.value.code
        assert raised.value.outcome_unknown is False
        assert "permitted" not in str(raised.value), "the service's own words stay out of exceptions"


@pytest.mark.parametrize("method", METHODS)
def test_a_person_who_is_gone_there_must_link_again(service, method):
    token = service.token()
    for answer in service.case.lost_user:
        service.strike(method, answer)
        with pytest.raises(Relink):
            act(service, method, token)


def test_many_threads_use_one_client_at_once(service):
    alice, bob = service.token(), service.token(service.case.other_account)
    barrier = threading.Barrier(8)

    def work(number: int) -> tuple[str, str]:
        barrier.wait(timeout=30)
        token = alice if number % 2 else bob
        marker = new_marker()
        made = service.provider.meetings.create(token, make_spec(), marker)
        (found,) = service.provider.meetings.find(token, marker, make_spec())
        return made.meeting_id, found.meeting_id

    with ThreadPoolExecutor(8) as pool:
        pairs = list(pool.map(work, range(8)))
    assert all(made == found for made, found in pairs)
    hosts = [meeting["host_email"] for meeting in service.sandbox.live_meetings()]
    assert sorted(hosts) == [service.case.account] * 4 + [service.case.other_account] * 4


@pytest.mark.parametrize("method", METHODS)
def test_no_exception_holds_a_secret(service, method):
    token = service.token()
    for action in ("html", "malformed", "drop_after"):
        service.fail(method, action)
        with pytest.raises(ProviderError) as raised:
            act(service, method, token)
        for text in (repr(raised.value), str(vars(raised.value)), repr(raised.value.__context__)):
            assert token.value not in text
            assert "<html" not in text
