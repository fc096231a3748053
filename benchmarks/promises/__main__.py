"""``python -m benchmarks.promises``: a line for each promise: bound, measured, kept or not. Non-zero when one is not.

Servers are used where their URLs are given: POSTGRES_URL (a role that may make databases) and REDIS_URL. A promise
that needs one that is not given is not kept. What each command said is in var/promises.
"""

from __future__ import annotations

import sys

from benchmarks.command import run_command
from benchmarks.figures.conditions import CONDITIONS
from benchmarks.promises.catalogue import PROMISES

LIMIT_MINUTES = 60


def main() -> int:
    return run_command("benchmarks.promises", __doc__, PROMISES, "promises", CONDITIONS, LIMIT_MINUTES)


if __name__ == "__main__":
    sys.exit(main())
