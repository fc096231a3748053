"""A bound set out of reach turns its command red."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.figures.beside import BESIDE, beside, made, made_of_pool, naive_is_well_built
from benchmarks.figures.rounds import Series, take_turns
from benchmarks.promises.catalogue import PROMISES
from benchmarks.verdict import Promise, Verdict, bounded, chosen, run_all

THREE = Promise("three", "at most {limit}", lambda limit: Verdict(limit >= 3, "3"), "this test", 5.0)
SETTINGS = {"rounds": 5}


def test_a_limit_that_is_kept_and_one_that_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_all([THREE], tmp_path / "kept.json", SETTINGS)
    assert not run_all(bounded([THREE], ["three=2"]), tmp_path / "missed.json", SETTINGS)
    told = capsys.readouterr().out
    assert "at most 5" in told
    assert "at most 2" in told
    assert "missed: three" in told


def test_what_has_a_command_of_its_own_does_not_count_to_the_time(tmp_path: Path) -> None:
    def measure(_: float) -> Verdict:
        time.sleep(1)
        return Verdict(True, "slowly")

    slow, half_a_second = replace(THREE, measure=measure), 0.5 / 60
    assert not run_all([slow], tmp_path / "late.json", SETTINGS, half_a_second)
    assert run_all([replace(slow, apart=True)], tmp_path / "kept.json", SETTINGS, half_a_second)


def test_two_that_measure_no_time_are_measured_beside_each_other_and_others_alone(tmp_path: Path) -> None:
    meeting = threading.Barrier(2)
    running: list[str] = []

    def measure(name: str, beside: bool) -> Verdict:
        running.append(name)
        if beside:
            meeting.wait(10)  # raises where nobody else comes
        seen = list(running)
        running.remove(name)
        return Verdict(beside or seen == [name], ", ".join(seen))

    names = [("one", False), ("two", True), ("three", False), ("four", True)]
    promises = [Promise(name, "", partial(measure, name, beside), "", beside=beside) for name, beside in names]
    path = tmp_path / "results.json"
    assert run_all(promises, path, SETTINGS)
    measured = [each["name"] for each in json.loads(path.read_text())["results"]]
    assert measured == ["one", "three", "two", "four"], "first those that want the machine for themselves"


def test_the_results_say_what_they_were_measured_on(tmp_path: Path) -> None:
    run_all([THREE], tmp_path / "results.json", SETTINGS)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["settings"] == SETTINGS
    assert {"commit", "versions", "machine", "at"} <= set(results)
    assert {"python", "sqlite", "django", "celery"} <= set(results["versions"])
    assert [(each["name"], each["kept"], each["bound"]) for each in results["results"]] == [
        ("three", True, "at most 5")
    ]


@pytest.mark.parametrize("values", [(300.0, 0.0, 310.0), (0.0, 0.0, 0.0)])
def test_a_round_in_which_a_link_was_lost_is_a_miss_whatever_the_median(
    values: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"ours": Series(values), "naive, one process": Series((100.0,))}
    monkeypatch.setattr("benchmarks.figures.beside.made_side_by_side", lambda _latency: seen)
    assert not made(0.0, "naive, one process", 1.5).kept
    assert not made_of_pool(0.85).kept


@pytest.mark.parametrize("bound", ["nothing=1", "start-late=1", "made-0-ms=much"])
def test_a_bound_that_can_not_be_set_is_refused(bound: str) -> None:
    with pytest.raises(LookupError):
        bounded(BESIDE, [bound])


@pytest.mark.parametrize(("sign", "limit", "kept"), [("≤", 2.0, True), ("≤", 1.9, False), ("≥", 2.1, False)])
def test_the_ratio_of_the_medians_is_what_is_judged(sign: str, limit: float, kept: bool) -> None:
    seen = {"ours": Series((4.0, 90.0, 4.0)), "bare": Series((2.0, 2.0, 2.0))}
    ratio = seen["ours"].median / seen["bare"].median
    verdict = beside(seen, seen, ratio, sign, limit)
    assert verdict.kept is kept
    assert verdict.measured == "2.00: ours 4 (4 to 90); bare 2 (2 to 2)"


@pytest.mark.parametrize(
    ("naive", "loop", "told"),
    [(350, 1400, 350), (299, 1400, 299), (150, 550, 300), (149, 550, 298), (0, 550, 0), (150, 0, 0)],
)
def test_a_slow_machine_is_no_fault_of_the_peer(
    naive: float, loop: float, told: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"naive, one process": Series((naive,)), "a bare loop": Series((loop,))}
    monkeypatch.setattr("benchmarks.figures.beside.made_side_by_side", lambda _latency: seen)
    verdict = naive_is_well_built(300)
    assert (verdict.values["value"], verdict.kept) == (told, told >= 300)


def test_every_other_round_is_taken_in_the_opposite_order() -> None:
    order: list[str] = []

    def take(name: str) -> float:
        order.append(name)
        return float(len(order))

    series = take_turns({"a": lambda: take("a"), "b": lambda: take("b")}, rounds=3)
    assert "".join(order) == "abbaab"
    assert series["a"].values == (1.0, 4.0, 5.0)


def test_every_bound_beside_others_is_a_promise() -> None:
    names = [promise.name for promise in PROMISES]
    assert {promise.name for promise in BESIDE} <= set(names)
    assert len(names) == len(set(names))
    assert [promise.name for promise in chosen(BESIDE, ["made-0"])] == ["made-0-ms"]


@pytest.mark.parametrize(("limit", "status"), [("100000", 0), ("-100000", 1)])
def test_the_command_turns_red(
    limit: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, which measures once for both."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "start-time", "--bound", f"start-time={limit}"])
    done = main()
    told = capsys.readouterr().out
    assert (done, told.count("FAIL")) == (status, status), told
