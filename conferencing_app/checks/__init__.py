"""System checks: what is misconfigured, and the line to paste; each has a stable id."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string

TAG = "conferencing"
# By their paths in here: what they need is loaded when they are run, which a start does not do.
CHECKS = (
    "knobs.check_names",
    "knobs.check_types",
    "knobs.check_keys",
    "knobs.check_webhooks",
    "knobs.check_providers",
    "knobs.check_addresses",
    "people.check_people",
    "operation.check_operation",
    "knobs.check_site",
    "databases.check_database",
)


def register() -> None:
    """Make the checks known to Django: each once, however often a test's settings load the apps anew."""
    for path in CHECKS:
        checks.register(_listed(path), TAG)
    checks.register(_listed("events.check_models"), checks.Tags.models)
    checks.register(_listed("deployment.check_deployment"), TAG, deploy=True)


@cache
def _listed(path: str) -> Any:
    def run(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
        return list(import_string(f"{__name__}.{path}")())

    run.__name__ = path.rpartition(".")[2]
    return run
