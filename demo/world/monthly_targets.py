"""What the raw rows of each month are to add up to: docs/kpis.md is met by the last closed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from demo.world.calendar import FIRST_MONTH, Calendar
from demo.world.seeded_random import seeded_random


@dataclass(frozen=True)
class MonthlyTarget:
    """The last closed month's share, and how it came there: its rise and unrest month by month.

    It rose `over` so many months, and stood before.
    """

    share: float
    rise: float
    unrest: float
    over: int = FIRST_MONTH


AIMS = {
    "completion": MonthlyTarget(0.90, rise=0.006, unrest=0.012),
    "velocity": MonthlyTarget(0.85, rise=0.006, unrest=0.010),
    "assessment": MonthlyTarget(0.82, rise=0.003, unrest=0.006),
    # the mean of these three is engagement depth
    "video": MonthlyTarget(0.86, rise=0.005, unrest=0.010),
    "interaction": MonthlyTarget(0.80, rise=0.004, unrest=0.010),
    "quiz": MonthlyTarget(0.89, rise=0.006, unrest=0.010),
    "skill": MonthlyTarget(0.82, rise=0.004, unrest=0.012),
    "certification": MonthlyTarget(0.75, rise=0.006, unrest=0.020),
    "nps": MonthlyTarget(0.72, rise=0.010, unrest=0.030),
    "csat": MonthlyTarget(0.88, rise=0.005, unrest=0.012),
    "career": MonthlyTarget(0.68, rise=0.006, unrest=0.030),
    "referral": MonthlyTarget(0.35, rise=0.020, unrest=0.005),
    "retention": MonthlyTarget(0.89, rise=0.007, unrest=0.001, over=4),
}
STARTS = (195, 180, 165, 150, 130, 110, 92, 74, 60, 50, 42, 36, 32)
STARTS_NOW = 204


@dataclass(frozen=True)
class MonthlyTargets:
    calendar: Calendar
    seed: int
    scale: float = 1.0

    def share(self, figure: str, month: date) -> float:
        """The share to reach; after the last closed month, what it reached."""
        aim, ago = AIMS[figure], self.calendar.months_ago(month)
        if ago <= 0:
            return aim.share
        unrest = seeded_random(self.seed, figure, month).uniform(-aim.unrest, aim.unrest)
        return aim.share - min(ago, aim.over) * aim.rise + unrest

    def starts(self, month: date) -> int:
        """How many enrolments start in the month and are not cancelled."""
        ago = self.calendar.months_ago(month)
        whole = STARTS[ago] if ago >= 0 else STARTS_NOW
        return max(1, round(whole * self.scale))
