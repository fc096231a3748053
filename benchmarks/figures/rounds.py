"""Contestants measured in turns: each round takes all of them, every other round in the opposite order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

ROUNDS = 5


@dataclass(frozen=True)
class Series:
    """What one contestant came to, a value for each round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        return f"{self.median:.4g} ({min(self.values):.4g} to {max(self.values):.4g})"


def take_turns(contestants: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, Series]:
    """Measure all of them ``rounds`` times, by name."""
    values: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for name in order:
            values[name].append(contestants[name]())
        order.reverse()
    return {name: Series(tuple(seen)) for name, seen in values.items()}
