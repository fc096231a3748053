"""What waits for an account goes on at once when it is linked, relinked, moved or gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conferencing_app import clock
from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.services import grants, linking, moving, profiles

from .conftest import ALICE_ZOOM, Journey


def conference(owner: Any, hours_ahead: float | None = 1.0, state: str = "failing", **values: Any) -> Conference:
    """A parked conference of an event that starts so many hours from now."""
    now = clock.read("default")
    created: Conference = Conference.objects.create(
        event_model="hosts.lesson",
        event_key=str(Conference.objects.count()),
        owner=owner,
        start=None if hours_ahead is None else now + timedelta(hours=hours_ahead),
        state=state,
        created_at=now,
        due_at=None,
        attempts=7,
        **values,
    )
    return created


def test_linking_wakes_the_waiting_events_the_soonest_first(alices: Journey, bob: Any) -> None:
    later, undated, soonest = conference(alices.user, 9), conference(alices.user, None), conference(alices.user, 1)
    middle = conference(alices.user, 5, state="pending")
    not_up_to_date = conference(alices.user, 7, state="assigned", cause_code="credentials_expired")
    conference(alices.user, state="assigned")
    conference(alices.user, state="not_made", cause_code="removed")
    conference(bob)
    alices.link()
    due = list(Conference.objects.due())
    assert due == [soonest, middle, not_up_to_date, later, undated]
    assert {row.attempts for row in due} == {0}


def test_an_event_that_is_being_worked_on_is_looked_at_once_more(alices: Journey) -> None:
    """Its worker may have read the profile before it was linked; the risen version leaves the row due."""
    busy = conference(alices.user, lease_until=clock.now(timedelta(minutes=1)))
    alices.link()
    assert Conference.objects.get(pk=busy.pk).version == busy.version + 1


def test_relinking_forgets_what_the_meetings_failed_of(alices: Journey) -> None:
    profile = alices.link().profile
    row = conference(alices.user, lane=profile)
    meeting = Meeting.objects.create(
        conference=row, profile=profile, state="planned", cause_code="credentials_expired", created_at=clock.now()
    )
    grants.disconnect(profile.pk, "credentials_expired")
    alices.link()
    meeting.refresh_from_db()
    assert (meeting.cause_code, meeting.retry_at) == ("", None)
    assert list(Conference.objects.due()) == [row]


def test_removals_that_waited_for_a_dead_grant_go_on(alices: Journey, bob: Any) -> None:
    """The event was given to somebody else; the old owner's meeting is still to be removed."""
    profile = alices.link().profile
    row = conference(bob, state="assigned")
    Meeting.objects.create(conference=row, profile=profile, state="doomed", meeting_id="1", created_at=clock.now())
    alices.link()
    assert list(Conference.objects.due()) == [row]


def test_a_dead_grant_tells_the_events_that_need_it_once(alices: Journey) -> None:
    profile = alices.link().profile
    waiting = conference(alices.user, state="pending", lane=profile)
    conference(alices.user, state="pending")
    conference(alices.user, state="assigned", lane=profile)
    grants.disconnect(profile.pk, "credentials_expired")
    assert list(Conference.objects.due()) == [waiting]
    Conference.objects.update(due_at=None)
    grants.disconnect(profile.pk, "credentials_expired")
    assert not Conference.objects.due().exists()


def test_another_default_serves_at_once_what_waits_for_the_former(alices: Journey, bob: Any) -> None:
    former, other = alices.link().profile, alices.link("bob.zoom@example.com").profile
    grants.disconnect(former.pk, "credentials_expired")
    waiting = conference(alices.user, lane=former, cause_code="credentials_expired")
    conference(bob)
    profiles.set_default(other)
    assert list(Conference.objects.due()) == [waiting]


def test_a_move_dooms_what_lies_ahead_under_the_new_profile(alices: Journey, bobs: Journey) -> None:
    theirs = alices.link().profile
    now, hour = clock.read("default"), timedelta(hours=1)
    wanted = {"ahead": (hour, "live"), "sent": (hour, "sent"), "over": (-hour, "live"), "gone": (hour, "gone")}
    meetings = {
        name: Meeting.objects.create(
            conference=conference(alices.user, state="assigned", lane=theirs),
            profile=theirs,
            state=state,
            meeting_id=name,
            ends_at=now + ends_in,
            created_at=now,
        )
        for name, (ends_in, state) in wanted.items()
    }
    mine_waits = conference(bobs.user)
    with pytest.raises(linking.AccountClaimed) as caught:
        bobs.link(ALICE_ZOOM)
    moved = moving.move(bobs.user, caught.value.attempt, browser=bobs.browser).profile

    for meeting in meetings.values():
        meeting.refresh_from_db()
    assert {name: (row.profile, row.state) for name, row in meetings.items()} == {
        "ahead": (moved, "doomed"),
        "sent": (moved, "doomed"),
        "over": (theirs, "live"),
        "gone": (theirs, "gone"),
    }
    woken = {meetings["ahead"].conference, meetings["sent"].conference, mine_waits}
    assert set(Conference.objects.due()) == woken
    assert ConferencingProfile.objects.get(pk=theirs.pk).due_at is None
