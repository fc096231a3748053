"""A provider in memory that does what the machine tells it: it neither dedupes nor tolerates more than real ones do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from conferencing_app import clock
from conferencing_app.exceptions import Gone, Unavailable
from conferencing_app.http import CallPolicy
from conferencing_app.providers.base import Provider
from conferencing_app.providers.types import (
    AccessToken,
    Capability,
    InboundEvent,
    MeetingChanged,
    MeetingDeleted,
    MeetingDetails,
    MeetingSpec,
)

FIND_LAG = 30.0
# Together less than the lag that the provider owns up to.
LIST_LAG = timedelta(seconds=15)
ARRIVES_LATE = timedelta(seconds=10)


class Fate(Enum):
    """What becomes of one call."""

    ANSWERED = "answered"
    ANSWER_LOST = "answer lost"
    LOST = "lost"
    ARRIVES_LATE = "arrives late, unanswered"
    BUSY = "refused for the moment"


@dataclass
class Made:
    marker: str
    spec: MeetingSpec
    there_from: datetime
    deleted: bool = False


@dataclass
class World:
    """What exists at the provider, by id."""

    made: dict[str, Made] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    fate: Fate = Fate.ANSWERED

    def reset(self) -> None:
        """Nothing exists, and all is answered."""
        self.made, self.numbers, self.fate = {}, itertools.count(1), Fate.ANSWERED

    def live(self) -> dict[str, Made]:
        return {number: made for number, made in self.made.items() if not made.deleted}


world = World()


def now() -> datetime:
    return datetime.now(UTC) + clock.offset


def details(number: str) -> MeetingDetails:
    return MeetingDetails(meeting_id=number, join_url=f"https://meet.example.com/{number}")


class ModelMeetings:
    """Each call meets the fate that the world has for it."""

    def create(self, token: AccessToken, spec: MeetingSpec, marker: str) -> MeetingDetails:
        number = str(next(world.numbers))

        def effect(delay: timedelta) -> None:
            world.made[number] = Made(marker, spec, now() + delay)

        meet_fate(effect)
        return details(number)

    def find(self, token: AccessToken, marker: str, spec: MeetingSpec | None) -> tuple[MeetingDetails, ...]:
        meet_fate(lambda _: None)
        listed = now() - LIST_LAG
        return tuple(
            details(number)
            for number, made in world.live().items()
            if made.marker == marker and made.there_from <= listed
        )

    def update(self, token: AccessToken, meeting_id: str, spec: MeetingSpec, marker: str) -> None:
        made = existing(meeting_id)

        def effect(_: timedelta) -> None:
            made.spec = spec

        meet_fate(effect)

    def read(self, token: AccessToken, meeting_id: str) -> MeetingDetails:
        existing(meeting_id)
        meet_fate(lambda _: None)
        return details(meeting_id)

    def delete(self, token: AccessToken, meeting_id: str) -> None:
        def effect(_: timedelta) -> None:
            if meeting_id in world.made:
                world.made[meeting_id].deleted = True

        meet_fate(effect)


def meet_fate(effect: Any) -> None:
    """Have the effect or not, and answer or not."""
    match world.fate:
        case Fate.ANSWERED:
            effect(timedelta(0))
        case Fate.ANSWER_LOST:
            effect(timedelta(0))
            raise Unavailable("No answer came.", outcome_unknown=True)
        case Fate.ARRIVES_LATE:
            effect(ARRIVES_LATE)
            raise Unavailable("No answer came.", outcome_unknown=True)
        case Fate.LOST:
            raise Unavailable("No answer came.", outcome_unknown=True)
        case Fate.BUSY:
            raise Unavailable("Try later.")


def existing(meeting_id: str) -> Made:
    made = world.made.get(meeting_id)
    if made is None or made.deleted:
        raise Gone("There is no such meeting.")
    return made


class ModelInbound:
    """Takes ``["deleted" or "changed", id]`` from anybody."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return True

    def challenge(self, headers: Mapping[str, str], body: bytes) -> dict[str, str] | None:
        return None

    def parse(self, body: bytes) -> list[InboundEvent]:
        what, number, _ = json.loads(body)
        return [MeetingDeleted(number) if what == "deleted" else MeetingChanged(number)]


class ModelProvider(Provider):
    key = "model"
    label = "Model"
    capabilities = frozenset({Capability.FIND, Capability.UPDATE, Capability.DELETE, Capability.READ})
    find_lag = FIND_LAG

    def __init__(self, options: Mapping[str, Any], *, policy: CallPolicy, sandbox_url: str = "") -> None:
        self.meetings = ModelMeetings()
        self.inbound = ModelInbound()
