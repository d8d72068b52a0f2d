"""Where values lie on the axis of a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

RANGES: Mapping[str, tuple[float, float]] = {"percent": (0, 100), "points": (-100, 100)}


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high` with a tick each `step`; both ends are ticks."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [round(self.low + at * self.step, 10) for at in range(count + 1)]

    def share(self, value: float) -> float:
        """Return where a value lies between both ends, from 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0), 1)


def scale_of(
    values: Sequence[float], unit: str, *, from_zero: bool = False, is_whole: bool = False
) -> Scale:
    """Choose round ends around the values, within the range of the unit.

    `is_whole`: there are no parts of what the axis counts.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    least, most = RANGES.get(unit, (min(low, 0.0), float("inf")))
    pad = max((high - low) * 0.08, 0.5)
    low, high = max(least, low - pad), min(most, high + pad)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    step = max(_round_step((high - low) / 5), 1.0 if is_whole else 0.0)
    return Scale(floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, step)


def _round_step(rough: float) -> float:
    """Return the next of 1, 2, 5, 10, 20 …, or of their tenths."""
    power = 10.0 ** floor(log10(rough))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= rough - 1e-12)


def numbers_of(lines: Sequence[Mapping[str, Any]]) -> list[float]:
    """All numbers that lines, targets and bands reach."""
    parts = ("values", "targets", "lows", "highs")
    found = [value for line in lines for part in parts for value in line.get(part) or ()]
    return [value for value in found if value is not None]
