"""The whole app walked through all that Hypothesis thinks of, against the sandbox over HTTP and the real database.

People save, edit, move, cancel and delete events, link, unlink and relink accounts, also while a call is under way; the
person takes the grant back at the provider; calls fail in each way; workers look, die at each crash point, are rung
twice or not at all; time passes. What holds is judged by what the sandbox and the endpoint have seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Min
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from conferencing_app import clock, failpoints, signals
from conferencing_app.exceptions import LinkError
from conferencing_app.models import Conference, ConferencingProfile, Mail
from conferencing_app.provisioning import draining
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import profiles, retrying
from tests.e2e.checker import unfinished
from tests.hosts.models import Lesson
from tests.integration.machine.judging import Judged, Site
from tests.integration.machine.worker import Broker, InTurn, Worker
from tests.integration.machine.world import ACCOUNTS, World
from tests.scripted import ScriptedServer, answer

FULL = os.environ.get("PROMISES_FULL") == "1"
# In parts, so that several processes can share them.
PARTS, RUNS_OF_EACH = (30, 10) if FULL else (2, 5)
STEPS = 40
LEASE_SECONDS = 15.0
# So many rounds it may take to come to rest, once nothing goes wrong any more.
ENOUGH = 60
MOST_LESSONS = 3
# What is to be done later than that is what becomes of an event that is over.
UNTIL_THE_EVENTS = timedelta(days=45)

SAVING = sorted(name for name in failpoints.NAMES if name.startswith("save."))
WORKING = sorted(failpoints.NAMES - set(SAVING))
REFUSED = {"code": 3161, "message": "Your user account is not allowed meeting hosting and scheduling capabilities."}
FAULTS: list[dict[str, Any]] = [
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "malformed"},
    {"action": "html", "status": 502},
    {"action": "status", "status": 503},
    {"action": "status", "status": 429, "headers": {"Retry-After": "120"}},
    {"action": "status", "status": 400, "body": REFUSED},
]
OPERATIONS = ["create", "update", "delete", "list", "get", "me", "token.code", "token.refresh", "revoke"]

WHICH = st.integers(0, MOST_LESSONS - 1)
ACCOUNT = st.sampled_from(ACCOUNTS)
State = ConferencingProfile.State


class Everything(Judged):
    """Rules are what may happen next. ``lost`` are accounts by whose grant nothing more can be done until they are
    linked again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.broker.flush()
        Site.heard.clear()
        self.lost: set[str] = set()
        self.tokens_get_lost = False
        self.start = (clock.read("default") + 2 * UNTIL_THE_EVENTS).replace(microsecond=0)
        self._link(ACCOUNTS[0])
        self.world.make_by_hand()
        self.save("Scales")

    # What people do with events.

    @precondition(lambda self: len(self.lessons) < MOST_LESSONS)
    @rule(title=st.sampled_from(["Scales", "Sonatas"]))
    def save(self, title: str) -> None:
        self.lessons.append(Lesson.objects.create(owner=self.world.owner, title=title, starts_at=self.start))
        self.broker.ring()

    @rule(which=WHICH, title=st.sampled_from(["Arpeggios", "Études"]))
    def edit(self, which: int, title: str) -> None:
        self._change(which, title=title)

    @rule(which=WHICH, days=st.integers(0, 3))
    def move(self, which: int, days: int) -> None:
        self._change(which, starts_at=self.start + timedelta(days=days))

    @rule(which=WHICH)
    def cancel_or_turn_back(self, which: int) -> None:
        self._change(which, cancelled=not self._lesson(which).cancelled)

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        self._asks_anew(self._lesson(which))
        self._lesson(which).delete()
        self.lessons.remove(self._lesson(which))
        if not self.lessons:
            self.save("Another")

    @rule(which=WHICH, request=st.sampled_from(["default", "none", *ACCOUNTS]))
    def ask_for(self, which: int, request: str) -> None:
        lesson = self._lesson(which)
        self._asks_anew(lesson)
        lesson.conferencing = {"profile_id": self.linked().get(request, "default") if request in ACCOUNTS else request}
        self._change(which)

    @rule(which=WHICH, point=st.sampled_from(SAVING))
    def save_in_a_process_that_dies(self, which: int, point: str) -> None:
        lesson = self._lesson(which)
        lesson.title = f"{lesson.title}!"
        with self.worker.dying(point):
            lesson.save()
        lesson.refresh_from_db()

    @rule()
    def try_again_now(self) -> None:
        retrying.try_now(Conference.objects.all())

    # What people do with accounts.

    @rule(account=ACCOUNT)
    def link(self, account: str) -> None:
        self._link(account)

    @rule(account=ACCOUNT, remove=st.booleans())
    def unlink(self, account: str, remove: bool) -> None:
        self._unlink(account, remove)

    @rule(account=ACCOUNT)
    def revoke(self, account: str) -> None:
        self._revoke(account)

    @rule(which=WHICH, act=st.sampled_from(["edit", "move", "cancel", "delete", "unlink", "revoke", "relink"]))
    def act_while_the_next_call_is_under_way(self, which: int, act: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "edit": lambda: self._change(which, title="Meanwhile"),
            "move": lambda: self._change(which, starts_at=self.start + timedelta(days=9)),
            "cancel": lambda: self._change(which, cancelled=not self._lesson(which).cancelled),
            "delete": lambda: Everything.delete(self, which),
            "unlink": lambda: self._unlink(ACCOUNTS[0], True),
            "revoke": lambda: self._revoke(ACCOUNTS[0]),
            "relink": lambda: self._link(ACCOUNTS[0]),
        }
        self.worker.calls.meanwhile = [acts[act]]
        self.worker.look()

    # What happens at the provider, on the way there, and at the endpoint.

    @rule(operation=st.sampled_from(OPERATIONS), fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def fail(self, operation: str, fault: dict[str, Any], times: int) -> None:
        self.world.sandbox.add_fault(operation, times=times, **fault)
        if operation == "token.refresh" and fault["action"] in ("drop_after", "malformed"):
            self.tokens_get_lost = True
            self._lose(*ACCOUNTS)

    @rule()
    def recover(self) -> None:
        self.world.sandbox.clear_faults()
        self.tokens_get_lost = False

    @rule(status=st.sampled_from([200, 500, 503]))
    def endpoint_answers(self, status: int) -> None:
        self.world.receives(status)

    # What workers do, and what rings them.

    @rule()
    def look(self) -> None:
        self.worker.look()

    @rule(point=st.sampled_from(WORKING), times=st.sampled_from([1, 1, 2, 3]))
    def look_and_die(self, point: str, times: int) -> None:
        if self.worker.look_and_die(point, times) and point == "refresh.after_call":
            self._lose(*ACCOUNTS)

    @rule(times=st.sampled_from([1, 1, 2]))
    def ring(self, times: int) -> None:
        """The oldest message is delivered, perhaps twice."""
        task = self.broker.take()
        for _ in range(times if task else 0):
            self.broker.run(str(task))

    @rule()
    def flush_the_broker(self) -> None:
        self.broker.flush()

    @rule(seconds=st.sampled_from([1, 5, 16, 31, 61, 700, 3700, 7200]))
    def tick(self, seconds: int) -> None:
        self.world.leap(seconds)

    # How it is done.

    def _lesson(self, which: int) -> Lesson:
        return self.lessons[which % len(self.lessons)]

    def _change(self, which: int, **values: Any) -> None:
        lesson = self._lesson(which)
        if "cancelled" in values:
            self._asks_anew(lesson)
        for name, value in values.items():
            setattr(lesson, name, value)
        lesson.save()
        self.broker.ring()

    def _asks_anew(self, lesson: Lesson) -> None:
        """Once a worker has looked at it, it may have another link."""
        self.unsettled.add(str(lesson.pk))

    def _link(self, account: str) -> None:
        try:
            profile = self.world.link(account)
        except LinkError:  # the provider has failed; the person is told so
            self._lose(account)
            return
        if profile.public_id not in self.account_of or profile.state != State.CONNECTED:
            self.unsettled |= {str(lesson.pk) for lesson in self.lessons}
        self.account_of[profile.public_id] = account
        if not self.tokens_get_lost:
            self.lost.discard(account)

    def _unlink(self, account: str, remove: bool) -> None:
        public_id = self.linked().get(account)
        if public_id is None:
            return
        if account in self.lost or not remove:
            self._leave(account)
        profiles.unlink(ConferencingProfile.objects.get(public_id=public_id), remove_meetings=remove)
        self.unsettled |= {str(lesson.pk) for lesson in self.lessons}

    def _revoke(self, account: str) -> None:
        self.world.sandbox.revoke_grants(account)
        self._lose(account)

    def _lose(self, *accounts: str) -> None:
        self.lost.update(accounts)
        leaving = ConferencingProfile.objects.filter(state=State.LEAVING)
        for profile in leaving:
            self._leave(self.account_of[profile.public_id])

    def _leave(self, account: str) -> None:
        self.world.catch_up()
        self.left |= {number for number, each in self.world.live.items() if each["host_email"] == account}

    # And in the end.

    def teardown(self) -> None:
        """Then nothing more goes wrong, and no bell rings. It comes to rest, and exactly what is wanted is there."""
        self.world.sandbox.clear_faults()
        self.world.receives(200)
        self.tokens_get_lost = False
        for _ in ACCOUNTS:
            self._relink_what_is_disconnected()
            retrying.try_now(Conference.objects.all())
            self._come_to_rest()
        self.check_events()
        self.check_news()
        clock.offset = timedelta(0)

    def _relink_what_is_disconnected(self) -> None:
        for profile in ConferencingProfile.objects.filter(state=State.DISCONNECTED):
            self._link(self.account_of[profile.public_id])

    def _come_to_rest(self) -> None:
        for _ in range(ENOUGH):
            self.worker.look()
            dues = [rows.aggregate(at=Min("due_at"))["at"] for rows in (*unfinished(), Mail.objects.all())]
            wait = min((due - clock.read("default") for due in dues if due is not None), default=UNTIL_THE_EVENTS)
            if wait >= UNTIL_THE_EVENTS:
                return
            self.world.leap(max(LEASE_SECONDS, wait.total_seconds()))
        raise AssertionError("it never comes to rest")


@pytest.fixture
def site(
    conferencing_sandbox: SandboxControl, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.CONFERENCING_LEASE_SECONDS = LEASE_SECONDS
    settings.CONFERENCING_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    owner = get_user_model().objects.create_user("alice", "alice@example.com")
    everything = [each for each in vars(signals).values() if isinstance(each, signals.NotificationSignal)]
    calls = InTurn()
    monkeypatch.setattr(draining._process, "pool", calls)
    monkeypatch.setattr(draining._process, "posts", InTurn())

    def hear(notification_id: str, sequence: int, **_: Any) -> None:
        Site.heard.append((notification_id, sequence))

    for each in everything:
        each.connect(hear, weak=False, dispatch_uid=__name__)
    with ScriptedServer(answer(200)) as receiver:
        Site.world, Site.worker, Site.broker = World(conferencing_sandbox, receiver, owner), Worker(calls), Broker()
        yield
    for each in everything:
        each.disconnect(dispatch_uid=__name__)
    clock.offset = timedelta(0)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_each_event_ends_with_what_it_wants(site: None, part: int) -> None:
    """PROMISES_FULL=1: 300 runs of 40 steps, in all."""
    run_state_machine_as_test(
        Everything,
        settings=hypothesis_settings(
            max_examples=RUNS_OF_EACH,
            stateful_step_count=STEPS,
            database=None,
            print_blob=True,
            phases=[Phase.generate],  # a run takes a second: to shorten one that fails would take an hour
            suppress_health_check=list(HealthCheck),
        ),
    )
