"""What a figure was measured on: without it a number says little."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.services import server_versions

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = (
    *("django", "celery", "kombu", "requests", "requests-oauthlib", "oauthlib", "cryptography", "psycopg", "redis"),
    *("uvicorn", "django-allauth"),
)


def stamp() -> dict[str, Any]:
    """Commit, versions, machine, and how busy that was at the start."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain")),
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **server_versions(),
            **packages(),
        },
        "machine": {
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "processor": processor(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "system": platform.platform(),
            "load_at_start": [round(load, 2) for load in os.getloadavg()],
        },
    }


def git(*arguments: str) -> str:
    """What git says; empty outside of a repository."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def packages() -> dict[str, str]:
    """Those that are installed: some are there for a measurement of their own."""
    installed = {distribution.name.lower(): distribution.version for distribution in metadata.distributions()}
    return {name: installed[name] for name in PACKAGES if name in installed}


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
