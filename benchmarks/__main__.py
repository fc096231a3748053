"""``python -m benchmarks``: the figures as a table and as benchmarks/results/bench.json; non-zero on any miss."""

from __future__ import annotations

import argparse
import sys

from benchmarks.figures.catalogue import FIGURES
from benchmarks.stamp import RESULTS
from benchmarks.verdict import bounded, chosen, list_all, run_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those whose name begins like this")
    parser.add_argument(
        "--list", action="store_true", help="show names, bounds and what measures them, and measure nothing"
    )
    parser.add_argument(
        "--bound", action="append", default=[], metavar="NAME=VALUE", help="another limit for one of them"
    )
    options = parser.parse_args()
    if options.list:
        list_all(FIGURES)
        return 0
    try:
        figures = bounded(chosen(FIGURES, options.only), options.bound)
    except LookupError as error:
        parser.error(str(error))
    return 0 if run_all(figures, RESULTS / ("bench-some.json" if options.only else "bench.json")) else 1


if __name__ == "__main__":
    sys.exit(main())
