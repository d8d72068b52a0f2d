"""The days of the demonstration's story: a module goes bad, is noticed, changed and improves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core import reporting_clock
from demo.world.calendar import Calendar, add_months, month_of

# The latest month after which there is time to measure a change before the last closed month ends.
GOES_BAD_MONTHS_AGO = 4
DAYS_TO_DECIDE = 6
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class StoryDays:
    """When scores are low, and when the months close in which people look at them."""

    calendar: Calendar

    @property
    def goes_bad(self) -> date:
        return add_months(self.calendar.last_closed, -GOES_BAD_MONTHS_AGO)

    @property
    def noticed(self) -> date:
        """The day on which the alert of the bad month opens."""
        return self.calendar.day_of(self.closing_of(self.goes_bad))

    @property
    def changed(self) -> date:
        """The last bad day, on which a change is approved."""
        return self.noticed + timedelta(days=DAYS_TO_DECIDE)

    def is_bad(self, day: date) -> bool:
        return self.goes_bad <= day <= self.changed

    def is_better(self, day: date) -> bool:
        return day > self.changed

    def closings(self, before: datetime) -> list[datetime]:
        """The moments just after the bad month and each later one has closed."""
        first = self.goes_bad
        months = [add_months(first, count) for count in range(GOES_BAD_MONTHS_AGO + 1)]
        return [at for at in map(self.closing_of, months) if at < before]

    def closing_of(self, month: date) -> datetime:
        ends = self.calendar.moment(add_months(month_of(month), 1))
        return ends + reporting_clock.close_lag() + HOUR
