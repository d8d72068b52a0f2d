"""Names of periods in the reader's language."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext

from core import localized
from kpis.definitions.periods import Period


def period_name(period: Period) -> str:
    """Return such as 12 May 2026, Week 20 of 2026 (11 May – 17 May 2026), May 2026 or Q2 2026."""
    if period.kind == "day":
        return day(period.first)
    if period.kind == "week":
        year, week, _ = period.first.isocalendar()
        return gettext("Week %(week)s of %(year)s (%(first)s – %(last)s)") % {
            "week": week,
            "year": year,
            "first": localized.day_of_year(period.first),
            "last": day(period.last),
        }
    if period.kind == "month":
        return localized.month(period.first)
    if period.kind == "quarter":
        return localized.quarter(period.first)
    return f"{day(period.first)} – {day(period.last)}"


def short_name(period: Period) -> str:
    """Return a name that fits on a chart's axis: 12 May, W20 2026, May 2026."""
    if period.kind == "day":
        return localized.day_of_year(period.first)
    if period.kind == "week":
        year, week, _ = period.first.isocalendar()
        return gettext("W%(week)s %(year)s") % {"week": week, "year": year}
    if period.kind == "month":
        return localized.short_month(period.first)
    return period_name(period)


def day(one: date) -> str:
    return localized.day(one)
