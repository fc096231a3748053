"""Every figure that ``make bench`` takes, and its bound where there is one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial

from benchmarks.figures.answering import MESSAGES, answer_to_deletions
from benchmarks.figures.beside import BESIDE
from benchmarks.figures.saving import BROKERS, SAVES, Saving, save_with, save_without_field
from benchmarks.figures.waiting import Waiting, wait_with
from benchmarks.verdict import Promise, Verdict

# A broker that is away may cost a save this much, compared to one that is up, in milliseconds.
SLOWER_AT_MOST = 50.0
# Seconds from commit to link at the median, for 95 and for 99 of 100: with a broker, and by looking alone.
WAIT_AT_MOST = {"up": (0.6, 2.0, 5.0), "absent": (float("inf"), 2.0, float("inf"))}  # a loop looks each second

# Milliseconds in which 99 of 100 of a provider's messages are answered; Zoom waits 3 seconds.
ANSWER_AT_MOST = 300.0

SAVING = "benchmarks/figures/saving.py"

databases = ["SQLite", *(["PostgreSQL"] if os.environ.get("POSTGRES_URL") else [])]
saving = cache(save_with)


def slug(*words: str) -> str:
    return "-".join(filter(None, words)).lower().replace(" ", "-")


def judge_saving(database: str, broker: str) -> Verdict:
    """All saves succeed, at about the usual speed, and each booking gets its link."""
    usual, seen = saving(database, "up"), saving(database, broker)
    kept = seen.p95 <= usual.p95 + SLOWER_AT_MOST and not seen.errors and seen.links == seen.of
    told = f"p50 {seen.median:.2f} ms, p95 {seen.p95:.2f} ms (broker up: {usual.p95:.2f} ms)"
    values = {**asdict(seen), "p95_broker_up": usual.p95}
    return Verdict(
        kept, f"{told}, {len(seen.errors)} errors, {seen.links} of {seen.of} links", values, "\n".join(seen.errors[:3])
    )


def judge_links(database: str, broker: str) -> Verdict:
    """Each booking gets its link from a worker that was started while its broker was away."""
    seen = saving(database, broker)
    return Verdict(seen.links == seen.of, f"{seen.links} of {seen.of} links", asdict(seen))


def tell_plain_saving(database: str) -> Verdict:
    seen: Saving = save_without_field(database)
    kept = not seen.errors
    return Verdict(kept, f"p50 {seen.median:.2f} ms, p95 {seen.p95:.2f} ms, {len(seen.errors)} errors", asdict(seen))


def judge_waiting(database: str, broker: str) -> Verdict:
    seen: Waiting = wait_with(database, broker)
    limits = WAIT_AT_MOST[broker]
    times = (seen.median, seen.p95, seen.p99)
    kept = seen.without == 0 and all(time <= limit for time, limit in zip(times, limits, strict=True))
    told = f"p50 {seen.median:.2f} s, p95 {seen.p95:.2f} s, p99 {seen.p99:.2f} s, {seen.without} without a link"
    return Verdict(kept, told, asdict(seen))


def judge_answering(database: str) -> Verdict:
    seen = answer_to_deletions(database)
    kept = seen.p99 <= ANSWER_AT_MOST and seen.of == MESSAGES and not seen.refused
    told = f"p50 {seen.median:.0f} ms, p99 {seen.p99:.0f} ms, {seen.refused} of {seen.of} refused"
    return Verdict(kept, told, asdict(seen))


def savings(database: str) -> list[Promise]:
    bound = f"p95 of {SAVES} saves ≤ broker up + {SLOWER_AT_MOST:g} ms, 0 errors, all links"
    return [
        Promise(
            slug("save", "broker" if " " not in broker else "", broker, database),
            bound,
            partial(judge_saving, database, broker),
            SAVING,
        )
        for broker in BROKERS
    ]


def waits(database: str) -> list[Promise]:
    bounds = {"up": "p50 ≤ 0.6 s, p95 ≤ 2 s, p99 ≤ 5 s", "absent": "p95 ≤ 2 s (the pause between two looks + 1 s)"}
    return [
        Promise(
            slug("link", "broker", broker, database),
            bound,
            partial(judge_waiting, database, broker),
            "benchmarks/figures/waiting.py",
        )
        for broker, bound in bounds.items()
    ]


def told(name: str, measure: Callable[[], Verdict], by: str) -> Promise:
    return Promise(name, "", measure, by)


def figures(database: str) -> list[Promise]:
    return [
        told(slug("save", "without", "field", database), partial(tell_plain_saving, database), SAVING),
        *savings(database),
        *waits(database),
    ]


FIGURES = [*BESIDE, *[figure for database in databases for figure in figures(database)]]
