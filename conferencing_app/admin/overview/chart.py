"""Drawing: numbers become bars of a picture of a fixed size, in whole units. Knows nothing of what it draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 160
LEFT, BOTTOM, TOP = 44, 22, 8
# How many times are written below the bars, at most.
MOST_LABELS = 6
# After so many the colours begin again.
COLOURS = 6


@dataclass(frozen=True)
class Bar:
    """A part of a column; ``series`` numbers whose part it is."""

    x: int
    y: int
    width: int
    height: int
    series: int


@dataclass(frozen=True)
class Mark:
    """A word beside an axis, and where."""

    at: int
    text: str


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    levels: list[Mark]
    times: list[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BOTTOM


def draw(series: Mapping[str, Sequence[int]], names: Sequence[str], labels: Sequence[str]) -> Chart:
    """Columns of stacked bars. ``names`` are those of all series, in the order of their colours."""
    columns = [[series[name][number] if name in series else 0 for name in names] for number in range(len(labels))]
    top = ceiling(max((sum(column) for column in columns), default=0))
    bars = [bar for number, column in enumerate(columns) for bar in _stack(column, number, len(columns), top)]
    levels = [Mark(_height_at(value, top), str(value)) for value in sorted({0, top // 2, top})]
    step = math.ceil(len(labels) / MOST_LABELS)
    times = [Mark(_left_of(number, len(labels)), label) for number, label in enumerate(labels) if number % step == 0]
    return Chart(bars, levels, times)


def ceiling(value: int) -> int:
    """The round number at or above: 2, 4, 10, 20, 40, 100…"""
    magnitude = 1
    while True:
        for factor in (2, 4, 10):
            if value <= factor * magnitude:
                return factor * magnitude
        magnitude *= 10


def _stack(column: Sequence[int], number: int, count: int, top: int) -> list[Bar]:
    x, width = _left_of(number, count), max(1, _left_of(number + 1, count) - _left_of(number, count) - 2)
    bars, total, lower = [], 0, _height_at(0, top)
    for series, value in enumerate(column):
        total += value
        if value:
            upper = min(_height_at(total, top), lower - 1)  # one among thousands is seen as well
            bars.append(Bar(x, upper, width, lower - upper, series % COLOURS))
            lower = upper
    return bars


def _left_of(number: int, count: int) -> int:
    return LEFT + (WIDTH - LEFT) * number // max(1, count)


def _height_at(value: int, top: int) -> int:
    return HEIGHT - BOTTOM - round((HEIGHT - BOTTOM - TOP) * value / top)
