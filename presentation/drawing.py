"""Small drawings that need no script: a bar with its target, and a line of the last periods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from kpis.definitions.units import PERCENT, POINTS
from kpis.query.results import MetricValue

WIDTH, HEIGHT, MARGIN = 120.0, 36.0, 3.0


@dataclass(frozen=True)
class Bar:
    """Lengths out of 100: the value, its interval and its target (None: there is none)."""

    value: float
    low: float | None
    spread: float | None
    target: float | None


def bar(answer: MetricValue, full: float | None = None) -> Bar | None:
    """Draw a value on a scale that ends at `full`, by default its own.

    None when there is no value, one that a bar from zero cannot show, or nothing to compare it to.
    """
    full = full or _own_length(answer)
    if answer.shown is None or answer.shown < 0 or full is None:
        return None
    low, high = (None if end is None else _part(end, full) for end in _ends(answer))
    return Bar(
        value=_part(answer.shown, full),
        low=low,
        spread=None if low is None or high is None else round(high - low, 2),
        target=None if answer.target is None else _part(float(answer.target.value), full),
    )


def full_length(answers: Iterable[MetricValue]) -> float:
    """Where the scale ends that bars of one KPI share, so that their lengths can be compared."""
    answers = list(answers)
    if any(one.indicator.unit in (PERCENT, POINTS) for one in answers):
        return 100.0
    return 1.25 * max((_reach(one) for one in answers), default=0.0) or 1.0


def _reach(answer: MetricValue) -> float:
    target = 0.0 if answer.target is None else float(answer.target.value)
    return max(answer.shown or 0.0, target, _ends(answer)[1] or 0.0)


def _own_length(answer: MetricValue) -> float | None:
    """None for an amount without a target: its bar would always be as long."""
    has_end = answer.target or answer.indicator.unit in (PERCENT, POINTS)
    return full_length([answer]) if has_end else None


def _ends(answer: MetricValue) -> tuple[float | None, float | None]:
    low, high = answer.interval or (None, None)
    unit = answer.indicator.unit
    return unit.shown(low), unit.shown(high)


def _part(length: float, full: float) -> float:
    return round(min(max(length / full, 0), 1) * 100, 2)


@dataclass(frozen=True)
class Spark:
    """Points of an SVG of WIDTH × HEIGHT; gaps where there is no value."""

    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]
    end: tuple[float, float]
    target_y: float | None


def spark(series: Sequence[MetricValue]) -> Spark | None:
    """The course of the values, dots where one stands alone; None for fewer than two values."""
    values = [answer.shown for answer in series]
    there = [value for value in values if value is not None]
    if len(there) < 2:
        return None
    target = next((float(one.target.value) for one in reversed(series) if one.target), None)
    low, high = _range([*there, *([] if target is None else [target])])
    pieces = list(_pieces(values, low, high))
    return Spark(
        lines=[" ".join(f"{x},{y}" for x, y in piece) for piece in pieces if len(piece) > 1],
        dots=[piece[0] for piece in pieces if len(piece) == 1],
        end=pieces[-1][-1],
        target_y=None if target is None else _height(target, low, high),
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low - 1, high + 1) if low == high else (low, high)


def _pieces(
    values: Sequence[float | None], low: float, high: float
) -> Iterator[list[tuple[float, float]]]:
    """The stretches without a gap, as points."""
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    points = [
        None if value is None else (round(MARGIN + i * step, 1), _height(value, low, high))
        for i, value in enumerate(values)
    ]
    for is_there, piece in groupby(points, key=lambda point: point is not None):
        if is_there:
            yield [point for point in piece if point is not None]


def _height(value: float, low: float, high: float) -> float:
    return round(HEIGHT - MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * MARGIN), 1)
