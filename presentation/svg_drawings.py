"""Small SVG drawings: a bar with its target, and a sparkline of the last periods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from kpis.definitions.units import PERCENT, POINTS
from kpis.query.results import MetricValue

WIDTH, HEIGHT, MARGIN = 120.0, 36.0, 3.0


@dataclass(frozen=True)
class Bar:
    """Lengths from 0 to 100: the value, the start and width of its interval, and its target."""

    value: float
    low: float | None
    spread: float | None
    target: float | None


def bar(metric_value: MetricValue, scale: float | None = None) -> Bar | None:
    """Draw a value on a scale from zero to `scale`, by default the value's own scale.

    None without a value, for a negative one, or if there is nothing to compare it with.
    """
    scale = scale or _own_scale(metric_value)
    if metric_value.shown is None or metric_value.shown < 0 or scale is None:
        return None
    low, high = (
        None if end is None else _length(end, scale) for end in _interval_ends(metric_value)
    )
    target = metric_value.target
    return Bar(
        value=_length(metric_value.shown, scale),
        low=low,
        spread=None if low is None or high is None else round(high - low, 2),
        target=None if target is None else _length(float(target.value), scale),
    )


def common_scale(metric_values: Iterable[MetricValue]) -> float:
    """The end of the scale for bars of one KPI: 100 for shares and points, else with room left."""
    metric_values = list(metric_values)
    if any(one.indicator.unit in (PERCENT, POINTS) for one in metric_values):
        return 100.0
    return 1.25 * max((_largest_part(one) for one in metric_values), default=0.0) or 1.0


def _largest_part(metric_value: MetricValue) -> float:
    target = 0.0 if metric_value.target is None else float(metric_value.target.value)
    return max(metric_value.shown or 0.0, target, _interval_ends(metric_value)[1] or 0.0)


def _own_scale(metric_value: MetricValue) -> float | None:
    """None for an amount without a target: its bar would always have the same length."""
    has_end = metric_value.target or metric_value.indicator.unit in (PERCENT, POINTS)
    return common_scale([metric_value]) if has_end else None


def _interval_ends(metric_value: MetricValue) -> tuple[float | None, float | None]:
    low, high = metric_value.interval or (None, None)
    unit = metric_value.indicator.unit
    return unit.shown(low), unit.shown(high)


def _length(amount: float, scale: float) -> float:
    return round(min(max(amount / scale, 0), 1) * 100, 2)


@dataclass(frozen=True)
class Sparkline:
    """Points in an SVG of WIDTH × HEIGHT, with gaps where values are missing."""

    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]
    end: tuple[float, float]
    target_y: float | None


def sparkline(series: Sequence[MetricValue]) -> Sparkline | None:
    """Draw values as lines, single values between gaps as dots; None for fewer than two values."""
    target = next((float(one.target.value) for one in reversed(series) if one.target), None)
    return sparkline_of([one.shown for one in series], target=target)


def sparkline_of(
    values: Sequence[float | None],
    *,
    target: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> Sparkline | None:
    """Draw numbers like `sparkline`, from one bound to the other or from the least to the most."""
    present = [value for value in values if value is not None]
    if len(present) < 2:
        return None
    low, high = bounds or _range([*present, *([] if target is None else [target])])
    segments = list(_segments(values, low, high))
    return Sparkline(
        lines=[" ".join(f"{x},{y}" for x, y in one) for one in segments if len(one) > 1],
        dots=[one[0] for one in segments if len(one) == 1],
        end=segments[-1][-1],
        target_y=None if target is None else _y(target, low, high),
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low - 1, high + 1) if low == high else (low, high)


def _segments(
    values: Sequence[float | None], low: float, high: float
) -> Iterator[list[tuple[float, float]]]:
    """The points of each run of values without a gap."""
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    points = [
        None if value is None else (round(MARGIN + i * step, 1), _y(value, low, high))
        for i, value in enumerate(values)
    ]
    for has_value, segment in groupby(points, key=lambda point: point is not None):
        if has_value:
            yield [point for point in segment if point is not None]


def _y(value: float, low: float, high: float) -> float:
    return round(HEIGHT - MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * MARGIN), 1)
