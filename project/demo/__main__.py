"""``python -m project.demo`` plays the story and ends; ``--serve`` stays up for a browser until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import requests

from conferencing_app.sandbox.client import SandboxControlError
from project.demo import lock, terminal
from project.demo.processes import ROOT, StartFailed, tail
from project.demo.stage import Stage, set_up
from project.demo.story import STEPS, Story
from project.demo.visitor import Visitor
from project.demo.watching import StepFailed

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SITE_ZONE = ZoneInfo("Europe/London")
# How long the sandbox takes over each answer of the story: far away, as a provider is.
ANSWER_SECONDS = 0.3
BROKEN = (StepFailed, LookupError, requests.RequestException, SandboxControlError)


class Stopped(BaseException):
    """Somebody wants the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 when each step held (or serving was ended), 1 when one did not, 128 + n for a signal."""
    parser = argparse.ArgumentParser(prog="python -m project.demo", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="stay up for the browser, with the data kept in var/")
    parser.add_argument("--folder", type=Path, default=ROOT / "var", help="with --serve: keep the data there instead")
    parser.add_argument("--ready-file", type=Path, help="with --serve: receives the addresses as JSON once all is up")
    parser.add_argument("--patience", type=float, default=20.0, help="how long each step may take, in seconds")
    chosen = parser.parse_args(arguments)
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        return serve_site(chosen.folder, chosen.ready_file) if chosen.serve else play_on_fresh_data(chosen.patience)
    except StartFailed as error:
        terminal.failed(str(error).splitlines())
        return 1
    except Stopped as stopped:
        terminal.say("\nStopped; nothing is left running.")
        return 0 if chosen.serve else 128 + stopped.number


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in STOP_SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # Once is enough: the clearing up must not be cut short.
    raise Stopped(number)


def play_on_fresh_data(patience: float) -> int:
    """The story on data of its own, of which nothing remains."""
    terminal.heading("django-conferencing: a booking site whose every booking gets its own conference")
    with tempfile.TemporaryDirectory(prefix="conferencing-demo-") as folder, set_up(Path(folder)) as stage:
        stage.control.options(latency_seconds=ANSWER_SECONDS)
        terminal.facts(
            [
                ("sandbox", f"{stage.sandbox.url}  stands in for Zoom, answers after {ANSWER_SECONDS * 1000:.0f} ms"),
                ("site", f"{stage.site}  Django on SQLite"),
                ("worker", "Celery, its broker is a folder"),
            ]
        )
        return play(stage, patience)


def play(stage: Stage, patience: float) -> int:
    """Play each step; 0 when all held, else 1 at the first that did not."""
    story = Story(Visitor(stage.site), stage.control, stage.receiver, SITE_ZONE, patience)
    for number, (title, step) in enumerate(STEPS, start=1):
        terminal.step(number, title)
        try:
            terminal.held(step(story))
        except BROKEN as error:
            tell_failure(number, title, error, stage)
            return 1
    terminal.say(f"{terminal.paint('Every step held.', 'green', 'bold')} To see it in a browser: make serve")
    return 0


def tell_failure(number: int, title: str, error: Exception, stage: Stage) -> None:
    """Which step, what was expected, what was seen, and what the worker said last."""
    terminal.failed([f"Step {number} did not hold: {title}"])
    if isinstance(error, StepFailed):
        terminal.failed([f"expected  {error.expected}", f"saw       {error.seen}"])
    else:
        terminal.failed([f"saw       {''.join(traceback.format_exception_only(error)).strip()}"])
    for process in (stage.worker, stage.web):
        state = "" if process.running else " (it has ended)"
        terminal.say(f"\n     The end of the {process.name}'s log{state}:\n{tail(process.log)}")


def serve_site(folder: Path, ready_file: Path | None) -> int:
    """The same on data that stays, until somebody stops it."""
    with lock.held(folder) as where, set_up(folder, site_port=8000, sandbox_port=8080) as stage:
        where.write_text(f"{stage.site}/", encoding="utf-8")
        terminal.heading("django-conferencing: the demo site is up")
        terminal.facts(
            [
                ("site", f"{stage.site}/  sign in by one click as Alice or Bob"),
                ("admin", f"{stage.site}/admin/  {stage.admin}, password {stage.password}"),
                ("sandbox", f"{stage.sandbox.url}/  stands in for Zoom; forgets all when it stops: link again then"),
                ("logs", f"{stage.web.log} and {stage.worker.log}"),
            ]
        )
        terminal.say("Ctrl-C stops everything.")
        if ready_file is not None:
            write_addresses(stage, ready_file)
        while stage.web.running and stage.worker.running:
            threading.Event().wait(0.5)
        ended = stage.worker if stage.web.running else stage.web
        raise StartFailed(f"The {ended.name} ended by itself. The end of its log:\n{tail(ended.log)}")


def write_addresses(stage: Stage, ready_file: Path) -> None:
    """In one step, so that whoever waits for the file finds all of it."""
    draft = ready_file.with_name(f"{ready_file.name}.part")
    addresses = {"site": stage.site, "sandbox": stage.sandbox.url, "admin": stage.admin, "password": stage.password}
    draft.write_text(json.dumps(addresses), encoding="utf-8")
    draft.replace(ready_file)


if __name__ == "__main__":
    sys.exit(main())
