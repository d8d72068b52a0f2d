"""Read each fact once, however many of the periods it counts in.

The bounds of all periods cut time into segments. For most KPIs, the sums of a person in a period
are those of its segments. Then its facts are read by segment, and not again for each kind of
period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from kpis.aggregation import person_sums
from kpis.aggregation.people import Whole, concatenated
from kpis.aggregation.person_sums import Read, Reading
from kpis.definitions.periods import WINDOW, Period

Periods = Mapping[int, Period]
NOWHERE = -1


def read(readings: Sequence[Reading]) -> list[Read]:
    """Read all of it in one statement, as `person_sums.read` does."""
    segments: dict[tuple[int, ...], Periods] = {}
    # a number that no period has
    number = 1 + max((at for one in readings for at in one.periods), default=0)
    for one in readings:
        if tuple(one.periods) not in segments:
            segments[tuple(one.periods)] = of_periods = _segments(one.periods, number)
            number += len(of_periods)
    plans = [Plan.of(one, segments[tuple(one.periods)]) for one in readings]
    rows = person_sums.read([plan.reading for plan in plans])
    return [plan.completed(one) for plan, one in zip(plans, rows, strict=True)]


def _segments(periods: Periods, number: int) -> Periods:
    """Return what lies between the bounds of periods, numbered from this number on."""
    some = next(iter(periods.values()))
    days = sorted({day for one in periods.values() for day in (one.first, one.after)})
    return {
        at: Period(first, after, WINDOW, some.zone, some.now)
        for at, (first, after) in enumerate(pairwise(days), number)
    }


@dataclass(frozen=True)
class Plan:
    """What to read and, if that is by segment, the number of the period that each segment is in.

    There is an array for each kind of period, since periods of one kind do not overlap. It begins
    with the segment of number `first`.
    """

    reading: Reading
    first: int = 0
    period_of: Sequence[Whole] = ()

    @classmethod
    def of(cls, reading: Reading, segments: Periods) -> Plan:
        if not person_sums.adds_up(reading):
            return cls(reading)
        period_of: dict[str, Whole] = {}
        starts = {one.first: at for at, one in enumerate(segments.values())}
        ends = {one.after: at for at, one in enumerate(segments.values(), 1)}
        for number, one in reading.periods.items():
            of_kind = period_of.setdefault(one.kind, np.full(len(segments), NOWHERE))
            of_kind[starts[one.first] : ends[one.after]] = number
        is_needed = (np.array(list(period_of.values())) != NOWHERE).any(axis=0)
        needed = {
            number: one
            for (number, one), needs in zip(segments.items(), is_needed.tolist(), strict=True)
            if needs
        }
        return cls(replace(reading, periods=needed), min(segments), list(period_of.values()))

    def completed(self, read: Read) -> Read:
        """Return what each person contributes in each period."""
        if not self.period_of:
            return person_sums.merged(self.reading, read)
        parts = [self._placed(read, of_kind) for of_kind in self.period_of]
        people = concatenated([one.people for one in parts])
        return Read(people, np.concatenate([one.parent for one in parts]))

    def _placed(self, read: Read, period_of: Whole) -> Read:
        """Return the rows in periods of one kind."""
        period = period_of[read.people.period - self.first]
        is_within = period != NOWHERE
        people = replace(read.people.at(is_within), period=period[is_within])
        return person_sums.merged(self.reading, Read(people, read.parent[is_within]))
