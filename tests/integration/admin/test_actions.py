"""What support may do, each with a permission of its own, and that it is written down who did it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from conferencing_app import clock
from conferencing_app.models import Attempt, Conference, ConferencingProfile, Endpoint, Mail, NotificationDelivery
from conferencing_app.services import profiles
from tests.integration.admin.lists import changelist, page
from tests.integration.pages.rows import (
    make_conference,
    make_delivery,
    make_endpoint,
    make_meeting,
    make_news,
    make_profile,
    make_user,
)

VIEW = ("view_conference", "view_conferencingprofile", "view_notificationdelivery", "view_endpoint")
TRY, TEST, DISCONNECT = "try_now_conference", "test_conferencingprofile", "disconnect_conferencingprofile"
RESEND, RECOVER = "resend_notificationdelivery", "recover_endpoint"
RELINK = "send_relink_mail_conferencingprofile"


def signed_in(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_user("sam", (*VIEW, *permissions), is_staff=True))
    return client


def log() -> list[tuple[str, str, str | None]]:
    """Who did what to which object."""
    return list(LogEntry.objects.order_by("pk").values_list("user__username", "change_message", "object_id"))


def act(client: Client, name: str, action: str, *rows: Any, **data: str) -> Any:
    keys = [row.pk for row in rows]
    return client.post(changelist(name), {"action": action, "_selected_action": keys, **data}, follow=True)


@pytest.fixture
def waiting(rows: dict[str, Any]) -> Conference:
    """A conference that waits for its next try."""
    Conference.objects.update(due_at=clock.read("default") + timedelta(hours=1), attempts=3)
    conference: Conference = rows["conference"]
    return conference


def test_trying_from_the_list_is_recorded_for_each_that_is_tried(waiting: Conference) -> None:
    person_must_act = make_conference(waiting.owner, state="failing", cause_code="nothing_linked")
    response = act(signed_in(TRY), "conference", "try_now", waiting, person_must_act)
    assert "1 conference is tried now." in response.content.decode()
    assert list(Conference.objects.due()) == [waiting]
    assert log() == [("sam", "Had it tried now.", str(waiting.pk))]


def test_trying_from_the_page_leads_back_to_it(waiting: Conference) -> None:
    client, url = signed_in(TRY), page("conference", "change", waiting.pk)
    assert page("conference", "try_now", waiting.pk) in client.get(url).content.decode()
    response = client.post(page("conference", "try_now", waiting.pk))
    assert (response.status_code, response.headers["Location"]) == (302, url)
    assert list(Conference.objects.due()) == [waiting]
    assert "1 conference is tried now." in client.get(url).content.decode()
    assert "Had it tried now." in client.get(page("conference", "history", waiting.pk)).content.decode()


def test_there_is_no_button_where_trying_can_not_help(db: None) -> None:
    client, owner = signed_in(TRY), make_user("owner")
    for cause in ("nothing_linked", "rate_limited", ""):
        conference = make_conference(owner, state="failing", cause_code=cause)
        url = page("conference", "change", conference.pk)
        assert page("conference", "try_now", conference.pk) not in client.get(url).content.decode(), cause


def test_staff_without_the_permission_neither_see_nor_do_it(waiting: Conference, rows: dict[str, Any]) -> None:
    client = signed_in()
    profile = rows["conferencingprofile"]
    for name, row, actions in (
        ("conference", waiting, ["try_now"]),
        ("conferencingprofile", profile, ["test", "disconnect", "send_relink_mail"]),
        ("notificationdelivery", rows["notificationdelivery"], ["resend"]),
        ("endpoint", rows["endpoint"], ["recover"]),
    ):
        html = client.get(changelist(name)).content.decode() + client.get(page(name, "change", row.pk)).content.decode()
        for action in actions:
            assert f'"{action}"' not in html
            assert page(name, action, row.pk) not in html
            act(client, name, action, row, confirmed="yes")
            assert client.post(page(name, action, row.pk), {"confirmed": "yes"}).status_code == 403
    profile.refresh_from_db()
    assert profile.connected
    assert not Conference.objects.due().exists()
    assert log() == []


def test_a_delivery_is_posted_again_and_it_is_recorded_who_asked(rows: dict[str, Any]) -> None:
    delivery, client = rows["notificationdelivery"], signed_in(RESEND)
    NotificationDelivery.objects.filter(pk=delivery.pk).update(state="delivered", due_at=None, attempts=0)
    url = page("notificationdelivery", "change", delivery.pk)
    assert page("notificationdelivery", "resend", delivery.pk) in client.get(url).content.decode()
    response = client.post(page("notificationdelivery", "resend", delivery.pk), follow=True)
    assert "1 delivery is posted again." in response.content.decode()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)
    assert delivery in NotificationDelivery.objects.due()
    assert log() == [("sam", "Had it posted again.", str(delivery.pk))]


def test_what_can_not_be_posted_again_is_left_as_it_is(rows: dict[str, Any]) -> None:
    """A signal, and what goes to an endpoint that is switched off."""
    posted = rows["notificationdelivery"]
    signal = NotificationDelivery.objects.create(
        notification=posted.notification, subject=posted.subject, receiver="site.receivers.tell", state="delivered"
    )
    NotificationDelivery.objects.update(state="delivered", due_at=None)
    Endpoint.objects.update(enabled=False)
    client = signed_in(RESEND)
    html = act(client, "notificationdelivery", "resend", posted, signal).content.decode()
    assert "0 deliveries are posted again." in html
    assert not NotificationDelivery.objects.exclude(state="delivered").exists()
    for row in (posted, signal):
        url = page("notificationdelivery", "change", row.pk)
        assert page("notificationdelivery", "resend", row.pk) not in client.get(url).content.decode()
    assert log() == []


def test_a_person_is_asked_by_mail_to_link_again_and_it_is_recorded_who_asked(rows: dict[str, Any]) -> None:
    """Those that are connected are left alone."""
    profile, client = rows["conferencingprofile"], signed_in(RELINK)
    button = page("conferencingprofile", "send_relink_mail", profile.pk)
    assert button not in client.get(page("conferencingprofile", "change", profile.pk)).content.decode()
    ConferencingProfile.objects.filter(pk=profile.pk).update(state="disconnected", cause="credentials_expired")
    assert button in client.get(page("conferencingprofile", "change", profile.pk)).content.decode()
    others = ConferencingProfile.objects.exclude(pk=profile.pk)
    html = act(client, "conferencingprofile", "send_relink_mail", profile, *others).content.decode()
    assert "1 mail is sent." in html
    mail = Mail.objects.get(subject=profile.public_id)
    assert (mail.user, mail.kind, mail.state) == (profile.user, "profile_disconnected", "pending")
    client.post(button)
    assert Mail.objects.filter(subject=profile.public_id).count() == 2
    assert log() == [("sam", "Had the mail sent that asks to link again.", str(profile.pk))] * 2


def missed_since(moment: datetime) -> dict[str, str]:
    return {"confirmed": "yes", "since": timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")}


def test_what_an_endpoint_missed_is_posted_since_a_moment_that_is_asked_for(rows: dict[str, Any]) -> None:
    """Of two that have not arrived one lies before it; what was told while the endpoint did not yet hear is posted."""
    endpoint, waiting, now = rows["endpoint"], rows["notificationdelivery"], clock.read("default")
    later = now + timedelta(days=9)
    old = make_delivery(make_news(rows["conference"], created_at=now - timedelta(days=3)), endpoint, due_at=later)
    missed = make_news(rows["conference"], created_at=now - timedelta(hours=1))
    NotificationDelivery.objects.filter(pk=waiting.pk).update(due_at=later, attempts=4)
    client = signed_in(RECOVER)
    url = page("endpoint", "recover", endpoint.pk)
    question = client.get(url).content.decode()
    assert "Since:" in question
    assert endpoint.public_id in question
    assert url in client.get(page("endpoint", "change", endpoint.pk)).content.decode()
    response = client.post(url, missed_since(now - timedelta(days=2)), follow=True)
    assert "2 deliveries are posted." in response.content.decode()
    due = set(NotificationDelivery.objects.due().filter(endpoint=endpoint))
    assert due == {waiting, NotificationDelivery.objects.get(notification=missed, endpoint=endpoint)}
    assert old not in due
    ((who, what, key),) = log()
    assert (who, key) == ("sam", str(endpoint.pk))
    assert what.startswith("Had posted since ")
    assert what.endswith(": 2.")


@pytest.mark.parametrize("since", ["", "yesterday", "2999-01-01T00:00"])
def test_a_moment_that_can_not_be_is_asked_for_again(rows: dict[str, Any], since: str) -> None:
    client, endpoint = signed_in(RECOVER), rows["endpoint"]
    response = client.post(page("endpoint", "recover", endpoint.pk), {"confirmed": "yes", "since": since})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert log() == []


def test_several_endpoints_are_recovered_at_once_but_for_those_switched_off(rows: dict[str, Any]) -> None:
    off = make_endpoint(None, enabled=False)
    client, on = signed_in(RECOVER), rows["endpoint"]
    html = act(client, "endpoint", "recover", on, off).content.decode()
    assert on.public_id in html
    assert off.public_id not in html
    act(client, "endpoint", "recover", on, off, **missed_since(clock.read("default") - timedelta(days=1)))
    assert [key for _who, _what, key in log()] == [str(on.pk)]
    assert "None of these endpoints is switched on." in act(client, "endpoint", "recover", off).content.decode()
    assert page("endpoint", "recover", off.pk) not in client.get(page("endpoint", "change", off.pk)).content.decode()


@pytest.mark.parametrize("permission", [TRY, TEST, DISCONNECT, RESEND, RECOVER, RELINK])
def test_one_permission_is_not_another(waiting: Conference, rows: dict[str, Any], permission: str) -> None:
    client = signed_in(permission)
    pages = {
        TRY: page("conference", "try_now", waiting.pk),
        DISCONNECT: page("conferencingprofile", "disconnect", rows["conferencingprofile"].pk),
        TEST: page("conferencingprofile", "test", rows["conferencingprofile"].pk),
        RESEND: page("notificationdelivery", "resend", rows["notificationdelivery"].pk),
        RELINK: page("conferencingprofile", "send_relink_mail", rows["conferencingprofile"].pk),
        RECOVER: page("endpoint", "recover", rows["endpoint"].pk),
    }
    refused = {name for name, url in pages.items() if name != permission and client.post(url).status_code == 403}
    assert refused == set(pages) - {permission}


@pytest.mark.django_db(transaction=True)
def test_testing_asks_the_provider_and_heals(conferencing_sandbox: Any, link_profile: Any) -> None:
    """From the page, under ATOMIC_REQUESTS as well: no provider is asked inside a transaction."""
    profile = link_profile(make_user("alice"))
    ConferencingProfile.objects.update(state="disconnected", cause="credentials_expired")
    client = signed_in(TEST)
    response = client.post(page("conferencingprofile", "test", profile.pk), follow=True)
    assert "works: Zoom has just confirmed it." in response.content.decode()
    profile.refresh_from_db()
    assert profile.connected
    assert log() == [("sam", "Tested: it works.", str(profile.pk))]
    assert Attempt.objects.filter(operation="identify", profile=profile).count() == 1


@pytest.mark.django_db(transaction=True)
def test_testing_from_the_list_tells_each_outcome(conferencing_sandbox: Any, link_profile: Any) -> None:
    healthy = link_profile(make_user("alice"))
    dead = link_profile(make_user("bob"), "bob.zoom@example.com")
    conferencing_sandbox.revoke_grants("bob.zoom@example.com")
    html = act(signed_in(TEST), "conferencingprofile", "test", healthy, dead).content.decode()
    assert "works: Zoom has just confirmed it." in html
    assert "no longer accepts the link to this account" in html
    assert {message for _who, message, _key in log()} == {"Tested: it works.", "Tested: credentials_expired."}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["list", "page"])
def test_no_test_runs_in_the_transaction_of_the_request(
    conferencing_sandbox: Any, link_profile: Any, settings: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """profiles.test() refuses to run inside one."""
    profile = link_profile(make_user("alice"))
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    client = signed_in(TEST)
    if kind == "list":
        response = act(client, "conferencingprofile", "test", profile)
    else:
        response = client.post(page("conferencingprofile", "test", profile.pk), follow=True)
    assert "has just confirmed it" in response.content.decode()


def test_too_many_are_not_tested_at_once(rows: dict[str, Any]) -> None:
    many = [make_profile(make_user(f"user{number}")) for number in range(11)]
    html = act(signed_in(TEST), "conferencingprofile", "test", *many).content.decode()
    assert "Choose at most 10 accounts to test at once." in html
    assert not LogEntry.objects.exists()


def test_what_has_left_is_not_tested(rows: dict[str, Any]) -> None:
    gone = make_profile(make_user("gone"), state="unlinked", account_label="", name="Old one")
    client = signed_in(TEST)
    response = client.post(page("conferencingprofile", "test", gone.pk), follow=True)
    assert "is no longer linked" in response.content.decode()
    assert log() == []


def test_disconnecting_tells_first_what_becomes_of_events(rows: dict[str, Any]) -> None:
    client, profile = signed_in(DISCONNECT), rows["conferencingprofile"]
    make_meeting(make_conference(profile.user, state="failing"), profile, state="planned")
    make_meeting(make_conference(profile.user), profile, ends_at=clock.read("default") - timedelta(days=1))
    url = page("conferencingprofile", "disconnect", profile.pk)
    html = " ".join(client.get(url).content.decode().split())
    assert "1 meeting that lies ahead stays as it is" in html
    assert "1 event that has no link yet goes on waiting" in html
    profile.refresh_from_db()
    assert profile.connected, "looking changes nothing"
    response = client.post(url, {"confirmed": "yes"})
    assert response.headers["Location"] == page("conferencingprofile", "change", profile.pk)
    profile.refresh_from_db()
    assert (profile.state, profile.cause) == ("disconnected", "disconnected")
    assert log() == [("sam", "Disconnected.", str(profile.pk))]
    assert "Disconnected." in client.get(page("conferencingprofile", "history", profile.pk)).content.decode()


def test_disconnecting_from_the_list_asks_about_all_of_them(rows: dict[str, Any]) -> None:
    client, first = signed_in(DISCONNECT), rows["conferencingprofile"]
    second = make_profile(make_user("carol"))
    third = make_profile(make_user("dave"), state="disconnected", cause="credentials_expired")
    asked = act(client, "conferencingprofile", "disconnect", first, second, third).content.decode()
    assert first.account_label in asked
    assert second.account_label in asked
    assert third.account_label not in asked, "it is not connected anyway"
    done = act(client, "conferencingprofile", "disconnect", first, second, confirmed="yes").content.decode()
    assert "2 accounts are disconnected." in done
    assert set(ConferencingProfile.objects.filter(cause="disconnected")) == {first, second}
    assert len(log()) == 2


def test_disconnecting_what_is_not_connected_does_nothing(rows: dict[str, Any]) -> None:
    profile = rows["conferencingprofile"]
    profiles.disconnect(profile)
    url = page("conferencingprofile", "disconnect", profile.pk)
    response = signed_in(DISCONNECT).post(url, {"confirmed": "yes"}, follow=True)
    assert "None of these accounts is connected." in response.content.decode()
    assert log() == []
