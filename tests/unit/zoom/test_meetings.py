"""What is particular to Zoom: the host's policy, its lists, its daily hundred, and answers that do not end."""

from __future__ import annotations

import pytest

from conferencing_app.exceptions import Refused, Unavailable
from conferencing_app.http import CallPolicy
from conferencing_app.providers.types import AccessToken
from conferencing_app.providers.zoom import ZoomProvider, meetings
from tests.contract.providers.service import Service, make_spec, new_marker
from tests.contract.providers.zoom import CASE
from tests.scripted import ScriptedServer, answer

POLICY = CallPolicy(connect_seconds=1.0, read_seconds=1.0, allow_loopback_http=True)
ITEM = {"id": 1, "agenda": "Ref. cnf_none", "created_at": "2026-11-21T00:00:00Z"}
WHOLE = {**ITEM, "join_url": "https://zoom.us/j/1"}


@pytest.fixture
def zoom(conferencing_sandbox) -> Service:
    provider = ZoomProvider(CASE.credentials, policy=POLICY, sandbox_url=conferencing_sandbox.url)
    return Service(CASE, provider, conferencing_sandbox)


def scripted(url: str) -> ZoomProvider:
    return ZoomProvider({"client_id": "i", "client_secret": "s", "api_url": url}, policy=POLICY)


def test_the_personal_room_is_never_used_even_where_the_host_prefers_it(zoom):
    zoom.sandbox.set_account(CASE.account, policy={"prefers_pmi": True})
    token = zoom.token()
    links = {zoom.provider.meetings.create(token, make_spec(), new_marker()).join_url for _ in range(2)}
    assert len(links) == 2
    assert not any(meeting["pmi"] for meeting in zoom.sandbox.live_meetings())


def test_the_hosts_policy_decides_on_waiting_room_and_passcode(zoom):
    zoom.sandbox.set_account(CASE.account, policy={"waiting_room": True, "passcode_required": True})
    made = zoom.provider.meetings.create(zoom.token(), make_spec(), new_marker())
    (meeting,) = zoom.sandbox.live_meetings()
    assert meeting["settings"]["waiting_room"] is True
    assert made.passcode == meeting["password"] != ""


def test_a_passcode_changed_by_hand_is_read_back_with_its_new_link(zoom):
    token = zoom.token()
    made = zoom.provider.meetings.create(token, make_spec(), new_marker())
    zoom.sandbox.edit_meeting(int(made.meeting_id), password="another1")
    read = zoom.provider.meetings.read(token, made.meeting_id)
    assert read.passcode == "another1"
    assert read.join_url != made.join_url


def test_a_basic_account_has_no_numbers_and_that_is_no_error(zoom):
    zoom.sandbox.set_account(CASE.account, type=1)
    assert zoom.provider.meetings.create(zoom.token(), make_spec(), new_marker()).dial_in == ()


def test_an_account_that_may_not_host_is_refused(zoom):
    zoom.sandbox.set_account(CASE.account, hosting=False)
    with pytest.raises(Refused) as raised:
        zoom.provider.meetings.create(zoom.token(), make_spec(), new_marker())
    assert raised.value.code == "3161"


def test_every_page_of_the_list_is_read(zoom, monkeypatch):
    monkeypatch.setattr(meetings, "PAGE_SIZE", 2)
    token, marker = zoom.token(), new_marker()
    for number in range(7):
        zoom.provider.meetings.create(token, make_spec(), marker if number % 3 == 0 else new_marker())
    assert len(zoom.provider.meetings.find(token, marker, make_spec())) == 3
    assert zoom.calls("find") == 4


def test_a_list_costs_a_read_only_for_what_carries_the_marker(zoom):
    token, marker = zoom.token(), new_marker()
    for each in (marker, new_marker(), new_marker()):
        zoom.provider.meetings.create(token, make_spec(), each)
    zoom.provider.meetings.find(token, marker, make_spec())
    assert zoom.calls("read") == 1


def test_the_personal_room_can_not_be_deleted(zoom):
    token = zoom.token()
    (alice,) = (account for account in zoom.sandbox.accounts() if account["email"] == CASE.account)
    with pytest.raises(Refused) as raised:
        zoom.provider.meetings.delete(token, str(alice["pmi"]))
    assert raised.value.code == "3018"


def test_a_meeting_that_goes_between_list_and_read_is_left_out():
    gone = answer(404, {"code": 3001, "message": "Meeting does not exist: 1."})
    with ScriptedServer(answer(200, {"meetings": [ITEM], "next_page_token": ""}), gone) as server:
        found = scripted(server.url).meetings.find(AccessToken("t"), "cnf_none", make_spec())
    assert found == ()


@pytest.mark.parametrize("token", ["same", None])
def test_a_list_without_an_end_is_an_outage_and_not_an_empty_one(token, monkeypatch):
    monkeypatch.setattr(meetings, "MOST_PAGES", 5)
    pages = [answer(200, {"meetings": [ITEM], "next_page_token": token or f"page{number}"}) for number in range(9)]
    with ScriptedServer(*pages) as server, pytest.raises(Unavailable):
        scripted(server.url).meetings.find(AccessToken("t"), "cnf_none", make_spec())
    assert len(server.requests) <= 5


@pytest.mark.parametrize("body", [{}, {"meetings": None}, {"meetings": {}}, {"meetings": "x"}])
def test_a_list_that_can_not_be_read_is_an_outage_and_not_an_empty_one(body):
    with ScriptedServer(answer(200, body)) as server, pytest.raises(Unavailable):
        scripted(server.url).meetings.find(AccessToken("t"), "cnf_none", make_spec())


def test_odd_items_of_a_list_are_passed_over():
    items = [None, 7, {}, {"agenda": None}, ITEM]
    with ScriptedServer(answer(200, {"meetings": items}), answer(200, WHOLE)) as server:
        found = scripted(server.url).meetings.find(AccessToken("t"), "cnf_none", make_spec())
    assert [details.meeting_id for details in found] == ["1"]


@pytest.mark.parametrize("body", [{}, {"id": 5}, {"join_url": "https://zoom.us/j/5"}])
def test_a_create_whose_answer_holds_no_meeting_may_have_made_one(body):
    with ScriptedServer(answer(201, body)) as server, pytest.raises(Unavailable) as raised:
        scripted(server.url).meetings.create(AccessToken("t"), make_spec(), "cnf_none")
    assert raised.value.outcome_unknown is True


@pytest.mark.parametrize("body", [{}, {"id": "u"}, {"account_id": "a"}, {"id": "", "account_id": "a"}])
def test_an_identity_without_both_ids_is_none(body):
    with ScriptedServer(answer(200, body)) as server, pytest.raises(Unavailable):
        scripted(server.url).oauth.identify(AccessToken("t"))


def test_an_assigned_base_that_is_not_zooms_gets_no_token():
    with ScriptedServer(answer(200, WHOLE)) as ours, ScriptedServer(answer(200, WHOLE)) as theirs:
        scripted(ours.url).meetings.read(AccessToken("t", theirs.url), "1")
    assert len(ours.requests) == 1
    assert theirs.requests == []
