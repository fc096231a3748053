"""A second `make serve` in a checkout says that there is a first one, and leaves it alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from project.demo import lock
from project.demo.processes import ROOT


def serve(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "project.demo", "--serve", "--folder", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_the_second_says_where_the_first_is(tmp_path: Path) -> None:
    with lock.held(tmp_path) as where:
        where.write_text("http://127.0.0.1:8000/")
        done = serve(tmp_path)
        assert done.returncode == 1
        assert f"It is running already in {tmp_path}: http://127.0.0.1:8000/." in " ".join(
            (done.stdout + done.stderr).split()
        )
        assert [path.name for path in tmp_path.iterdir()] == ["serving"]  # nothing was begun
        assert where.read_text() == "http://127.0.0.1:8000/"


def test_the_folder_is_free_once_the_first_has_ended(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        _ = 1 / 0
    with lock.held(tmp_path) as where:
        assert where.read_text() == ""


def test_who_comes_while_the_first_is_starting_is_told_so(tmp_path: Path) -> None:
    with lock.held(tmp_path), pytest.raises(lock.Taken, match="it is just starting"), lock.held(tmp_path):
        pass
