"""What a save costs beside a bare one and beside one that publishes a task, in rounds."""

from __future__ import annotations

from functools import cache, partial

from benchmarks.figures.rounds import Series, take_turns
from benchmarks.services import given
from benchmarks.stand import NAIVE, OURS, Stand, open_stand

SAVES = 500
HOSTS = 25
BARE = "benchmarks_site.PlainBooking"


def milliseconds_each(stand: Stand, model: str, *options: str) -> float:
    """The mean of this many saves in autocommit, each with its commit, while no worker runs. Raises RuntimeError."""
    saved = stand.ask("bench_save", str(SAVES), "--model", model, "--warm-up", model, *options)
    if saved["errors"]:
        raise RuntimeError(saved["errors"][0])
    return float(sum(saved["milliseconds"])) / SAVES


@cache
def saves_side_by_side(database: str) -> dict[str, Series]:
    """Milliseconds of a new booking's save: bare, ours and the naive one, with a Redis that is up."""
    stand = partial(open_stand, database=database, broker=given("REDIS_URL"), hosts=HOSTS)
    with stand(side=OURS) as ours, stand(side=NAIVE) as naive:
        return take_turns(
            {
                "bare": partial(milliseconds_each, ours, BARE),
                "ours": partial(milliseconds_each, ours, OURS.model),
                "naive": partial(milliseconds_each, naive, NAIVE.model),
            }
        )


@cache
def changes_side_by_side(database: str) -> dict[str, Series]:
    """The same of a stored booking with another title. The naive one does not follow its events."""
    with open_stand(database=database, broker=given("REDIS_URL"), hosts=HOSTS) as stand:
        return take_turns(
            {
                "bare": partial(milliseconds_each, stand, BARE, "--changed"),
                "ours": partial(milliseconds_each, stand, OURS.model, "--changed"),
            }
        )
