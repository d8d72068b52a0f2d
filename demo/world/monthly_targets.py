"""The KPI values that the data of each month should produce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from demo.world.calendar import FIRST_MONTH, Calendar
from demo.world.seeded_random import seeded_random


@dataclass(frozen=True)
class MonthlyTarget:
    """The share in the last closed month, and its monthly rise and random noise before that.

    The share rises during the last `over` months and is constant before them.
    """

    share: float
    rise: float
    noise: float
    over: int = FIRST_MONTH


TARGETS = {
    "completion": MonthlyTarget(0.90, rise=0.006, noise=0.012),
    "velocity": MonthlyTarget(0.85, rise=0.006, noise=0.010),
    "assessment": MonthlyTarget(0.82, rise=0.003, noise=0.006),
    # the mean of these three is engagement depth
    "video": MonthlyTarget(0.86, rise=0.005, noise=0.010),
    "interaction": MonthlyTarget(0.80, rise=0.004, noise=0.010),
    "quiz": MonthlyTarget(0.89, rise=0.006, noise=0.010),
    "skill": MonthlyTarget(0.82, rise=0.004, noise=0.012),
    "certification": MonthlyTarget(0.75, rise=0.006, noise=0.020),
    "nps": MonthlyTarget(0.72, rise=0.010, noise=0.030),
    "csat": MonthlyTarget(0.88, rise=0.005, noise=0.012),
    "career": MonthlyTarget(0.68, rise=0.006, noise=0.030),
    "referral": MonthlyTarget(0.35, rise=0.020, noise=0.005),
    "retention": MonthlyTarget(0.89, rise=0.007, noise=0.001, over=4),
}
STARTS_BY_MONTHS_AGO = (195, 180, 165, 150, 130, 110, 92, 74, 60, 50, 42, 36, 32)
STARTS_OPEN_MONTH = 204


@dataclass(frozen=True)
class MonthlyTargets:
    calendar: Calendar
    seed: int
    scale: float = 1.0

    def share(self, figure: str, month: date) -> float:
        """The target share of a month; after the last closed month, it stays the same."""
        target, ago = TARGETS[figure], self.calendar.months_ago(month)
        if ago <= 0:
            return target.share
        noise = seeded_random(self.seed, figure, month).uniform(-target.noise, target.noise)
        return target.share - min(ago, target.over) * target.rise + noise

    def starts(self, month: date) -> int:
        """The number of enrollments that start in the month and are not canceled."""
        ago = self.calendar.months_ago(month)
        whole = STARTS_BY_MONTHS_AGO[ago] if ago >= 0 else STARTS_OPEN_MONTH
        return max(1, round(whole * self.scale))
