"""Users and meetings: Zoom's statuses, bodies and habits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conferencing_app.sandbox.client import SandboxControl
from tests.contract.sandbox.zoomclient import ALICE, BOB, CLIENT_ID, CLIENT_SECRET, ZoomApp, ZoomUser

START = "2031-03-05T09:30:00Z"


def test_me_says_who_one_is(alice: ZoomUser) -> None:
    body = alice.call("GET", "/users/me").json()
    assert (body["email"], body["display_name"], body["type"]) == (ALICE, "Alice Archer", 2)
    assert {"id", "account_id", "pmi", "timezone", "role_name", "status"} <= set(body)


def test_settings_show_the_policy(alice: ZoomUser, control: SandboxControl) -> None:
    control.set_account(ALICE, policy={"waiting_room_locked": True})
    body = alice.call("GET", "/users/me/settings").json()
    assert body["in_meeting"]["waiting_room"] is True


@pytest.mark.parametrize("path", ["/users/{id}", "/users/{id}/settings", "/users/{id}/meetings"])
def test_even_ones_own_user_id_is_refused(alice: ZoomUser, path: str) -> None:
    user_id = alice.call("GET", "/users/me").json()["id"]
    reply = alice.call("GET", path.format(id=user_id))
    assert (reply.status_code, reply.json()["code"]) == (400, 4700)
    assert "does not contain scopes" in reply.json()["message"]


def test_create_returns_the_meeting_as_zoom_describes_it(alice: ZoomUser) -> None:
    body = alice.created(topic="Lesson", start_time=START, duration=45, timezone="Europe/Paris", agenda="About verbs")
    assert body["id"] > 2**31
    assert len(str(body["id"])) == 11
    assert (body["topic"], body["duration"], body["agenda"]) == ("Lesson", 45, "About verbs")
    assert (body["start_time"], body["timezone"], body["type"]) == (START, "Europe/Paris", 2)
    assert body["join_url"].endswith(f"/j/{body['id']}?pwd={body['encrypted_password']}")
    assert "zak=" in body["start_url"]
    assert (body["host_email"], body["status"], body["creation_source"]) == (ALICE, "waiting", "open_api")
    assert body["password"]
    assert {"country", "country_name", "city", "number", "type"} == set(body["settings"]["global_dial_in_numbers"][0])


def test_the_same_create_twice_makes_two_meetings(alice: ZoomUser, control: SandboxControl) -> None:
    first, second = (alice.created(topic="Same", start_time=START, agenda="marker-1") for _ in range(2))
    assert first["id"] != second["id"]
    assert len(control.live_meetings()) == 2


def test_a_local_start_is_read_in_the_time_zone(alice: ZoomUser) -> None:
    body = alice.created(start_time="2031-07-05T09:30:00", timezone="America/New_York")
    assert body["start_time"] == "2031-07-05T13:30:00Z"


@pytest.mark.parametrize("fields", [{}, {"start_time": "2001-01-01T00:00:00Z"}])
def test_a_missing_or_past_start_means_now(alice: ZoomUser, fields: dict[str, str]) -> None:
    body = alice.created(topic="Now", **fields)
    started = datetime.fromisoformat(body["start_time"])
    assert abs(started - datetime.now(UTC)) < timedelta(minutes=1)
    assert (body["duration"], body["topic"]) == (60, "Now")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", "x" * 201),
        ("topic", 5),
        ("agenda", "x" * 2001),
        ("duration", 0),
        ("duration", 1441),
        ("duration", "60"),
        ("duration", True),
        ("start_time", "2031-03-05 09:30"),
        ("start_time", "2031-03-05T09:30:00+02:00"),
        ("start_time", "2031-03-05T09:30:00.000Z"),
        ("start_time", "2031-02-30T09:30:00Z"),
        ("start_time", 1_900_000_000),
        ("timezone", "Middle/Earth"),
        ("password", "longer-than-10"),
        ("password", "no spaces"),
        ("type", 9),
        ("settings", []),
    ],
)
def test_a_wrong_field_is_400_code_300_and_named(alice: ZoomUser, field: str, value: Any) -> None:
    reply = alice.create(**{"topic": "T", field: value})
    assert reply.status_code == 400
    assert (reply.json()["code"], reply.json()["message"]) == (300, "Validation Failed.")
    assert [error["field"] for error in reply.json()["errors"]] == [field]
    meeting = alice.created(topic="T")
    assert alice.update(meeting["id"], **{field: value}).json()["errors"][0]["field"] == field


@pytest.mark.parametrize("setting", [{"waiting_room": "yes"}, {"audio": "smoke signals"}, {"jbh_time": 7}])
def test_a_wrong_setting_is_named_too(alice: ZoomUser, setting: dict[str, Any]) -> None:
    [error] = alice.create(settings=setting).json()["errors"]
    assert error["field"] == f"settings.{next(iter(setting))}"


def test_limits_count_characters_and_their_last_value_is_taken(alice: ZoomUser) -> None:
    body = alice.created(topic="𝄞" * 200, agenda="x" * 2000, duration=1440, password="a@-_*!#b")
    assert len(body["topic"]) == 200


def test_a_body_that_is_no_json_object_is_400(alice: ZoomUser) -> None:
    assert alice.call("POST", "/users/me/meetings", ["list"]).json()["code"] == 300


def test_get_returns_the_same_meeting_with_a_fresh_host_link(alice: ZoomUser) -> None:
    created = alice.created(topic="Lesson", start_time=START)
    fetched = alice.get(created["id"]).json()
    assert fetched.pop("start_url") != created.pop("start_url")
    assert fetched == created


def test_update_is_204_without_a_body_and_keeps_the_link(alice: ZoomUser) -> None:
    created = alice.created(topic="Before", start_time=START)
    reply = alice.update(created["id"], topic="After", start_time="2031-03-06T10:00:00Z", duration=30)
    assert (reply.status_code, reply.content) == (204, b"")
    body = alice.get(created["id"]).json()
    assert (body["topic"], body["start_time"], body["duration"]) == ("After", "2031-03-06T10:00:00Z", 30)
    assert body["join_url"] == created["join_url"]


def test_a_past_start_in_an_update_is_ignored_without_a_word(alice: ZoomUser) -> None:
    created = alice.created(topic="T", start_time=START)
    assert alice.update(created["id"], start_time="2001-01-01T00:00:00Z", topic="New").status_code == 204
    body = alice.get(created["id"]).json()
    assert (body["start_time"], body["topic"]) == (START, "New")


def test_another_passcode_changes_the_link(alice: ZoomUser) -> None:
    created = alice.created(password="first1")
    alice.update(created["id"], password="second2")
    body = alice.get(created["id"]).json()
    assert body["password"] == "second2"
    assert body["join_url"] != created["join_url"]


def test_a_refused_update_changes_nothing(alice: ZoomUser) -> None:
    created = alice.created(topic="Before")
    assert alice.update(created["id"], topic="After", duration=0).status_code == 400
    assert alice.get(created["id"]).json()["topic"] == "Before"


def test_delete_is_204_and_then_nothing_finds_the_meeting(alice: ZoomUser) -> None:
    meeting_id = alice.created()["id"]
    assert alice.delete(meeting_id).status_code == 204
    gone = {"code": 3001, "message": f"Meeting does not exist: {meeting_id}."}
    for reply in (alice.delete(meeting_id), alice.get(meeting_id), alice.update(meeting_id, topic="x")):
        assert (reply.status_code, reply.json()) == (404, gone)


@pytest.mark.parametrize("number", ["1", "99999999999", "abc", "9" * 30])
def test_an_unknown_meeting_is_404_code_3001(alice: ZoomUser, number: str) -> None:
    reply = alice.get(number)
    assert (reply.status_code, reply.json()["code"]) == (404, 3001)


def test_someone_elses_meeting_is_out_of_reach(app: ZoomApp, alice: ZoomUser, control: SandboxControl) -> None:
    meeting_id = alice.created()["id"]
    bob = app.link(BOB)
    for reply in (bob.get(meeting_id), bob.update(meeting_id, topic="x"), bob.delete(meeting_id)):
        assert (reply.status_code, reply.json()["code"]) == (404, 3001)
    assert len(control.live_meetings()) == 1


def test_the_personal_meeting_cannot_be_deleted(alice: ZoomUser) -> None:
    reply = alice.delete(alice.call("GET", "/users/me").json()["pmi"])
    assert (reply.status_code, reply.json()["code"]) == (400, 3018)


def test_the_list_cuts_the_agenda_and_hides_the_passcode(alice: ZoomUser) -> None:
    alice.created(topic="T", agenda="m" * 251, start_time=START)
    body = alice.list(type="scheduled").json()
    [item] = body["meetings"]
    assert item["agenda"] == "m" * 250
    assert not {"password", "start_url", "settings"} & set(item)
    assert (body["total_records"], body["next_page_token"]) == (1, "")


def test_the_list_comes_in_pages(alice: ZoomUser) -> None:
    made = [alice.created(topic=str(number), start_time=START)["id"] for number in range(5)]
    seen: list[int] = []
    token = ""
    for size in (2, 2, 1):
        body = alice.list(page_size=2, next_page_token=token).json()
        assert len(body["meetings"]) == size
        seen += [item["id"] for item in body["meetings"]]
        token = body["next_page_token"]
    assert (seen, token) == (made, "")


@pytest.mark.parametrize("query", [{"page_size": 301}, {"page_size": "x"}, {"type": "all"}, {"next_page_token": "bad"}])
def test_a_list_query_that_zoom_refuses(alice: ZoomUser, query: dict[str, Any]) -> None:
    assert (alice.list(**query).status_code, alice.list(**query).json()["code"]) == (400, 300)


def test_lists_hold_unexpired_meetings_only(app: ZoomApp, alice: ZoomUser, control: SandboxControl) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    alice.created(topic="Soon", start_time=soon, duration=30)

    def topics(kind: str) -> list[str]:
        return [item["topic"] for item in alice.list(type=kind).json()["meetings"]]

    assert (topics("upcoming"), topics("scheduled")) == (["Soon"], ["Soon"])
    control.advance(2 * 3600)
    alice = app.link()
    assert (topics("upcoming"), topics("scheduled")) == ([], ["Soon"])
    control.advance(31 * 86400)
    alice = app.link()
    assert (topics("upcoming"), topics("scheduled")) == ([], [])


def test_a_list_can_lag(alice: ZoomUser, control: SandboxControl) -> None:
    control.options(list_lag_seconds=60)
    alice.created(start_time=START)
    assert alice.list().json()["meetings"] == []
    control.advance(61)
    assert len(alice.list().json()["meetings"]) == 1


def test_the_invitation_names_link_and_passcode(alice: ZoomUser) -> None:
    created = alice.created(topic="Lesson", start_time=START)
    body = alice.call("GET", f"/meetings/{created['id']}/invitation").json()
    assert created["join_url"] in body["invitation"]
    assert created["password"] in body["invitation"]
    assert body["sip_links"] == []


@pytest.mark.parametrize(
    ("scope", "method", "path", "granular"),
    [
        ("user:read:settings", "GET", "/users/me", "user:read:user"),
        ("user:read:user", "GET", "/users/me/settings", "user:read:settings"),
        ("user:read:user", "POST", "/users/me/meetings", "meeting:write:meeting"),
        ("user:read:user", "GET", "/users/me/meetings", "meeting:read:list_meetings"),
        ("user:read:user", "GET", "/meetings/1", "meeting:read:meeting"),
        ("user:read:user", "PATCH", "/meetings/1", "meeting:update:meeting"),
        ("user:read:user", "DELETE", "/meetings/1", "meeting:delete:meeting"),
        ("user:read:user", "GET", "/meetings/1/invitation", "meeting:read:invitation"),
    ],
)
def test_each_operation_wants_its_scope(
    app: ZoomApp, control: SandboxControl, scope: str, method: str, path: str, granular: str
) -> None:
    control.register_client(CLIENT_ID, CLIENT_SECRET, scopes=[scope])
    reply = app.link().call(method, path, {} if method in ("POST", "PATCH") else None)
    assert (reply.status_code, reply.json()["code"]) == (400, 4711)
    assert "does not contain scopes" in reply.json()["message"]
    assert granular in reply.json()["message"]


def test_classic_scopes_do_as_well(app: ZoomApp, control: SandboxControl) -> None:
    control.register_client(CLIENT_ID, CLIENT_SECRET, scopes=["user:read", "meeting:read", "meeting:write"])
    user = app.link()
    meeting_id = user.created()["id"]
    assert user.get(meeting_id).status_code == user.list().status_code == 200
    assert user.update(meeting_id, topic="x").status_code == user.delete(meeting_id).status_code == 204


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic eDp5"])
def test_without_a_living_token_it_is_401_code_124(alice: ZoomUser, header: str) -> None:
    alice.session.headers["Authorization"] = header
    reply = alice.call("GET", "/users/me")
    assert (reply.status_code, reply.json()) == (401, {"code": 124, "message": "Invalid access token."})
