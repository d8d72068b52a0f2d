"""SVG drawings of results: a forest plot of effects, and the course of one effect over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FOREST_WIDTH, ROW_HEIGHT, EDGE = 360.0, 34.0, 12.0
CURVE_WIDTH, CURVE_HEIGHT = 640.0, 200.0
# room left beside the widest interval
ROOM = 1.08


@dataclass(frozen=True)
class Effect:
    """An effect with its interval, in any one unit; an open end is None."""

    effect: float
    low: float | None
    high: float | None
    css_class: str = ""


@dataclass(frozen=True)
class ForestRow:
    """Horizontal positions of one effect in a drawing that is FOREST_WIDTH wide."""

    zero: float
    effect: float
    low: float
    high: float
    margin: float | None
    css_class: str
    width: float = FOREST_WIDTH
    height: float = ROW_HEIGHT
    middle: float = ROW_HEIGHT / 2


def forest_row(one: Effect, *, end: float, margin: float | None = None) -> ForestRow:
    """Draw an effect on an axis from −end to end; `margin` is where harm begins, with its sign."""
    return ForestRow(
        zero=FOREST_WIDTH / 2,
        effect=_x(one.effect, end),
        low=_x(-end if one.low is None else one.low, end),
        high=_x(end if one.high is None else one.high, end),
        margin=None if margin is None else _x(margin, end),
        css_class=one.css_class,
    )


def end_of_axis(effects: Sequence[Effect], margins: Sequence[float] = ()) -> float:
    """Return the end of a symmetric axis that contains all intervals and margins."""
    ends = [abs(end) for one in effects for end in (one.effect, one.low, one.high) if end]
    return ROOM * max([*ends, *map(abs, margins)], default=0.0) or 1.0


def _x(value: float, end: float) -> float:
    inside = min(max(value / end, -1.0), 1.0)
    return round(FOREST_WIDTH / 2 + inside * (FOREST_WIDTH / 2 - EDGE), 1)


@dataclass(frozen=True)
class Curve:
    """A line of effects with the band of their intervals, and the line of no effect.

    The axis reaches from `lowest` to `highest`, in the unit of the effects.
    """

    line: str
    band: str
    zero: float
    dots: Sequence[tuple[float, float]]
    lowest: float
    highest: float
    width: float = CURVE_WIDTH
    height: float = CURVE_HEIGHT


def curve(effects: Sequence[Effect]) -> Curve | None:
    """Draw effects one after another; None for fewer than two."""
    if len(effects) < 2:
        return None
    known = [end for one in effects for end in (one.effect, one.low, one.high) if end is not None]
    axis = min(0.0, *known), max(0.0, *known)
    step = (CURVE_WIDTH - 2 * EDGE) / (len(effects) - 1)
    xs = [round(EDGE + at * step, 1) for at in range(len(effects))]
    lowest, highest = axis
    lows = [lowest if one.low is None else one.low for one in effects]
    highs = [highest if one.high is None else one.high for one in effects]
    dots, above, below = (
        [(x, _y(value, axis)) for x, value in zip(xs, values, strict=True)]
        for values in ([one.effect for one in effects], highs, lows)
    )
    return Curve(
        line=_points(dots),
        band=_points([*above, *below[::-1]]),
        zero=_y(0.0, axis),
        dots=dots,
        lowest=lowest,
        highest=highest,
    )


def _y(value: float, axis: tuple[float, float]) -> float:
    lowest, highest = axis
    share = (value - lowest) / (highest - lowest or 1.0)
    return round(CURVE_HEIGHT - EDGE - share * (CURVE_HEIGHT - 2 * EDGE), 1)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
