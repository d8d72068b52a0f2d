"""Dates as people name them: last month, year to date, 2026-Q3, and the dates to compare with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy

from core.lazy_text import LazyText
from kpis.definitions.periods import WINDOW, Period, between, containing

WEEKS_OF_A_YEAR = 52


@dataclass(frozen=True)
class NamedDates:
    """The days from `first` to `last`, and the `kind` of the periods to show them in.

    `is_period`: they are exactly one period of this kind, which is then shown with those before.
    """

    first: date
    last: date
    kind: str
    is_period: bool = False

    @classmethod
    def of(cls, period: Period) -> NamedDates:
        return cls(period.first, period.last, period.kind, is_period=True)


Named = Callable[[date, ZoneInfo], NamedDates]


def _this(kind: str) -> Named:
    return lambda today, zone: NamedDates.of(containing(today, kind, zone))


def _last(kind: str) -> Named:
    return lambda today, zone: NamedDates.of(containing(today, kind, zone).previous)


def _last_30_days(today: date, _: ZoneInfo) -> NamedDates:
    """Without today, which is not over."""
    return NamedDates(today - timedelta(days=30), today - timedelta(days=1), "day")


def _year_to_date(today: date, _: ZoneInfo) -> NamedDates:
    return NamedDates(today.replace(month=1, day=1), today, "month")


def _last_12_months(today: date, zone: ZoneInfo) -> NamedDates:
    this_month = containing(today, "month", zone)
    first = this_month.first.replace(year=this_month.first.year - 1)
    return NamedDates(first, this_month.previous.last, "month")


PRESETS: dict[str, tuple[LazyText, Named]] = {
    "this-month": (gettext_lazy("This month so far"), _this("month")),
    "last-month": (gettext_lazy("Last month"), _last("month")),
    "last-30-days": (gettext_lazy("Last 30 days"), _last_30_days),
    "this-quarter": (gettext_lazy("This quarter so far"), _this("quarter")),
    "last-quarter": (gettext_lazy("Last quarter"), _last("quarter")),
    "year-to-date": (gettext_lazy("Year to date"), _year_to_date),
    "last-12-months": (gettext_lazy("Last 12 months"), _last_12_months),
}
LABEL = re.compile(
    r"(?P<year>\d{4})-(?:Q(?P<quarter>[1-4])|W(?P<week>\d\d)|(?P<month>\d\d)(?:-(?P<day>\d\d))?)",
    re.ASCII,
)


def named_dates(name: str, today: date, zone: ZoneInfo) -> NamedDates | None:
    """Return the days of a preset or of a period's label; None if it is neither."""
    if name in PRESETS:
        return PRESETS[name][1](today, zone)
    period = _labeled(name, zone)
    return NamedDates.of(period) if period else None


def _labeled(label: str, zone: ZoneInfo) -> Period | None:
    """Return the period with this `Period.label`."""
    found = LABEL.fullmatch(label)
    if not found:
        return None
    year, quarter, week, month, day = (int(one) if one else None for one in found.groups())
    try:
        if quarter:
            return containing(date(year or 0, 3 * quarter, 1), "quarter", zone)
        if week is not None:
            return containing(date.fromisocalendar(year or 0, week, 1), "week", zone)
        kind = "month" if day is None else "day"
        return containing(date(year or 0, month or 0, 1 if day is None else day), kind, zone)
    except ValueError:
        return None


def year_before(period: Period) -> Period:
    """Return the same period of the year before; of a week, the one 52 weeks before."""
    if period.kind == WINDOW:
        first, last = _day_a_year_before(period.first), _day_a_year_before(period.last)
        return Period(first, last + timedelta(days=1), WINDOW, period.zone)
    if period.kind == "week":
        return containing(period.first - timedelta(weeks=WEEKS_OF_A_YEAR), "week", period.zone)
    return containing(_day_a_year_before(period.first), period.kind, period.zone)


def _day_a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def window_before(
    window: Period, periods: Sequence[Period], *, a_year: bool
) -> tuple[Period, list[Period]]:
    """Return the window to compare with, and the periods that it consists of.

    A window of whole periods is compared with as many whole periods, so that readers who may not
    see small groups get no others.
    """
    if (window.first, window.last) != (periods[0].first, periods[-1].last):
        before = year_before(window) if a_year else window.previous
        return before, list(between(before.first, before.last, periods[0].kind, window.zone))
    made_of = [year_before(periods[0]) if a_year else moved(periods[0], -len(periods))]
    while len(made_of) < len(periods):
        made_of.append(made_of[-1].next)
    return Period(made_of[0].first, made_of[-1].after, WINDOW, window.zone), made_of


def moved(period: Period, steps: int) -> Period:
    """Return the period that is so many periods of its kind later, or earlier if negative."""
    for _ in range(abs(steps)):
        period = period.next if steps > 0 else period.previous
    return period
