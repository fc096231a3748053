"""``python -m benchmarks.promises``: a line for each promise: bound, measured, kept or not. Non-zero when one is not.

Servers are used where their URLs are given: POSTGRES_URL (a role that may make databases) and REDIS_URL. A promise
that needs one that is not given is not kept. What each command said is in var/promises.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.promises.catalogue import PROMISES
from benchmarks.stamp import RESULTS
from benchmarks.verdict import bounded, chosen, list_all, run_all

LIMIT_MINUTES = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promises", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those whose name begins like this")
    parser.add_argument(
        "--list", action="store_true", help="show names, bounds and what measures them, and measure nothing"
    )
    parser.add_argument(
        "--bound", action="append", default=[], metavar="NAME=VALUE", help="another limit for one of them"
    )
    options = parser.parse_args()
    if options.list:
        list_all(PROMISES)
        return 0
    try:
        promises = bounded(chosen(PROMISES, options.only), options.bound)
    except LookupError as error:
        parser.error(str(error))
    return (
        0
        if run_all(promises, RESULTS / ("promises-some.json" if options.only else "promises.json"), LIMIT_MINUTES)
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
