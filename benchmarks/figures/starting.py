"""What the app adds to the start of a site that has a Celery application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache, partial
from typing import Any

from benchmarks.figures.rounds import Series, take_turns
from benchmarks.stamp import ROOT

# More rounds than elsewhere: each is short, and what is compared are tens of milliseconds, while a busy host makes one
# start take up to twice as long as another.
ROUNDS = 21


@cache
def compiled() -> tempfile.TemporaryDirectory[str]:
    """Where modules are kept compiled, as pip leaves them: Python may have been told to write no bytecode."""
    return tempfile.TemporaryDirectory(prefix="conferencing-bench-")


def start(*options: str) -> dict[str, Any]:
    """One start in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.site.starting", *options]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled().name}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    started: dict[str, Any] = json.loads(done.stdout)
    return started


def milliseconds(*options: str) -> float:
    return float(start(*options)["milliseconds"])


@cache
def starts_side_by_side() -> dict[str, Series]:
    """Milliseconds of ``django.setup()``, the modules being compiled and in the system's cache."""
    milliseconds("--with-app")
    return take_turns({"without": partial(milliseconds), "with": partial(milliseconds, "--with-app")}, ROUNDS)


def modules_more() -> int:
    """How many modules a start loads for the app."""
    return int(start("--with-app")["modules"]) - int(start()["modules"])


def loaded_too_early() -> list[str]:
    """Of what should be loaded with the first view, command or drain, what a start has loaded."""
    return list(start("--with-app")["early"])
