"""The reconciler walked through every interleaving that Hypothesis thinks of, against a provider that is never kind.

Events are saved, moved, cancelled, turned back, given to another account and deleted, while calls are answered, lost
or late, hosts delete meetings by hand, messages about that come, come twice, come late or are not even true, workers
die at any moment or freeze past their leases, and time passes.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from conferencing_app import clock
from conferencing_app.engine.jobs import Job
from conferencing_app.models import Conference, ConferencingProfile, InboundMessage, Meeting
from conferencing_app.provisioning.reconcile import Conferences
from conferencing_app.services import inbound, retrying
from tests.hosts.models import Lesson
from tests.unit.provisioning.model_provider import Fate, Made, now, world
from tests.unit.provisioning.working import LEASE_SECONDS, call, work

FULL = os.environ.get("PROMISES_FULL") == "1"
EXAMPLES, STEPS = (5000, 80) if FULL else (40, 30)
FATES = st.sampled_from([*Fate, Fate.ANSWERED, Fate.ANSWERED])
FOREIGN = "FOREIGN"


class Reconciling(RuleBasedStateMachine):
    """Rules are what may happen next; ``jobs`` are the calls under way, each with the time at which its lease ends."""

    def __init__(self) -> None:
        super().__init__()
        clock.offset = timedelta(0)
        world.reset()
        for model in (Meeting, Conference, Lesson, InboundMessage):
            model._default_manager.all().delete()
        ConferencingProfile.objects.update(lease_until=None, paused_until=None)
        self.owner = get_user_model().objects.get()
        self.profiles = [profile.public_id for profile in ConferencingProfile.objects.order_by("pk")]
        self.handler = Conferences("default")
        self.jobs: list[tuple[Job, datetime]] = []
        self.shown: dict[int, str] = {}
        self.deleted_by_hand: set[str] = set()
        self.messages = 0
        self.start = (now() + timedelta(days=30)).replace(microsecond=0)
        world.made["foreign"] = Made(FOREIGN, None, now())  # type: ignore[arg-type]  # somebody's own meeting
        self.lesson = self.saved("Scales")

    def saved(self, title: str) -> Lesson:
        return Lesson.objects.create(owner=self.owner, title=title, starts_at=self.start)

    # What people do.

    @rule(title=st.sampled_from(["Scales", "Arpeggios", "Sonatas"]))
    def rename(self, title: str) -> None:
        self.lesson.title = title
        self.lesson.save()

    @rule(days=st.integers(1, 3))
    def move(self, days: int) -> None:
        self.lesson.starts_at = self.start + timedelta(days=days)
        self.lesson.save()

    @rule()
    def cancel_or_turn_back(self) -> None:
        self.lesson.cancelled = not self.lesson.cancelled
        self.lesson.save()
        self.shown.clear()

    @rule(which=st.sampled_from([0, 1, "default", "none"]))
    def ask_for(self, which: Any) -> None:
        self.lesson.conferencing = {"profile_id": self.profiles[which] if isinstance(which, int) else which}
        self.lesson.save()
        self.shown.clear()

    @rule()
    def delete_and_save_another(self) -> None:
        self.lesson.delete()
        self.lesson = self.saved("Another")

    @rule()
    def ask_to_try_now(self) -> None:
        retrying.try_now(Conference.objects.all())

    @precondition(lambda self: self.there())
    @rule(data=st.data())
    def delete_by_hand(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.there()))
        world.made[number].deleted = True
        self.deleted_by_hand.add(number)

    @precondition(lambda self: len(world.made) > 1)
    @rule(data=st.data(), what=st.sampled_from(["deleted", "changed"]), again=st.booleans())
    def hear(self, data: st.DataObject, what: str, again: bool) -> None:
        """Of a meeting that was, or was not, deleted or changed; perhaps the same message once more."""
        number = data.draw(st.sampled_from(sorted(world.made)))
        self.messages += not again
        inbound.receive("model", {}, json.dumps([what, number, self.messages]).encode())

    def there(self) -> list[str]:
        return sorted(n for n, made in world.live().items() if made.marker != FOREIGN and made.there_from <= now())

    # What workers do.

    @rule()
    def claim(self) -> None:
        until = now() + timedelta(seconds=LEASE_SECONDS)
        jobs = self.handler.claim(4)
        if jobs:
            self.handler.advance(jobs, True)
        self._go_on(jobs, until)

    @rule()
    def claim_and_die(self) -> None:
        self.handler.claim(4)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), fate=FATES, may_call=st.sampled_from([True, True, False]))
    def finish_a_call(self, data: st.DataObject, fate: Fate, may_call: bool) -> None:
        """In time, or long after the lease: then the worker was frozen."""
        job, until = self.jobs.pop(data.draw(st.integers(0, len(self.jobs) - 1)))
        call(job, fate)
        self.handler.advance([job], may_call and until > now())
        self._go_on([job], until)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), fate=FATES, sent=st.booleans())
    def die_around_a_call(self, data: st.DataObject, fate: Fate, sent: bool) -> None:
        job, until = self.jobs.pop(data.draw(st.integers(0, len(self.jobs) - 1)))
        if sent and until > now():
            call(job, fate)

    @rule(seconds=st.sampled_from([1, 5, 20, 31, 61, 700, 7200]))
    def let_time_pass(self, seconds: int) -> None:
        clock.offset += timedelta(seconds=seconds)

    def _go_on(self, jobs: list[Job], until: datetime) -> None:
        for job in jobs:
            if job.call is not None:
                self.jobs.append((job, until))
            elif job.lane is not None:
                self.handler.release_lanes({job.lane: job.lane_fence})

    # What must hold.

    @invariant()
    def nobody_elses_meeting_is_touched(self) -> None:
        assert not world.made["foreign"].deleted
        ours = set(Meeting.objects.values_list("meeting_id", flat=True))
        assert {number for number, made in world.made.items() if made.deleted} - self.deleted_by_hand <= ours

    @invariant()
    def a_shown_link_leads_somewhere_and_stays(self) -> None:
        for conference in Conference.objects.exclude(join_url=""):
            number = conference.join_url.rpartition("/")[2]
            assert number in world.live() or number in self.deleted_by_hand
            former = self.shown.setdefault(conference.pk, conference.join_url)
            if former != conference.join_url:
                assert former.rpartition("/")[2] in self.deleted_by_hand
                self.shown[conference.pk] = conference.join_url

    @invariant()
    def one_meeting_at_most_stands_for_a_conference(self) -> None:
        for conference in Conference.objects.all():
            assert conference.meetings.exclude(state__in=["doomed", "gone"]).count() <= 1

    def teardown(self) -> None:
        """Then nothing more goes wrong. It comes to rest, and exactly what is wanted is there."""
        self.jobs.clear()
        for number in self.deleted_by_hand:
            inbound.receive("model", {}, json.dumps(["deleted", number, "at last"]).encode())
        self.come_to_rest()
        if Conference.objects.filter(cause_code="deleted_by_host").exists():
            assert not self.there(), "given up"
            retrying.try_now(Conference.objects.all())
            self.come_to_rest()
        live = {number: made for number, made in world.live().items() if made.marker != FOREIGN}
        conference = Conference.objects.get(event_deleted=False)
        wanted = not self.lesson.cancelled and conference.profile_request != "none"
        assert [(made.spec.title, made.spec.start) for made in live.values()] == (
            [(self.lesson.title, self.lesson.starts_at)] if wanted else []
        )
        assert conference.join_url == "".join(f"https://meet.example.com/{number}" for number in live)
        clock.offset = timedelta(0)

    def come_to_rest(self) -> None:
        for _ in range(12):
            clock.offset += timedelta(hours=1)
            work(self.handler)
            if not Conference.objects.exclude(due_at=None).exists():
                break
        assert not Conference.objects.exclude(due_at=None).exists(), "all rest"


@pytest.mark.slow
def test_every_interleaving_ends_with_what_is_wanted(two_accounts: None) -> None:
    try:
        run_state_machine_as_test(
            Reconciling,
            settings=hypothesis_settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                database=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        clock.offset = timedelta(0)
