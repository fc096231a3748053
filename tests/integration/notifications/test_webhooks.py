"""What endpoints get: signed, once at a time, again until it arrives, the same bytes each time, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import standardwebhooks
from django.core import mail
from django.core.exceptions import ImproperlyConfigured, ValidationError

from conferencing_app import clock
from conferencing_app.conf import settings as conferencing_settings
from conferencing_app.models import Endpoint, Notification, NotificationDelivery
from conferencing_app.notifications import signing, webhooks
from conferencing_app.services import endpoints, profiles
from conferencing_app.testing import drain
from tests.hosts.models import Lesson
from tests.scripted import ScriptedServer, answer, hang_up, silence

pytestmark = pytest.mark.django_db(transaction=True)

EXPLICIT = {"profile_id": "explicit", "join_url": "https://meet.example.com/42", "provider_description": "Ours"}
SECRET = signing.new_secret()
SUBSCRIPTIONS = "conferencing_subscriptions"  # the types' plugin knows fields alone
ASSIGNED = [{"type": "conferencing_assigned"}]


@pytest.fixture(autouse=True)
def loopback_may_be_posted_to(settings: Any) -> None:
    settings.CONFERENCING_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.CONFERENCING_WEBHOOK_SECRETS = [SECRET]


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    with ScriptedServer(answer(204)) as server:
        yield server


def told(server: ScriptedServer, secret: str = SECRET) -> list[dict[str, Any]]:
    """What arrived, each verified as a receiver does it."""
    webhook = standardwebhooks.Webhook(secret)
    return [webhook.verify(request.body, request.headers) for request in server.requests]


def assigned(save_lesson: Any, alice: Any, **values: Any) -> Any:
    """A lesson that has its link at once, which is news."""
    return save_lesson(alice, conferencing=EXPLICIT, **values)


def test_an_endpoint_of_the_site_hears_of_every_outcome_in_one_body_for_both_worlds(receiver, alice, save_lesson):
    _, secret = endpoints.add(receiver.url)
    saved = assigned(save_lesson, alice)
    drain()
    (body,) = told(receiver, secret)
    notification = Notification.objects.get()
    assert body["type"] == "conferencing_assigned"
    assert body["notification"] == {
        "type": "event_subscription",
        "interactions": [{"type": "conferencing_assigned"}],
    }
    assert body["event"]["event_id"] == str(saved.pk)
    assert body["event"]["conferencing"]["join_url"] == EXPLICIT["join_url"]
    assert body["event"]["summary"] == saved.title
    assert body["data"]["notification_id"] == notification.public_id
    assert body["data"]["sequence"] == 1
    assert receiver.requests[0].headers["webhook-id"] == notification.public_id
    assert receiver.requests[0].headers["content-type"].startswith("application/json")
    drain()
    assert len(receiver.requests) == 1


def test_a_failing_event_carries_its_subtype_and_the_finer_cause(receiver, alice, save_lesson):
    _, secret = endpoints.add(receiver.url, types=["conferencing_failing"])
    save_lesson(alice)
    drain()
    (body,) = told(receiver, secret)
    assert body["notification"]["interactions"] == [{"type": "conferencing_failing"}]
    assert body["data"]["cause"] == "nothing_linked"
    assert body["event"]["conferencing"] == {"pending": True, "cause": "nothing_linked"}


def test_a_persons_endpoint_hears_of_what_is_theirs(
    receiver, conferencing_sandbox, link_profile, alice, bob, save_lesson
):
    _, secret = endpoints.add(receiver.url, user=alice)
    profile = link_profile(alice)
    save_lesson(bob)
    drain()
    (body,) = told(receiver, secret)
    assert body["type"] == "conferencing_profile_linked"
    assert body["notification"] == {"type": "conferencing_profile_linked"}
    assert body["data"]["profile"] == {"profile_id": profile.public_id, "provider_name": "zoom"}
    profiles.disconnect(profile)
    drain()
    (_, body) = told(receiver, secret)
    assert body["type"] == "conferencing_profile_disconnected"
    url = f"http://testserver/conferencing/relink/{profile.public_id}/"
    assert body["data"]["profile"]["profile_relink_url"] == url


def test_an_events_subscription_is_replaced_by_a_list_and_kept_by_none(receiver, alice, save_lesson):
    wanted = [{"type": "webhook", "uri": f"{receiver.url}/a?b=c", "interactions": ASSIGNED}]
    saved = assigned(save_lesson, alice, conferencing_subscriptions=wanted)
    assigned(save_lesson, alice)
    drain()
    (body,) = told(receiver)
    assert (receiver.requests[0].target, body["event"]["event_id"]) == ("/a?b=c", str(saved.pk))
    saved.title = "Arpeggios"
    saved.save()
    assert saved.conferencing_subscriptions == wanted
    saved.conferencing_subscriptions = []
    saved.save()
    assert saved.conferencing_subscriptions == []
    saved.conferencing = EXPLICIT | {"join_url": "https://meet.example.com/43"}
    saved.save()
    drain()
    assert len(receiver.requests) == 1


def test_an_event_that_comes_to_have_the_key_of_a_deleted_one_is_not_told_to_that_ones_subscribers(
    receiver, alice, save_lesson
):
    wanted = [{"type": "webhook", "uri": receiver.url, "interactions": ASSIGNED}]
    saved = assigned(save_lesson, alice, conferencing_subscriptions=wanted)
    drain()
    receiver.scripts = [answer(503), answer(204)]
    saved.conferencing = EXPLICIT | {"join_url": "https://meet.example.com/43"}
    saved.save()
    drain()
    key = saved.pk
    saved.delete()
    another = assigned(save_lesson, alice, pk=key, title="Somebody else's")
    assert another.conferencing_subscriptions == []
    with clock.travel(timedelta(minutes=1)):
        drain()
    assert [body["event"]["conferencing"]["join_url"][-2:] for body in told(receiver)] == ["42", "43", "43"]
    assert [body["event"]["summary"] for body in told(receiver)] == ["Scales"] * 3


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"type": "mail"}, "type"),
        ({"type": ""}, "type"),
        ({"uri": "ftp://example.com/"}, "uri"),
        ({"uri": "https://user:pw@example.com/"}, "uri"),
        ({"uri": "https://example.com/" + "a" * 2000}, "uri"),
        ({"uri": 7}, "uri"),
        ({"interactions": []}, "interactions"),
        ({"interactions": [{"type": "event_start"}]}, "interactions"),
        ({"interactions": "conferencing_assigned"}, "interactions"),
        ({"transitions": []}, "transitions"),
    ],
)
def test_a_subscription_that_can_not_be_is_refused_at_its_assignment(change, key):
    good = {"type": "webhook", "uri": "https://example.com/", "interactions": ASSIGNED}
    with pytest.raises(ValidationError) as raised:
        Lesson(**{SUBSCRIPTIONS: [good, good | change]})
    assert list(raised.value.message_dict) == [f"conferencing_subscriptions.1.{key}"]
    assert "pw" not in str(raised.value)


def test_a_subscription_without_a_secret_to_sign_with_says_what_to_set(settings):
    settings.CONFERENCING_WEBHOOK_SECRETS = []
    with pytest.raises(ImproperlyConfigured, match="CONFERENCING_WEBHOOK_SECRETS"):
        Lesson(**{SUBSCRIPTIONS: [{"type": "webhook"}]})
    assert Lesson(**{SUBSCRIPTIONS: []})


def test_cronofys_scheme_is_signed_with_the_applications_secret(receiver, alice, save_lesson):
    endpoints.add(receiver.url, scheme=Endpoint.Scheme.CRONOFY, secret="CRN_secret")
    assigned(save_lesson, alice)
    drain()
    (request,) = receiver.requests
    expected = signing.cronofy_headers(["CRN_secret"], request.body)["Cronofy-HMAC-SHA256"]
    assert request.headers["cronofy-hmac-sha256"] == expected
    assert "webhook-signature" not in request.headers


def test_both_secrets_are_in_force_until_the_overlap_is_over(receiver, alice, save_lesson):
    endpoint, old = endpoints.add(receiver.url)
    new = endpoints.change_secret(endpoint, overlap=timedelta(hours=1))
    assigned(save_lesson, alice)
    drain()
    assert told(receiver, old)
    assert told(receiver, new)
    with clock.travel(timedelta(hours=2)):
        assert webhooks.secrets_of(endpoint, clock.read(conferencing_settings.DATABASE)) == [new]


@pytest.mark.parametrize("script", [answer(500), answer(302), answer(400), hang_up(), silence(6)])
def test_what_is_not_taken_is_posted_again_with_the_same_id_and_bytes(script, alice, save_lesson, monkeypatch):
    monkeypatch.setattr(webhooks, "READ_SECONDS", 0.3)
    with ScriptedServer(script, answer(200)) as receiver:
        endpoints.add(receiver.url)
        assigned(save_lesson, alice)
        drain()
        delivery = NotificationDelivery.objects.get(endpoint__isnull=False)
        assert (delivery.state, delivery.attempts) == ("pending", 1)
        assert delivery.status or delivery.error
        with clock.travel(timedelta(seconds=7)):
            drain()
        first, second = receiver.requests
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.due_at) == ("delivered", 200, None)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_the_waits_are_those_of_the_table_and_never_end(alice, save_lesson):
    with ScriptedServer(answer(500)) as receiver:
        endpoints.add(receiver.url)
        assigned(save_lesson, alice)
        gone = timedelta()
        for number, wait in enumerate([0, *webhooks.WAITS, webhooks.WAITS[-1]]):
            gone += timedelta(seconds=wait * 1.21)
            Endpoint.objects.update(failing_since=None)
            with clock.travel(gone):
                drain()
                delivery = NotificationDelivery.objects.get()
                expected = webhooks.WAITS[min(number, len(webhooks.WAITS) - 1)]
                assert delivery.due_at is not None
                waits = (delivery.due_at - clock.read(conferencing_settings.DATABASE)).total_seconds()
            assert len(receiver.requests) == number + 1
            assert 0.79 * expected - 5 <= waits <= 1.21 * expected
    assert sum(webhooks.WAITS) > 72 * 3600


def test_retry_after_is_kept_and_a_throttled_endpoint_is_left_alone(alice, save_lesson):
    with ScriptedServer(answer(429, headers={"Retry-After": "600"}), answer(200)) as receiver:
        endpoints.add(receiver.url)
        assigned(save_lesson, alice)
        drain()
        assigned(save_lesson, alice)
        with clock.travel(timedelta(seconds=590)):
            drain()
        assert len(receiver.requests) == 1
        with clock.travel(timedelta(seconds=610)):
            drain()
        assert len(receiver.requests) == 3


def test_an_endpoint_that_is_gone_is_switched_off_at_once_and_told_of_once(alice, save_lesson):
    with ScriptedServer(answer(410)) as receiver:
        endpoint, _ = endpoints.add(receiver.url, user=alice)
        assigned(save_lesson, alice)
        assigned(save_lesson, alice)
        drain()
        assert len(receiver.requests) == 1
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_cause) == (False, "gone")
    drain()
    (message,) = mail.outbox
    assert message.to == [alice.email]
    assert urlsplit(receiver.url).netloc in message.subject


@pytest.mark.parametrize(
    ("ours", "djangos"),
    [([], [("Sam", "sam@example.com")]), ([], ["sam@example.com"]), (["sam@example.com"], ["kim@example.com"])],
)
def test_a_dead_endpoint_is_switched_off_after_five_days_and_what_it_missed_is_recovered(
    alice, save_lesson, settings, ours, djangos
):
    settings.CONFERENCING_ADMINS, settings.ADMINS = ours, djangos
    with ScriptedServer(*[answer(500)] * 3, answer(200)) as receiver:
        endpoint, _ = endpoints.add(receiver.url)
        assigned(save_lesson, alice)
        for days in (0, 4, 6):
            with clock.travel(timedelta(days=days)):
                drain()
        endpoint.refresh_from_db()
        assert (endpoint.enabled, endpoint.disabled_cause) == (False, "dead")
        with clock.travel(timedelta(days=6)):
            drain()
        assert [message.to for message in mail.outbox] == [["sam@example.com"]]
        assigned(save_lesson, alice)
        drain()
        assert len(receiver.requests) == 3
        assert endpoints.switch_on(endpoint)
        drain()
        test, *recovered = [json.loads(request.body) for request in receiver.requests[3:]]
        assert test["type"] == endpoints.TEST_TYPE
        assert len(recovered) == 2
        drain()
        assert len(receiver.requests) == 6


def test_an_endpoint_that_does_not_take_the_test_stays_off():
    with ScriptedServer(answer(500)) as receiver:
        endpoint, _ = endpoints.add(receiver.url)
        endpoints.switch_off(endpoint)
        assert not endpoints.switch_on(endpoint)
    assert not endpoint.enabled


def test_a_delivery_is_posted_once_more_on_request(receiver, alice, save_lesson):
    endpoints.add(receiver.url)
    assigned(save_lesson, alice)
    drain()
    endpoints.resend(NotificationDelivery.objects.get())
    drain()
    first, second = receiver.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_the_answer_is_kept_cut_short(alice, save_lesson):
    with ScriptedServer(answer(500, b"no \x00" + b"x" * 5000)) as receiver:
        endpoints.add(receiver.url)
        assigned(save_lesson, alice)
        drain()
    answered = NotificationDelivery.objects.get().answer
    assert answered.startswith("no x")
    assert len(answered) == webhooks.ANSWER_LENGTH


def test_nothing_inside_is_posted_to_unless_it_is_listed(receiver, alice, save_lesson, settings):
    endpoints.add(receiver.url)
    settings.CONFERENCING_WEBHOOK_NETWORKS = []
    assigned(save_lesson, alice)
    drain()
    assert receiver.connections == 0
    assert "127.0.0.1" not in NotificationDelivery.objects.get().error
    with pytest.raises(ValidationError):
        endpoints.add(receiver.url)


def test_a_slow_endpoint_is_called_once_at_a_time_and_holds_up_no_other(receiver, alice, save_lesson, monkeypatch):
    monkeypatch.setattr(webhooks, "READ_SECONDS", 0.5)
    with ScriptedServer(silence(5)) as slow:
        endpoints.add(slow.url)
        endpoints.add(receiver.url)
        for _ in range(3):
            assigned(save_lesson, alice)
        drain()
        assert len(slow.requests) == 3
    assert len(receiver.requests) == 3


def test_no_secret_shows(alice):
    endpoint, secret = endpoints.add("https://example.com/hook")
    shown = f"{endpoint!r} {endpoint} {vars(endpoint)} {json.dumps(endpoint.types)}"
    assert secret.removeprefix("whsec_") not in shown
