"""How receivers are told: each by itself, at least once, in order, outside of any transaction."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from conferencing_app import clock
from conferencing_app.engine.stopping import Stop
from conferencing_app.models import Conference, Notification, NotificationDelivery
from conferencing_app.notifications import announcing, delivery, fanout
from conferencing_app.provisioning import draining, pruning
from conferencing_app.signals import conferencing_assigned, conferencing_failing
from conferencing_app.testing import drain
from tests.hosts.models import Lesson, Webinar

pytestmark = pytest.mark.django_db(transaction=True)


def news(cause: str, conference: Conference | None = None) -> Conference:
    """A conference of which there is something to tell."""
    conference = conference or Conference(event_model="hosts.lesson", event_key="1", state="failing")
    conference.cause_code = cause
    announcing.announce_conferences([conference], clock.read("default"), "default")
    return conference


class Listener:
    """Remembers what it was told; ``fails`` says how often it raises first."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.heard: list[str] = []

    def listen(self, cause: str, **_: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise ValueError("join us at https://secret.example.com")
        self.heard.append(cause)


def later(minutes: float) -> None:
    with clock.travel(timedelta(minutes=minutes)):
        drain()


def test_one_that_raises_is_logged_and_told_again_and_holds_up_no_other(connect, caplog) -> None:
    bad, good = Listener(fails=2), Listener()
    connect(conferencing_failing, bad.listen, dispatch_uid="bad")
    connect(conferencing_failing, good.listen, dispatch_uid="good")
    conference = news("outage")
    drain()
    assert (bad.heard, good.heard) == ([], ["outage"])
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith("bad raised on ntf_")
    pending = NotificationDelivery.objects.get(receiver="bad")
    assert (pending.state, pending.attempts, pending.error) == ("pending", 1, "builtins.ValueError")
    news("refused", conference)
    drain()
    assert (bad.heard, good.heard) == ([], ["outage", "refused"]), "the later one was tried as well"
    later(1)
    assert sorted(bad.heard) == ["outage", "refused"]
    assert good.heard == ["outage", "refused"]
    assert not NotificationDelivery.objects.exclude(state="delivered").exists()


def test_news_of_other_events_pass_one_that_is_told_in_vain(connect) -> None:
    listener = Listener(fails=1)
    connect(conferencing_failing, listener.listen)
    news("outage")
    news("refused")
    drain()
    assert listener.heard == ["refused"]
    later(1)
    assert listener.heard == ["refused", "outage"]


def test_only_those_that_listen_to_this_sender_are_told(connect) -> None:
    listeners = {sender: Listener() for sender in (None, Lesson, Webinar)}
    for number, (sender, listener) in enumerate(listeners.items()):
        connect(conferencing_failing, listener.listen, sender=sender, dispatch_uid=f"listener {number}")
    connect(conferencing_assigned, listeners[Webinar].listen, sender=Lesson)
    news("outage")
    drain()
    assert [len(listener.heard) for listener in listeners.values()] == [1, 1, 0]


def test_a_coroutine_listens_too(connect) -> None:
    heard = []

    async def listen(cause: str, **_: Any) -> None:
        heard.append(cause)

    connect(conferencing_failing, listen)
    news("outage")
    drain()
    assert heard == ["outage"]


def test_a_receiver_is_known_by_its_uid_or_its_dotted_path(connect) -> None:
    first, second = Listener(), Listener()
    connect(conferencing_failing, first.listen)
    connect(conferencing_failing, second.listen)
    connect(conferencing_failing, Listener().listen, dispatch_uid="bookings.tell_guests")
    news("outage")
    drain()
    path = f"{__name__}.Listener.listen"
    assert sorted(NotificationDelivery.objects.values_list("receiver", flat=True)) == sorted(
        ["bookings.tell_guests", path]
    )
    assert (first.heard, second.heard) == (["outage"], ["outage"]), "those of one name are told together"


def test_no_transaction_is_open_and_it_is_the_thread_that_drains(connect) -> None:
    seen = []
    connect(conferencing_failing, lambda **_: seen.append((connection.in_atomic_block, threading.get_ident())))
    news("outage")
    drain()
    assert seen == [(False, threading.get_ident())]


def test_each_receiver_gets_an_event_of_its_own(connect, alice, save_lesson) -> None:
    events = []

    def rename(event: Lesson, **_: Any) -> None:
        events.append(event)
        event.title = "changed in memory"

    def listen(event: Lesson, **_: Any) -> None:
        events.append(event)
        assert event.title == "Scales"

    connect(conferencing_failing, rename)
    connect(conferencing_failing, listen)
    save_lesson(alice)
    drain()
    assert len(events) == 2
    assert not NotificationDelivery.objects.exclude(state="delivered").exists()


def test_a_receiver_may_save_its_event(connect, alice, save_lesson) -> None:
    heard = []

    def save(event: Lesson, cause: str, **_: Any) -> None:
        heard.append(cause)
        event.notes = "told"
        event.save()

    connect(conferencing_failing, save)
    save_lesson(alice)
    drain()
    assert Lesson.objects.get().notes == "told"
    assert heard == ["nothing_linked"]


def test_a_receiver_that_came_since_is_told_what_comes_from_then_on(connect) -> None:
    conference = news("outage")
    drain()
    listener = Listener()
    connect(conferencing_failing, listener.listen)
    drain()
    news("refused", conference)
    drain()
    assert listener.heard == ["refused"]


def test_a_receiver_that_is_away_is_waited_for_and_given_up_after_a_day(connect, caplog) -> None:
    listener = Listener()
    conferencing_failing.connect(listener.listen)
    news("outage")
    fanout.fan_out("default")
    conferencing_failing.disconnect(listener.listen)
    drain()
    waiting = NotificationDelivery.objects.get()
    assert (waiting.state, waiting.error) == ("pending", "not connected")
    connect(conferencing_failing, listener.listen)
    later(10)
    assert listener.heard == ["outage"]

    news("refused")
    fanout.fan_out("default")
    conferencing_failing.disconnect(listener.listen)
    later(25 * 60)
    given_up = NotificationDelivery.objects.latest("pk")
    assert (given_up.state, given_up.due_at) == ("dropped", None)
    assert "no longer connected" in caplog.text
    assert listener.heard == ["outage"]


def test_what_another_worker_is_telling_is_not_overtaken(connect) -> None:
    listener = Listener()
    connect(conferencing_failing, listener.listen)
    news("refused", news("outage"))
    fanout.fan_out("default")
    fanout.fan_out("default")
    first = NotificationDelivery.objects.filter(notification__cause_code="outage")
    first.update(lease_until=clock.now(timedelta(minutes=1)), fence=7)
    assert delivery.deliver(5.0, Stop(), "default") == 0
    later(2)
    assert listener.heard == ["outage", "refused"]


def test_deliveries_are_not_made_before_those_of_earlier_news(connect) -> None:
    """Another process has the earlier notification, and has not committed yet."""
    connect(conferencing_failing, Listener().listen)
    news("refused", news("outage"))
    assert list(Notification.objects.due().values_list("cause_code", flat=True)) == ["outage"]
    Notification.objects.filter(cause_code="outage").update(due_at=None)
    assert list(Notification.objects.due().values_list("cause_code", flat=True)) == ["refused"]


def test_a_stop_lets_the_others_wait_and_gives_them_back(connect) -> None:
    stop, heard = Stop(), []

    def listen(cause: str, **_: Any) -> None:
        heard.append(cause)
        stop.set()

    connect(conferencing_failing, listen)
    for _ in range(3):
        news("outage")
    assert delivery.deliver(5.0, stop, "default") == 1
    assert heard == ["outage"]
    assert NotificationDelivery.objects.due().count() == 2


def test_what_is_not_told_within_the_lease_is_given_back(connect, settings) -> None:
    settings.CONFERENCING_LEASE_SECONDS = -1.0
    listener = Listener()
    connect(conferencing_failing, listener.listen)
    news("outage")
    fanout.fan_out("default")
    assert delivery.deliver(0.05, Stop(), "default") == 0
    assert listener.heard == []


def test_a_worker_that_lost_its_lease_writes_nothing(connect) -> None:
    def listen(**_: Any) -> None:
        NotificationDelivery.objects.update(fence=99)  # another worker has taken it over meanwhile

    connect(conferencing_failing, listen)
    news("outage")
    assert delivery.deliver(5.0, Stop(), "default") == 1
    assert NotificationDelivery.objects.get().state == "pending"


def test_a_type_of_a_later_version_is_kept_and_told_to_nobody(conferencing_notifications) -> None:
    news("outage")
    Notification.objects.update(type="conferencing_levitated")
    drain()
    assert conferencing_notifications == []
    assert Notification.objects.get().due_at is None


def test_a_slow_receiver_keeps_no_other_thread_from_making_conferences(
    connect, conferencing_sandbox, link_profile, alice, save_lesson
) -> None:
    told, go_on = threading.Event(), threading.Event()

    def listen(**_: Any) -> None:
        told.set()
        assert go_on.wait(20)

    connect(conferencing_assigned, listen)
    link_profile(alice)
    save_lesson(alice)

    def work() -> None:
        draining.drain_slice()
        connection.close()

    slow = threading.Thread(target=work)
    slow.start()
    try:
        assert told.wait(20)
        save_lesson(alice, "Arpeggios")
        draining.drain_slice()
        assert len(conferencing_sandbox.live_meetings()) == 2
    finally:
        go_on.set()
        slow.join(20)
    assert not NotificationDelivery.objects.exclude(state="delivered").exists(), "and the second was told, too"


def test_old_notifications_are_pruned_with_their_deliveries(connect, settings) -> None:
    connect(conferencing_failing, Listener(fails=9).listen)
    news("outage")
    drain()
    assert pruning.prune()["notifications"] == 0
    with clock.travel(timedelta(days=91)):
        assert pruning.prune()["notifications"] == 1
    assert (Notification.objects.count(), NotificationDelivery.objects.count()) == (0, 0)
