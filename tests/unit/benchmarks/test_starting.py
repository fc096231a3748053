"""What a start of a site loads for the app. Counted, as on a machine that others use no time says anything."""

from __future__ import annotations

from benchmarks.figures.starting import loaded_too_early, modules_more

# A start loads models, what listens to saves, and the lists of the admin: fewer than this.
MOST_MODULES = 67


def test_a_start_loads_nothing_that_only_saves_pages_commands_and_drains_need() -> None:
    assert loaded_too_early() == []


def test_a_start_loads_few_modules() -> None:
    assert modules_more() <= MOST_MODULES
