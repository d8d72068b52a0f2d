from __future__ import annotations

from datetime import date, datetime

from django import template

from core import localized

register = template.Library()


@register.filter(expects_localtime=True)
def long_day(one: date | None) -> str:
    """12 September 2026; empty for None."""
    return localized.long_day(one) if one else ""


@register.filter(expects_localtime=True)
def short_moment(at: datetime | None) -> str:
    """12 Sep, 13:05; empty for None."""
    return f"{localized.day_of_year(at)}, {localized.minute(at)}" if at else ""
