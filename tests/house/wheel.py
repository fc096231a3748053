"""The distributions, built from the working tree."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def built_wheel() -> Path:
    """The wheel of the working tree, built once for each process of the suite."""
    folder = Path(tempfile.mkdtemp(prefix="conferencing-wheel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build("wheel", ROOT, folder)


def build(target: str, source: Path, folder: Path) -> Path:
    """Build one target (``wheel`` or ``sdist``) with the project's own backend, without the network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (built,) = folder.iterdir()
    return built
