"""How effects, p-values and days of experiments are written for people."""

from __future__ import annotations

from datetime import date, datetime

from core import localized, reporting_clock
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE, PERCENT
from presentation.figures import difference_text, rounds_to_zero

SMALLEST_P = 0.0001


def signed(indicator: Indicator, change: float | None) -> str:
    """Write a difference with its sign, such as +7.0 pts; shares are from 0 to 1."""
    if change is None:
        return NO_VALUE
    shown = change * indicator.unit.scale
    text = difference_text(indicator.unit, shown)
    if rounds_to_zero(indicator.unit, shown):
        return text
    return f"{'+' if change > 0 else '−'}{text}"


def amount(indicator: Indicator, difference: float | None) -> str:
    """Write a size without a sign, such as 2.0 pts for a margin of 0.02."""
    if difference is None:
        return NO_VALUE
    return difference_text(indicator.unit, difference * indicator.unit.scale)


def amount_of(kpi: str, difference: float | None) -> str:
    """Write a size of a KPI by its key, which may no longer exist."""
    found = REGISTRY.get(kpi)
    return amount(found, difference) if found else decimal(difference)


def signed_of(kpi: str, change: float | None) -> str:
    """Write a difference of a KPI by its key, which may no longer exist."""
    found = REGISTRY.get(kpi)
    return signed(found, change) if found else decimal(change)


def value_of(kpi: str, value: float | None) -> str:
    """Write a value of a KPI by its key, which may no longer exist."""
    found = REGISTRY.get(kpi)
    return found.unit.text(value) if found else decimal(value)


def relative(change: float | None) -> str:
    """Write a relative difference in percent with its sign."""
    if change is None:
        return NO_VALUE
    text = PERCENT.text(abs(change))
    return text if round(change, 3) == 0 else f"{'+' if change > 0 else '−'}{text}"


def p_value(value: float | None) -> str:
    if value is None:
        return NO_VALUE
    if value < SMALLEST_P:
        return f"< {localized.number(SMALLEST_P, 4)}"
    return localized.number(round(value, 4), 4)


def count(value: float | None) -> str:
    """Write a number of units as a whole number."""
    return NO_VALUE if value is None else localized.number(round(value))


def decimal(value: float | None, places: int = 4) -> str:
    """Write a number without the zeros at its end."""
    return (
        NO_VALUE if value is None else localized.number(round(value, places), places, trimmed=True)
    )


def day_of(at: datetime | date | None) -> str:
    """Write a day of the provider's time zone; an en dash for none."""
    if at is None:
        return NO_VALUE
    if isinstance(at, datetime):
        at = at.astimezone(reporting_clock.reporting_zone()).date()
    return localized.day(at)


def moment_of(at: datetime | None) -> str:
    if at is None:
        return NO_VALUE
    return localized.moment(at.astimezone(reporting_clock.reporting_zone()))
