"""The days and months of the demonstration. A month is represented by its first day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from kpis.definitions.periods import containing, local_day

FIRST_MONTH = 12  # months before the last closed one


@dataclass(frozen=True)
class Calendar:
    """The calendar up to `today`, the first day without events."""

    today: date
    zone: ZoneInfo

    @classmethod
    def at(cls, now: datetime, zone: ZoneInfo) -> Calendar:
        return cls(local_day(now, zone), zone)

    @property
    def last_closed(self) -> date:
        return add_months(month_of(self.today), -1)

    def months(self) -> list[date]:
        """The months of enrollments, including the next month, for which people sign up early."""
        first = add_months(self.last_closed, -FIRST_MONTH)
        return [add_months(first, count) for count in range(FIRST_MONTH + 3)]

    def months_ago(self, month: date) -> int:
        """The months since this one, as of the last closed month; negative for later months."""
        return _index(self.last_closed) - _index(month)

    def moment(self, day: date, *, hour: float = 0) -> datetime:
        seconds = round(hour * 3600)
        at = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        return datetime.combine(day, at, self.zone)

    def day_of(self, moment: datetime) -> date:
        return local_day(moment, self.zone)


# called very often with the same few hundred days
@cache
def month_of(day: date) -> date:
    return day.replace(day=1)


def quarter_of(day: date) -> date:
    return containing(day, "quarter", ZoneInfo("UTC")).first


def add_months(month: date, count: int) -> date:
    index = _index(month) + count
    return date(index // 12, index % 12 + 1, 1)


@cache
def last_day(month: date) -> date:
    return add_months(month, 1) - timedelta(days=1)


def _index(month: date) -> int:
    return month.year * 12 + month.month - 1
