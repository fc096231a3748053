"""Fresh checkouts of what is committed, made when first asked for and gone in the end."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.stamp import ROOT


@cache
def _workplace() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="conferencing-promises-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def archive() -> Path:
    """What somebody has who downloads the source: no .git, no .venv."""
    folder = _workplace() / "archive"
    folder.mkdir()
    packed = _workplace() / "archive.tar"
    subprocess.run(["git", "archive", "--output", packed, "HEAD"], cwd=ROOT, check=True)
    shutil.unpack_archive(packed, folder, filter="data")
    return folder


@cache
def clone() -> Path:
    """What somebody has who clones the repository."""
    folder = _workplace() / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    return folder
