"""Whatever goes wrong is reported as itself and as nothing else, on every surface. ``pytest -s`` prints the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from conferencing_app import clock, crypto
from conferencing_app.causes import CAUSES, SUBTYPES
from conferencing_app.models import Conference
from conferencing_app.sandbox.zoom.models import ALL_SCOPES
from conferencing_app.services import profiles
from conferencing_app.services.explain import explain
from conferencing_app.testing import CLIENT_ID, CLIENT_SECRET, drain, inbound_url
from tests.integration.causes.world import SURFACES, Case, World

pytestmark = pytest.mark.django_db(transaction=True)

Inject = Callable[[Case], Any]


def faulty(action: str, **details: Any) -> Inject:
    """The provider does this to whoever wants a meeting made."""

    def inject(case: Case) -> None:
        case.link()
        case.sandbox.add_fault("create", action, account=case.account, **details)
        case.save_and_drain()

    return inject


def nothing_linked(case: Case) -> None:
    case.save_and_drain()


def account_unlinked(case: Case) -> None:
    profile = case.link()
    lesson = case.save(conferencing={"profile_id": profile.public_id})
    profiles.unlink(profile, remove_meetings=True)
    drain()
    assert lesson.conferencing.profile_request == profile.public_id


def grant_revoked(case: Case) -> None:
    case.link()
    case.sandbox.revoke_grants(case.account)
    case.save_and_drain()


def app_removed(case: Case) -> None:
    """As before, and Zoom says so by itself, over HTTP, signed."""
    case.sandbox.register_client(CLIENT_ID, CLIENT_SECRET, webhook_url=inbound_url(case.world.url))
    case.link()
    case.sandbox.revoke_grants(case.account)
    assert [each["status"] for each in case.sandbox.delivered()[-1]["deliveries"]] == [200]
    case.sandbox.register_client(CLIENT_ID, CLIENT_SECRET, webhook_url="")
    case.save_and_drain()


def disconnected_by_support(case: Case) -> None:
    profiles.disconnect(case.link())
    case.save_and_drain()


def scope_taken_away(case: Case) -> None:
    case.link_with_an_old_token()
    case.sandbox.register_client(CLIENT_ID, CLIENT_SECRET, scopes=["user:read:user"])
    case.save_and_drain()
    case.sandbox.register_client(CLIENT_ID, CLIENT_SECRET, scopes=list(ALL_SCOPES))


def licence_lost(case: Case) -> None:
    case.link()
    case.sandbox.set_account(case.account, licensed=False)
    case.save_and_drain()


def deleted_twice(case: Case) -> None:
    case.link()
    lesson = case.save_and_drain()
    for minutes in (1, 2):
        (meeting,) = [each for each in case.sandbox.live_meetings() if each["host_email"] == case.account]
        case.sandbox.delete_meeting(meeting["id"])
        lesson.title += "!"
        lesson.save()
        drain()
        with clock.travel(timedelta(seconds=61 * minutes)):
            drain()


def day_used_up(case: Case) -> None:
    case.link()
    case.sandbox.set_account(case.account, daily_limit=0)
    case.save_and_drain()


def client_secret_changed(case: Case) -> None:
    case.link_with_an_old_token()
    case.sandbox.register_client(CLIENT_ID, "another secret")
    case.save_and_drain()
    case.sandbox.register_client(CLIENT_ID, CLIENT_SECRET)


def key_lost(case: Case) -> None:
    case.link()
    keys = case.world.settings.CONFERENCING_ENCRYPTION_KEYS
    case.world.settings.CONFERENCING_ENCRYPTION_KEYS = [crypto.new_key()]
    case.save_and_drain()
    case.world.settings.CONFERENCING_ENCRYPTION_KEYS = keys


def without_times(case: Case) -> None:
    case.link()
    case.save_and_drain(starts_at=None, ends_at=None)


def ends_first(case: Case) -> None:
    case.link()
    lesson = case.save(starts_at=None, ends_at=None)
    now = clock.read("default")
    type(lesson).objects.filter(pk=lesson.pk).update(starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=1))
    type(lesson).objects.get(pk=lesson.pk).save()
    drain()


def unknown_zone(case: Case) -> None:
    case.link()
    lesson = case.save()
    type(lesson).objects.filter(pk=lesson.pk).update(tzid="Mars/Olympus_Mons")
    type(lesson).objects.get(pk=lesson.pk).save()
    drain()


def begun_before(case: Case) -> None:
    case.link()
    now = clock.read("default")
    case.save_and_drain(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))


def cancelled(case: Case) -> None:
    case.link()
    case.save_and_drain(cancelled=True)


def removed(case: Case) -> None:
    case.link()
    case.save_and_drain(conferencing={"profile_id": "none"})


# What is injected, and the cause that it is. The first needs the clock to move, which the others' retries would see.
INJECTED: list[tuple[str, Inject, str]] = [
    ("the meeting deleted twice by hand", deleted_twice, "deleted_by_host"),
    ("no account linked", nothing_linked, "nothing_linked"),
    ("the chosen account unlinked", account_unlinked, "profile_missing"),
    ("the grant revoked", grant_revoked, "credentials_expired"),
    ("the app removed, told by webhook", app_removed, "deauthorized"),
    ("disconnected by support", disconnected_by_support, "disconnected"),
    ("a scope taken away", scope_taken_away, "scopes_missing"),
    ("no scope for the call (4711)", faulty("status", status=400, body={"code": 4711}), "scopes_missing"),
    ("the licence lost", licence_lost, "refused"),
    ("a policy that forbids (3000)", faulty("status", status=400, body={"code": 3000}), "refused"),
    ("an outage (503)", faulty("status", status=503), "outage"),
    ("an outage (the edge's HTML)", faulty("html"), "outage"),
    ("a reply cut off", faulty("drop_after"), "outage"),
    ("a reply cut in half", faulty("malformed"), "outage"),
    ("a slow reply", faulty("delay_before", seconds=1), "outage"),
    ("too many calls (429)", faulty("status", status=429, headers={"Retry-After": "3600"}), "rate_limited"),
    ("the day's calls used up", day_used_up, "daily_cap"),
    ("the client secret changed", client_secret_changed, "misconfigured"),
    ("the key lost", key_lost, "key_unavailable"),
    ("no start and no end", without_times, "no_time"),
    ("the end before the start", ends_first, "end_before_start"),
    ("a zone that does not exist", unknown_zone, "unknown_time_zone"),
    ("over before it was asked for", begun_before, "past"),
    ("cancelled", cancelled, "cancelled"),
    ("removed on request", removed, "removed"),
]
# Nobody failed where none is wanted: the page and the admin say why, and nobody is notified.
TOLD_TO_NOBODY = frozenset({"past", "cancelled", "removed"})
# No calendar can be linked yet, no fault of ours can be ordered from outside, and without a worker nobody is notified.
NOT_INJECTED = frozenset({"missing_meeting_url", "internal", "no_worker"})


def expected(code: str) -> dict[str, list[str]]:
    quiet = code in TOLD_TO_NOBODY
    return {surface: [] if quiet and surface not in ("page", "admin") else [code] for surface in SURFACES}


def test_every_cause_is_reported_as_itself_on_every_surface(world: World, record_property: Any) -> None:
    wrong, found = [], set()
    print(f"\n{'injected':36}{'is':21}" + "".join(f"{surface:21}" for surface in SURFACES))
    for what, inject, code in INJECTED:
        case = world.case()
        inject(case)
        reported = case.reported()
        print(f"{what:36}{code:21}" + "".join(f"{' '.join(reported[each]) or '–':21}" for each in SURFACES))
        if reported != expected(code):
            wrong.append((what, reported))
        if code not in TOLD_TO_NOBODY:
            assert case.subtypes() == {code if code in SUBTYPES else None}, what
            found.add(code)
    for name, value in (("causes", len(found)), ("surfaces", len(SURFACES)), ("off_diagonal", len(wrong))):
        record_property(name, value)
    assert wrong == []


def test_a_cap_for_the_day_is_told_with_the_time_at_which_it_is_reset(world: World) -> None:
    case = world.case()
    day_used_up(case)
    told = explain(Conference.objects.get(owner=case.person))
    assert told is not None
    assert told.next_try is not None
    today = datetime.fromisoformat(world.sandbox.now()).date()
    assert told.next_try.astimezone(UTC) == datetime.combine(today + timedelta(days=1), time(), UTC)
    assert (told.retrying, told.paused, told.can_try_now) == (True, True, False)


def test_every_cause_is_injected_but_for_those_that_can_not_be() -> None:
    assert {code for _, _, code in INJECTED} | NOT_INJECTED == set(CAUSES)
