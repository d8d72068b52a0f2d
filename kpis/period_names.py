"""Periods and days as people read them."""

from __future__ import annotations

from datetime import date

from kpis.periods import Period


def period_name(period: Period) -> str:
    """12 May 2026, Week 20 of 2026 (11 May – 17 May 2026), May 2026, Q2 2026, or both ends."""
    if period.kind == "day":
        return day(period.first)
    if period.kind == "week":
        year, week, _ = period.first.isocalendar()
        return f"Week {week} of {year} ({period.first:%-d %b} – {day(period.last)})"
    if period.kind == "month":
        return f"{period.first:%B %Y}"
    if period.kind == "quarter":
        return f"Q{(period.first.month + 2) // 3} {period.first.year}"
    return f"{day(period.first)} – {day(period.last)}"


def short_name(period: Period) -> str:
    """The period as an axis has room for it: 12 May, W20 2026, May 2026."""
    if period.kind == "day":
        return f"{period.first:%-d %b}"
    if period.kind == "week":
        year, week, _ = period.first.isocalendar()
        return f"W{week} {year}"
    if period.kind == "month":
        return f"{period.first:%b %Y}"
    return period_name(period)


def day(one: date) -> str:
    return f"{one:%-d %b %Y}"
