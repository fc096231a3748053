"""Forks processes on demand from one that has Django loaded: each is real, can be killed, and is there at once.

Reads orders as JSON lines, answers each with the child's process id. When its standard input ends, all children do.

``{"do": "work", "arguments": [], "failpoints": "", "failpoint_log": path, "output": path, "ahead": seconds}``
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connections

from conferencing_app import clock, failpoints


def main() -> None:
    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: they leave no zombies
    print("ready", flush=True)
    children = []
    for line in sys.stdin:
        order = json.loads(line)
        connections.close_all()
        child = os.fork()
        if child == 0:
            _live(order)
        children.append(child)
        print(child, flush=True)
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _live(order: dict[str, Any]) -> None:
    status = 1
    try:
        _settle_in(order)
        status = _ACTIONS[order["do"]](*order["arguments"]) or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _settle_in(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    silence = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((silence, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ["CONFERENCING_FAILPOINTS"] = order.get("failpoints", "")
    os.environ["CONFERENCING_FAILPOINT_LOG"] = order["failpoint_log"]
    importlib.reload(failpoints)
    clock.offset = timedelta(seconds=order.get("ahead", 0))


def _work() -> None:
    call_command("conferencing_worker", poll_seconds=0.05)


def _save(owner: int, title: str, starts_at: str) -> None:
    """With an assignment, which no event's own INSERT can take along: so there are moments between the two."""
    lessons = apps.get_model("hosts", "Lesson")._default_manager
    lessons.create(owner_id=owner, title=title, starts_at=starts_at, conferencing={"profile_id": "default"})


_ACTIONS: dict[str, Callable[..., Any]] = {"work": _work, "save": _save}

if __name__ == "__main__":
    main()
