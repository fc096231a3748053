"""``python -m benchmarks``: the figures as a table and as benchmarks/results/bench.json; non-zero on any miss."""

from __future__ import annotations

import sys

from benchmarks.command import run_command
from benchmarks.figures.catalogue import FIGURES
from benchmarks.figures.conditions import CONDITIONS


def main() -> int:
    return run_command("benchmarks", __doc__, FIGURES, "bench", CONDITIONS)


if __name__ == "__main__":
    sys.exit(main())
