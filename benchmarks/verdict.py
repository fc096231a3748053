"""A promise, what came out when it was measured, and how both are told."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.services import NotGiven
from benchmarks.stamp import stamp

SIDE_BY_SIDE = 2  # that many fill the two cores that the promises are for


@dataclass(frozen=True)
class Verdict:
    """``measured`` is one line; ``values`` are its numbers; ``why`` tells of a miss, in as many lines as it takes."""

    kept: bool
    measured: str
    values: dict[str, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Promise:
    """``bound`` is what has to hold, in words, empty for a figure that is only told; ``by`` is what measures it.

    ``limit`` is the number in the bound, where it has one that may be set: ``{limit}`` in the words stands for it,
    and ``measure`` is given it. ``apart``: it has a command of its own, whose minutes are not those of the whole.
    ``beside``: it measures no time, so that another such one may be measured meanwhile.
    """

    name: str
    bound: str
    measure: Callable[..., Verdict]
    by: str
    limit: float | None = None
    apart: bool = False
    beside: bool = False

    @property
    def words(self) -> str:
        """The bound with its number."""
        return self.bound if self.limit is None else self.bound.format(limit=f"{self.limit:g}")

    def verdict(self) -> Verdict:
        """Measure."""
        return self.measure() if self.limit is None else self.measure(self.limit)


def judge(promise: Promise) -> dict[str, Any]:
    """Measure; whatever goes wrong is a miss."""
    begun = time.monotonic()
    try:
        verdict = promise.verdict()
    except NotGiven as missing:
        verdict = Verdict(False, str(missing))
    except Exception as error:  # a measurement that breaks has not shown that the promise is kept
        lines = str(error).splitlines() or [""]
        verdict = Verdict(False, f"{type(error).__name__}: {lines[0]}", why=str(error))
    seconds = round(time.monotonic() - begun, 1)
    return {"name": promise.name, "bound": promise.words, **asdict(verdict), "seconds": seconds}


def judge_all(promises: Sequence[Promise]) -> Iterator[dict[str, Any]]:
    """First those that want the machine for themselves, then the others, two at a time."""
    yield from (judge(promise) for promise in promises if not promise.beside)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield from pool.map(judge, (promise for promise in promises if promise.beside))


def tell(result: dict[str, Any]) -> None:
    word = "PASS" if result["kept"] else "FAIL"
    bound = result["bound"] or "no bound"
    print(f"{word}  {result['name']:<28} {bound:<62} {result['measured']}  ({result['seconds']:g} s)", flush=True)
    if not result["kept"] and result["why"]:
        print("\n".join(f"      {line}" for line in result["why"].splitlines()), file=sys.stderr, flush=True)


def list_all(promises: Sequence[Promise]) -> None:
    for promise in promises:
        print(f"{promise.name:<28} {promise.words or 'no bound':<62} {promise.by}")


def chosen(promises: Sequence[Promise], only: Iterable[str]) -> list[Promise]:
    """Those whose name is given or begins with what is given; all without any. Raises LookupError."""
    wanted = list(only)
    for name in wanted:
        if not any(promise.name.startswith(name) for promise in promises):
            raise LookupError(f"nothing is called {name}; --list shows the names")
    return [promise for promise in promises if not wanted or promise.name.startswith(tuple(wanted))]


def bounded(promises: Sequence[Promise], bounds: Iterable[str]) -> list[Promise]:
    """With other limits, given as NAME=VALUE. Raises LookupError for a promise that is not there or has no limit."""
    changed = {promise.name: promise for promise in promises}
    for bound in bounds:
        name, _, value = bound.partition("=")
        if name not in changed or changed[name].limit is None:
            raise LookupError(f"nothing with a limit is called {name}; --list shows the names")
        try:
            changed[name] = replace(changed[name], limit=float(value))
        except ValueError:
            raise LookupError(f"{bound}: the limit must be a number") from None
    return list(changed.values())


def write(path: Path, about: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """The results as JSON, with what they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = json.loads(json.dumps({**about, "results": results}), parse_constant=lambda _: None)  # JSON has no infinity
    path.write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def run_all(
    promises: Sequence[Promise], path: Path, settings: Mapping[str, Any], limit_minutes: float = math.inf
) -> bool:
    """Measure each in turn, tell, and write the JSON; whether all were kept, and the whole took no longer than this.

    What is measured apart does not count to the time.
    """
    about = {**stamp(), "settings": settings}
    machine = about["machine"]
    changed = " with uncommitted changes" if about["uncommitted_changes"] else ""
    print(f"commit {about['commit'][:12]}{changed}, {machine['cores']} cores, load {machine['load_at_start'][0]:g}")
    begun = time.monotonic()
    results = []
    for result in judge_all(promises):
        tell(result)
        results.append(result)
    apart = {promise.name for promise in promises if promise.apart}
    waited = sum(result["seconds"] for result in results if result["name"] in apart)
    minutes = (time.monotonic() - begun - waited) / 60
    about["minutes"] = round(minutes, 1)
    write(path, about, results)
    missed = [result["name"] for result in results if not result["kept"]]
    print(f"{len(results) - len(missed)} of {len(results)} kept in {about['minutes']:g} minutes; {path}")
    if missed:
        print(f"missed: {', '.join(missed)}")
    late = minutes > limit_minutes
    if late:
        print(f"The whole may take {limit_minutes:g} minutes.")
    return not missed and not late
