"""What both commands share: their options, and the status that they end with."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.stamp import RESULTS
from benchmarks.verdict import Promise, bounded, chosen, list_all, run_all


def run_command(
    module: str,
    about: str | None,
    promises: Sequence[Promise],
    results: str,
    settings: Mapping[str, Any],
    limit_minutes: float = math.inf,
) -> int:
    """Measure what the command line asks for; 0 when all was kept.

    The results are written as JSON under the name ``results``, with the ``settings`` under which figures are taken;
    where some were chosen, with ``-some`` behind it.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those whose name begins like this")
    parser.add_argument(
        "--list", action="store_true", help="show names, bounds and what measures them, and measure nothing"
    )
    parser.add_argument(
        "--bound", action="append", default=[], metavar="NAME=VALUE", help="another limit for one of them"
    )
    options = parser.parse_args()
    if options.list:
        list_all(promises)
        return 0
    try:
        asked = bounded(chosen(promises, options.only), options.bound)
    except LookupError as error:
        parser.error(str(error))
    path = RESULTS / f"{results}{'-some' if options.only else ''}.json"
    return 0 if run_all(asked, path, settings, limit_minutes) else 1
