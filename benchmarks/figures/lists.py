"""How quickly support's pages come when there are a hundred thousand of everything."""

from __future__ import annotations

from typing import Any

from benchmarks.figures.spread import percentile
from benchmarks.stand import open_stand
from benchmarks.verdict import Verdict

ROWS = 100_000
# 95 of 100 times a page is there after so many milliseconds, template included. SQLite reads tables as one process.
SLOWEST = {"PostgreSQL": 500.0, "SQLite": 1000.0}


def judge_lists(database: str) -> Verdict:
    """Each page comes in time, and makes as many queries as on a site with a hundred events."""
    with open_stand(database=database, broker="none", hosts=0) as stand:
        pages = stand.ask("bench_lists", str(ROWS))
    times = {name: percentile(page["milliseconds"], 0.95) for name, page in pages.items()}
    slow = [f"{name}: {time:.0f} ms" for name, time in times.items() if time > SLOWEST[database]]
    grown = [f"{name}: {told(page)}" for name, page in pages.items() if page["queries"] != page["queries_of_few"]]
    slowest = max(times, key=lambda name: times[name])
    measured = f"{len(pages)} pages, slowest {slowest} {times[slowest]:.0f} ms, {len(grown)} with more queries"
    return Verdict(not slow and not grown, measured, pages, "\n".join([*slow, *grown]))


def told(page: dict[str, Any]) -> str:
    return f"{page['queries']} queries, {page['queries_of_few']} for few rows"
