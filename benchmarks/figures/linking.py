"""The link flow beside django-allauth's connect flow: same sandbox, same database server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from benchmarks.figures.rounds import Series, take_turns
from benchmarks.stand import CONNECTING, OURS, Stand, open_stand


@dataclass(frozen=True)
class Linking:
    """``shown``: whether all rows of the database, as text, hold a token as the provider gave it."""

    queries: Series
    milliseconds: Series
    shown: bool


class Flow:
    """One site's flow, taken round after round."""

    def __init__(self, stand: Stand, command: str) -> None:
        self.stand = stand
        self.command = command
        self.seen: list[dict[str, Any]] = []

    def take(self) -> float:
        self.seen.append(self.stand.ask(self.command, str(len(self.seen))))
        return float(self.seen[-1]["milliseconds"])

    def linking(self, milliseconds: Series) -> Linking:
        """What all rounds came to. Raises RuntimeError where no token is stored, so that none could have been found."""
        if not all(seen["tokens"] for seen in self.seen):
            raise RuntimeError(f"{self.command} found no token stored")
        queries = Series(tuple(float(seen["queries"]) for seen in self.seen))
        return Linking(queries, milliseconds, any(seen["shown"] for seen in self.seen))


@cache
def links_side_by_side(database: str) -> dict[str, Linking]:
    """From the press of the button to the page that lists the account, without the time on the consent page."""
    stand = partial(open_stand, database=database, broker="none", hosts=0)
    with stand(side=OURS) as ours, stand(side=CONNECTING) as connecting:
        flows = {"ours": Flow(ours, "bench_link"), "django-allauth": Flow(connecting, "connecting_link")}
        times = take_turns({name: flow.take for name, flow in flows.items()})
        return {name: flow.linking(times[name]) for name, flow in flows.items()}
