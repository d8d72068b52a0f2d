"""Times, targets and differences as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from core import localized, reporting_clock
from kpis.definitions.units import EXACT, PERCENT, Unit, rounded


def moment(at: datetime | None) -> str:
    """The minute in the provider's time zone; empty for None."""
    return "" if at is None else localized.moment(at.astimezone(reporting_clock.reporting_zone()))


def target_text(unit: Unit, shown: float) -> str:
    """A target in its unit, without trailing zeros: 85%, 82.5%, $1,000."""
    return unit.written(shown, places=EXACT, trimmed=True)


def difference_text(unit: Unit, shown: float) -> str:
    """A difference without its sign; a difference of percentages is in percentage points."""
    return (replace(unit, symbol=gettext_noop("pts")) if unit == PERCENT else unit).written(
        abs(shown)
    )


def rounds_to_zero(unit: Unit, shown: float) -> bool:
    """True if a difference is zero at the unit's number of decimals."""
    return rounded(shown, unit.places) == 0


def hidden_note() -> str:
    """The reason why a suppressed value is not shown."""
    return gettext("Hidden to protect groups of fewer than %(people)s people.") % {
        "people": localized.number(settings.KPI_MIN_GROUP)
    }
