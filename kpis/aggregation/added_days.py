"""Read what people contribute in days, and add up the longer periods from these where possible.

For most KPIs, a quarter's sums of a person are the sums of its days. Then its facts are not read
again for each kind of period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from kpis.aggregation import person_sums
from kpis.aggregation.people import People, Whole, concatenated
from kpis.aggregation.person_sums import Read, Reading
from kpis.definitions.periods import Period, local_day

DAY = "day"


def read(readings: Sequence[Reading]) -> list[Read]:
    """Read all of it in one statement, as `person_sums.read` does."""
    plans = [Plan.of(one) for one in readings]
    rows = person_sums.read([plan.reading for plan in plans])
    return [plan.completed(one) for plan, one in zip(plans, rows, strict=True)]


@dataclass(frozen=True)
class Plan:
    """What to read, and the numbers of longer periods by kind that follow from its days."""

    reading: Reading
    longer: Mapping[str, Mapping[int, Period]]

    @classmethod
    def of(cls, reading: Reading) -> Plan:
        longer: dict[str, dict[int, Period]] = defaultdict(dict)
        days = {one.first for one in reading.periods.values() if one.kind == DAY}
        if days and reading.level != "module" and person_sums.adds_up_over_days(reading):
            for number, one in reading.periods.items():
                if one.kind != DAY and all(
                    one.first + timedelta(at) in days for at in range(_begun_days(one))
                ):
                    longer[one.kind][number] = one
        derived = {number for some in longer.values() for number in some}
        read = {at: one for at, one in reading.periods.items() if at not in derived}
        return cls(replace(reading, periods=read), longer)

    def completed(self, read: Read) -> Read:
        """Return the rows that were read, and those of the longer periods."""
        people = concatenated([read.people, *self._added(read.people)])
        return Read(people, np.zeros(len(people), np.int64)) if self.longer else read

    def _added(self, people: People) -> list[People]:
        # the day of each period's number; no day for the others, which are of longer kinds
        ordinals = np.zeros(max(self.reading.periods, default=0) + 1, np.int64)
        for number, one in self.reading.periods.items():
            ordinals[number] = one.first.toordinal() if one.kind == DAY else 0
        days = ordinals[people.period]
        return [_in_periods(people, days, some) for some in self.longer.values()]


def _in_periods(people: People, days: Whole, periods: Mapping[int, Period]) -> People:
    """Add up the days of periods of one kind."""
    first = min(one.first for one in periods.values()).toordinal()
    number = np.full(max(one.after for one in periods.values()).toordinal() - first, -1)
    for at, one in periods.items():
        number[one.first.toordinal() - first : one.after.toordinal() - first] = at
    is_within = (days >= first) & (days < first + len(number))
    period = number[days[is_within] - first]
    rows = replace(people.at(is_within), period=period)
    return rows.at(period >= 0).merged()


def _begun_days(period: Period) -> int:
    """Return how many of the period's days have begun."""
    if period.now is None:
        return period.days
    return min(period.days, (local_day(period.now, period.zone) - period.first).days + 1)
