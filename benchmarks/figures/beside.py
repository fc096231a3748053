"""The bounds that are about something beside us: a bare save, the naive integration, django-allauth, a small table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import partial

from benchmarks.figures.claiming import DUE, LARGE, SMALL, claims_side_by_side
from benchmarks.figures.linking import links_side_by_side
from benchmarks.figures.making import LATENCY_SECONDS, made_side_by_side
from benchmarks.figures.rounds import Series
from benchmarks.figures.side_by_side import changes_side_by_side, saves_side_by_side
from benchmarks.figures.starting import loaded_too_early, starts_side_by_side
from benchmarks.figures.waiting import ANSWER_SECONDS, wait_idle
from benchmarks.stand import POOL_SIZE
from benchmarks.verdict import Promise, Verdict

NAIVE_THREADS = f"naive, {POOL_SIZE} threads"
POOL_RATE = POOL_SIZE / LATENCY_SECONDS
# One POST and one UPDATE after the other, on the machine on which a well-built naive integration makes 300 a second.
LOOP_RATE = 1100
HOLDS: dict[str, Callable[[float, float], bool]] = {"≤": operator.le, "≥": operator.ge}


def beside(series: dict[str, Series], names: Iterable[str], value: float, sign: str, limit: float) -> Verdict:
    """Whether the value keeps its limit; told with each of these series, median and spread."""
    told = "; ".join(f"{name} {series[name]}" for name in names)
    values = {name: {"median": seen.median, "rounds": seen.values} for name, seen in series.items()}
    return Verdict(HOLDS[sign](value, limit), f"{value:.2f}: {told}", {"value": value, **values})


def saves(database: str, other: str, sign: str, limit: float) -> Verdict:
    """Milliseconds of a save: ours over a bare one, or the naive one's over ours: saves a second, turned round."""
    seen = saves_side_by_side(database)
    ours, theirs = seen["ours"].median, seen[other].median
    return beside(seen, ("ours", other), ours / theirs if other == "bare" else theirs / ours, sign, limit)


def tell_saves(measure: Callable[[str], dict[str, Series]], database: str) -> Verdict:
    seen = measure(database)
    return beside(seen, seen, seen["ours"].median / seen["bare"].median, "≥", 0.0)


def made(latency: float, other: str, limit: float) -> Verdict:
    seen = made_side_by_side(latency)
    return beside(seen, ("ours", other), rate(seen["ours"]) / seen[other].median, "≥", limit)


def made_of_pool(limit: float) -> Verdict:
    seen = made_side_by_side(LATENCY_SECONDS)
    return beside(seen, ("ours",), rate(seen["ours"]) / POOL_RATE, "≥", limit)


def rate(ours: Series) -> float:
    """The median; 0 where one round did not make them all, which a median would hide."""
    return ours.median if all(ours.values) else 0.0


def naive_is_well_built(limit: float) -> Verdict:
    """By its meetings a second on a machine whose bare loop makes LOOP_RATE: a slower one is no fault of the peer's."""
    seen = made_side_by_side(0.0)
    naive, loop = "naive, one process", "a bare loop"
    slower = min(1.0, seen[loop].median / LOOP_RATE)
    return beside(seen, (naive, loop), slower and seen[naive].median / slower, "≥", limit)


def waited(broker: str, limit: float) -> Verdict:
    seen = wait_idle(broker)
    over = (seen.median - ANSWER_SECONDS) * 1000
    told = f"{over:.0f} ms, p95 {(seen.p95 - ANSWER_SECONDS) * 1000:.0f} ms, {seen.without} without a link"
    return Verdict(over <= limit and not seen.without, told, {"milliseconds": over, "without": seen.without})


def claimed(limit: float) -> Verdict:
    seen = claims_side_by_side()
    small, large = seen
    return beside(seen, seen, seen[large].median / seen[small].median, "≤", limit)


def started(limit: float) -> Verdict:
    seen = starts_side_by_side()
    return beside(seen, seen, seen["with"].median - seen["without"].median, "≤", limit)


def loads_late() -> Verdict:
    early = loaded_too_early()
    return Verdict(not early, f"loaded: {', '.join(early) or 'none of them'}", {"early": early})


def linked(limit: float) -> Verdict:
    seen = {name: linking.queries for name, linking in links_side_by_side("PostgreSQL").items()}
    return beside(seen, seen, max(seen["ours"].values), "≤", limit)


def tell_linking_times() -> Verdict:
    seen = {name: linking.milliseconds for name, linking in links_side_by_side("PostgreSQL").items()}
    return beside(seen, seen, seen["ours"].median, "≥", 0.0)


def hides_tokens() -> Verdict:
    shown = {name: linking.shown for name, linking in links_side_by_side("PostgreSQL").items()}
    told = ", ".join(f"{name}: {'shown' if each else 'not shown'}" for name, each in shown.items())
    return Verdict(not shown["ours"], told, shown)


def promise(name: str, bound: str, measure: Callable[..., Verdict], room: str, limit: float | None = None) -> Promise:
    return Promise(name, bound, measure, f"benchmarks/figures/{room}.py", limit)


AT_0_MS, AT_200_MS = partial(made, 0.0), partial(made, LATENCY_SECONDS)
IDLE = "idle worker, p50 of commit to link ≤ latency + {limit} ms"

BESIDE = [
    # First, as it compares milliseconds: after others, servers may still be at work on what those have left.
    promise("start-time", "django.setup() ≤ {limit} ms more with the app", started, "starting", 60),
    promise("start-late", "requests, oauthlib, cryptography and providers are loaded later", loads_late, "starting"),
    promise("save-bare", "≤ {limit} × a bare save", partial(saves, "PostgreSQL", "bare", "≤"), "side_by_side", 2.5),
    promise(
        "save-naive", "≥ {limit} × its saves a second", partial(saves, "PostgreSQL", "naive", "≥"), "side_by_side", 1.3
    ),
    promise("save-sqlite", "", partial(tell_saves, saves_side_by_side, "SQLite"), "side_by_side"),
    promise("save-change", "", partial(tell_saves, changes_side_by_side, "PostgreSQL"), "side_by_side"),
    promise(
        "naive-well-built",
        f"naive, one process, at 0 ms: ≥ {{limit}} a second where a bare loop makes {LOOP_RATE:,}",
        naive_is_well_built,
        "making",
        300,
    ),
    promise("made-0-ms", "≥ {limit} × naive with one process", partial(AT_0_MS, "naive, one process"), "making", 1.5),
    promise(
        "made-200-ms-processes", "≥ {limit} × naive with two", partial(AT_200_MS, "naive, two processes"), "making", 20
    ),
    promise("made-200-ms-threads", f"≥ {{limit}} × {NAIVE_THREADS}", partial(AT_200_MS, NAIVE_THREADS), "making", 1.0),
    promise(
        "made-200-ms-pool", f"≥ {{limit}} × pool of {POOL_SIZE} ÷ latency = {POOL_RATE:g}", made_of_pool, "making", 0.85
    ),
    promise("link-idle-redis", IDLE, partial(waited, "Redis"), "waiting", 100),
    promise("link-idle-folder", IDLE, partial(waited, "folder"), "waiting", 400),
    promise("claim-large", f"{DUE:,} due of {LARGE:,} rows: ≤ {{limit}} × of {SMALL:,}", claimed, "claiming", 1.3),
    promise("linking-queries", "≤ {limit} from the button to the listed account", linked, "linking", 20),
    promise("linking-time", "", tell_linking_times, "linking"),
    promise("linking-tokens", "no dump of the database shows a token", hides_tokens, "linking"),
]
