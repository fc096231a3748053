"""Each answer of the planner, as a table: what is there, what is wanted, what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conferencing_app.provisioning.plan import (
    CONFIRM_AFTER,
    Bury,
    Create,
    Delete,
    Doom,
    Find,
    Intend,
    Is,
    Meeting,
    ReadBack,
    Rest,
    Step,
    Update,
    Wanted,
    plan,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LAG = timedelta(seconds=30)
AN_HOUR = timedelta(hours=1)

WANTED = Wanted(profile=1, digest="new")
REMOVED = Wanted(profile=None, removed=True)
OVER = replace(WANTED, over=True)
NOBODY = Wanted(profile=None, digest="new")

PLANNED = Meeting(key=7, profile=1, state=Is.PLANNED, find_lag=LAG)
SENT = replace(PLANNED, state=Is.SENT, may_exist=True, sent_at=NOW - AN_HOUR)
A_MOMENT_AGO = NOW - timedelta(seconds=10)
JUST_SENT = replace(SENT, sent_at=A_MOMENT_AGO)
LIVE = replace(SENT, state=Is.LIVE, found=True, applied_digest="new")
OUTDATED = replace(LIVE, applied_digest="old")
MISSING = replace(LIVE, missing_since=NOW - CONFIRM_AFTER)
JUST_MISSING = replace(LIVE, missing_since=A_MOMENT_AGO)
SOON = A_MOMENT_AGO + CONFIRM_AFTER
GIVEN_UP = replace(WANTED, given_up=True)
DOOMED = replace(LIVE, state=Is.DOOMED)
DOOMED_UNSEEN = replace(SENT, state=Is.DOOMED)
GONE = replace(LIVE, state=Is.GONE)

Case = tuple[str, Wanted, list[Meeting], Step]
CASES: list[Case] = [
    ("nothing there: write down that one is to be made", WANTED, [], Intend(1)),
    ("what is gone counts for nothing", WANTED, [GONE], Intend(1)),
    ("planned: make it", WANTED, [PLANNED], Create(7)),
    ("sent, answer unknown: look before making another", WANTED, [SENT], Find(7)),
    ("sent just now: the list may not show it yet", WANTED, [JUST_SENT], Rest(None, A_MOMENT_AGO + LAG)),
    ("a repeated create is harmless there", WANTED, [replace(JUST_SENT, create_is_idempotent=True)], Create(7)),
    ("it can't be looked for there", WANTED, [replace(JUST_SENT, can_find=False)], Create(7)),
    ("as it should be", WANTED, [LIVE], Rest(7)),
    ("changed", WANTED, [OUTDATED], Update(7)),
    ("changed, but over", OVER, [OUTDATED], Rest(7)),
    ("updated: see what the provider made of it", WANTED, [replace(LIVE, read_back=True)], ReadBack(7)),
    ("changed again: update before reading", WANTED, [replace(OUTDATED, read_back=True)], Update(7)),
    ("a repeated create: are there two?", WANTED, [replace(LIVE, second_look=True)], Find(7)),
    ("said to be gone, a moment ago: not yet", WANTED, [JUST_MISSING], Rest(7, SOON)),
    ("said to be gone, a minute ago: look whether it is", WANTED, [MISSING], ReadBack(7)),
    ("said to be gone: no update before the look", WANTED, [replace(MISSING, applied_digest="old")], ReadBack(7)),
    ("said to be gone: no other look before either", WANTED, [replace(JUST_MISSING, read_back=True)], Rest(7, SOON)),
    ("said to be gone, and no longer wanted", REMOVED, [JUST_MISSING], Doom(7)),
    ("said to be gone, and over", OVER, [MISSING], Rest(7)),
    ("said to be gone, and a person must act", WANTED, [replace(MISSING, blocked=True)], Rest(7)),
    ("said to be gone, and nothing reaches it any more", WANTED, [replace(MISSING, manageable=False)], Rest(7)),
    ("said to be gone, doomed: that is all the same", REMOVED, [replace(DOOMED, missing_since=NOW)], Delete(7)),
    ("deleted by its host again: none is made", GIVEN_UP, [GONE], Rest()),
    ("given up, and there is one left to remove", GIVEN_UP, [DOOMED], Delete(7)),
    ("no longer wanted", REMOVED, [LIVE], Doom(7)),
    ("no longer wanted, never made", REMOVED, [PLANNED], Doom(7)),
    ("of another account than wanted", Wanted(profile=2, digest="new"), [LIVE], Doom(7)),
    ("nobody's any more", NOBODY, [LIVE], Doom(7)),
    ("doomed: remove it", REMOVED, [DOOMED], Delete(7)),
    ("doomed, and nothing was ever sent", REMOVED, [replace(PLANNED, state=Is.DOOMED)], Bury(7)),
    ("doomed, its id unknown: look for it", REMOVED, [DOOMED_UNSEEN], Find(7)),
    ("doomed, its id unknown, and it can't be looked for", REMOVED, [replace(DOOMED_UNSEEN, can_find=False)], Bury(7)),
    ("doomed, and nothing reaches it any more", REMOVED, [replace(DOOMED, manageable=False)], Bury(7)),
    ("there, and nothing reaches it any more", WANTED, [replace(OUTDATED, manageable=False)], Rest(7)),
    ("removed first, then made anew", WANTED, [DOOMED], Intend(1)),
    ("what is shown comes before what is to be removed", WANTED, [DOOMED, replace(OUTDATED, key=8)], Update(8)),
    ("then what is to be removed", WANTED, [DOOMED, replace(LIVE, key=8)], Delete(7)),
    ("two of the same account: the one that is there stays", WANTED, [PLANNED, replace(LIVE, key=8)], Doom(7)),
    ("over and never made: nothing is", OVER, [], Rest()),
    ("over before it was made", OVER, [PLANNED], Doom(7)),
    ("over while its create was under way: whatever is there of it goes", OVER, [SENT], Doom(7)),
    ("over and there: it stays", OVER, [LIVE], Rest(7)),
    ("over and there, and somebody else's now: it stays", replace(OVER, profile=2), [LIVE], Rest(7)),
    ("over and there, and nobody's any more: it stays", replace(OVER, profile=None), [LIVE], Rest(7)),
    ("over: nothing is looked at any more", OVER, [replace(LIVE, read_back=True, second_look=True)], Rest(7)),
    ("no longer wanted, but its time has passed: no call", REMOVED, [replace(DOOMED, over=True)], Bury(7)),
    ("the day's changes are spent: not made yet", WANTED, [replace(PLANNED, changes_from=SOON)], Rest(None, SOON)),
    ("the day's changes are spent: not changed yet", WANTED, [replace(OUTDATED, changes_from=SOON)], Rest(7, SOON)),
    ("the day's changes are spent, and it is to go", REMOVED, [replace(DOOMED, changes_from=SOON)], Delete(7)),
    ("the day's changes are spent: looking is free", WANTED, [replace(SENT, changes_from=SOON)], Find(7)),
    ("nothing wanted, nothing there", REMOVED, [GONE], Rest()),
    ("to be tried later", WANTED, [replace(PLANNED, retry_at=NOW + AN_HOUR)], Rest(None, NOW + AN_HOUR)),
    ("its time has come", WANTED, [replace(PLANNED, retry_at=NOW)], Create(7)),
    ("a person must act", WANTED, [replace(PLANNED, blocked=True)], Rest()),
    ("there, and a person must act before it can follow", WANTED, [replace(OUTDATED, blocked=True)], Rest(7)),
    (
        "one that must wait holds up no other",
        WANTED,
        [replace(DOOMED, retry_at=None), replace(OUTDATED, key=8, retry_at=NOW + AN_HOUR)],
        Delete(7),
    ),
    (
        "the earliest of several waits",
        WANTED,
        [replace(DOOMED, retry_at=NOW + 2 * AN_HOUR), replace(OUTDATED, key=8, retry_at=NOW + AN_HOUR)],
        Rest(8, NOW + AN_HOUR),
    ),
]


@pytest.mark.parametrize(("wanted", "meetings", "step"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_next_step(wanted: Wanted, meetings: list[Meeting], step: Step) -> None:
    assert plan(wanted, meetings, NOW) == step


@pytest.mark.parametrize("meeting", [PLANNED, SENT, LIVE, OUTDATED, DOOMED, DOOMED_UNSEEN])
def test_what_must_wait_is_never_called_for(meeting: Meeting) -> None:
    later = replace(meeting, retry_at=NOW + AN_HOUR)
    for wanted in (WANTED, replace(WANTED, profile=1, removed=True)):
        assert not isinstance(plan(wanted, [later], NOW), Create | Find | Update | ReadBack | Delete)
