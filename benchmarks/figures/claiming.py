"""Claiming what is due from a small table and from a large one."""

from __future__ import annotations

from functools import cache, partial

from benchmarks.figures.rounds import Series, take_turns
from benchmarks.stand import Stand, open_stand

SMALL, LARGE, DUE = 10_000, 1_000_000, 1_000


def seconds_to_claim(stand: Stand) -> float:
    """All that is due, in batches as a worker takes them; they are given back afterwards. Raises RuntimeError."""
    claimed = stand.ask("bench_claim")
    if claimed["claimed"] != DUE:
        raise RuntimeError(f"{claimed['claimed']} rows were claimed instead of {DUE}")
    return float(claimed["seconds"])


@cache
def claims_side_by_side() -> dict[str, Series]:
    """Seconds for the due rows of either table, on PostgreSQL."""
    stand = partial(open_stand, database="PostgreSQL", broker="none", hosts=1)
    with stand() as small, stand() as large:
        for place, rows in ((small, SMALL), (large, LARGE)):
            place.ask("bench_fill", str(rows), str(DUE))
        return take_turns(
            {f"{SMALL:,} rows": partial(seconds_to_claim, small), f"{LARGE:,} rows": partial(seconds_to_claim, large)}
        )
