"""The states of an alert: what closed periods say, one after the other. No Django here.

A track follows from the readings alone, so a period that says something else today is judged
again by reading all of them again. What it means for the alert that is there, `moves.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from kpis.statistics.intervals import Interval

OK, PENDING, FIRING, RECOVERING = "ok", "pending", "firing", "recovering"
NO_DATA, LOW_N, STALE = "no_data", "low_n", "stale"
# states of their own: they neither fire nor heal
SAYS_NOTHING = (NO_DATA, LOW_N, STALE)


@dataclass(frozen=True)
class Observation:
    """What one period says of one scope, in the KPI's unit; it can be judged from `at` on.

    `status` is ok, or one of those that say nothing.
    """

    first: date
    at: datetime
    status: str = NO_DATA
    value: float | None = None
    target: float | None = None
    interval: Interval | None = None
    n: int = 0
    is_discovery: bool = True


@dataclass(frozen=True)
class Policy:
    """How a rule judges: sign 1 fires below the target, -1 above it.

    Where it is not graded, beyond is beyond: a gap that only grows with time is no news.
    """

    sign: int = 1
    margin: float = 0.0
    needs_interval: bool = True
    patience: int = 1
    is_graded: bool = True

    def gap(self, reading: Observation) -> float:
        """How far the value is beyond the target; negative on the good side, 0 without either."""
        gap = self._beyond(reading.value, reading)
        return gap if self.is_graded else float((gap > 0) - (gap < 0))

    def is_beyond(self, reading: Observation) -> bool:
        """True when the value and, where one is needed, its interval are past the margin."""
        nearest = reading.value
        if self.needs_interval and reading.interval:
            nearest = reading.interval[1] if self.sign > 0 else reading.interval[0]
        least = min(self._beyond(nearest, reading), self.gap(reading))
        return reading.is_discovery and least > self.margin

    def is_back(self, reading: Observation) -> bool:
        """True when the value has passed the target by the margin."""
        return self.gap(reading) <= -self.margin

    def _beyond(self, value: float | None, reading: Observation) -> float:
        if value is None or reading.target is None:
            return 0.0
        return round(self.sign * (reading.target - value), 9)


@dataclass(frozen=True)
class Step:
    """A reading and what stands after it.

    `since` is the period in which the stretch that is open began, `ended` that of the stretch
    which this reading ended.
    """

    reading: Observation
    state: str
    in_a_row: int = 0
    since: date | None = None
    ended: date | None = None

    @property
    def is_open(self) -> bool:
        return self.since is not None


def step(before: Step | None, reading: Observation, policy: Policy) -> Step:
    """Take one more reading in."""
    in_a_row, since = (before.in_a_row, before.since) if before else (0, None)
    if reading.status in SAYS_NOTHING:
        return Step(reading, reading.status, in_a_row, since)
    if policy.is_beyond(reading):
        return _beyond(reading, in_a_row + 1, since, policy)
    if since is None:
        return Step(reading, OK)
    if policy.is_back(reading):
        return Step(reading, OK, ended=since)
    return Step(reading, RECOVERING, since=since)


def _beyond(reading: Observation, in_a_row: int, since: date | None, policy: Policy) -> Step:
    if since is None and in_a_row < policy.patience:
        return Step(reading, PENDING, in_a_row)
    return Step(reading, FIRING, in_a_row, since or reading.first)


def track(
    readings: Iterable[Observation], policy: Policy, *, open_since: date | None = None
) -> list[Step]:
    """All steps, oldest first; `open_since` is a stretch that began before the first of them."""
    steps: list[Step] = []
    for reading in readings:
        before = steps[-1] if steps else _earlier(reading, open_since)
        steps.append(step(before, reading, policy))
    return steps


def _earlier(reading: Observation, open_since: date | None) -> Step:
    return Step(replace(reading, status=NO_DATA), NO_DATA, since=open_since)


def end_of(steps: Sequence[Step], first: date) -> Step | None:
    """The step that ended the stretch which `first` was in; None when none did."""
    return next(
        (one for one in steps if one.ended and one.ended <= first < one.reading.first), None
    )
