"""The days that the demonstration tells of. A month is named by its first day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from kpis.definitions.periods import containing, local_day

FIRST_MONTH = 12  # months before the last closed one


@dataclass(frozen=True)
class Calendar:
    """Up to where time has come: `today` is the first day of which nothing is told yet."""

    today: date
    zone: ZoneInfo

    @classmethod
    def at(cls, now: datetime, zone: ZoneInfo) -> Calendar:
        return cls(local_day(now, zone), zone)

    @property
    def last_closed(self) -> date:
        return after(month_of(self.today), -1)

    def months(self) -> list[date]:
        """From the first month told of to the one after the open month: people sign up early."""
        first = after(self.last_closed, -FIRST_MONTH)
        return [after(first, count) for count in range(FIRST_MONTH + 3)]

    def months_ago(self, month: date) -> int:
        """Months from this one to the last closed; negative for the open one and later ones."""
        return _index(self.last_closed) - _index(month)

    def moment(self, day: date, *, hour: float = 0) -> datetime:
        seconds = round(hour * 3600)
        at = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        return datetime.combine(day, at, self.zone)

    def day_of(self, moment: datetime) -> date:
        return local_day(moment, self.zone)


# the same few hundred days are asked for again and again
@cache
def month_of(day: date) -> date:
    return day.replace(day=1)


def quarter_of(day: date) -> date:
    return containing(day, "quarter", ZoneInfo("UTC")).first


def after(month: date, count: int) -> date:
    index = _index(month) + count
    return date(index // 12, index % 12 + 1, 1)


@cache
def last_day(month: date) -> date:
    return after(month, 1) - timedelta(days=1)


def _index(month: date) -> int:
    return month.year * 12 + month.month - 1
