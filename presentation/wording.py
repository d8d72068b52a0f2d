"""Moments, values and statuses as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_noop

from core import localized, reporting_clock
from kpis.definitions.units import EXACT, PERCENT, Unit, rounded
from kpis.query.results import MetricValue

TOO_FEW = "too few"

STATUS_WORDS = {
    "ok": "Closed",
    "provisional": "Provisional",
    "low_n": "Few observations",
    "suppressed": "Hidden",
    "no_data": "No data",
    "not_mature": "Too early",
    "stale": "Out of date",
    "pending": "Being computed",
    "error": "Failed",
}


def moment(at: datetime | None) -> str:
    """The minute in the provider's zone; empty for None."""
    return "" if at is None else localized.moment(at.astimezone(reporting_clock.reporting_zone()))


def goal(unit: Unit, shown: float) -> str:
    """A target in its unit, without idle decimals: 85%, 82.5%, $1,000."""
    return unit.written(shown, places=EXACT, trimmed=True)


def gap(unit: Unit, shown: float) -> str:
    """A difference in its unit, without its sign; between percentages it is in points."""
    return (replace(unit, symbol=gettext_noop("pts")) if unit == PERCENT else unit).written(
        abs(shown)
    )


def is_level(unit: Unit, shown: float) -> bool:
    """True when the difference is nothing at the places that are shown."""
    return rounded(shown, unit.places) == 0


def status_sentence(answer: MetricValue) -> str:
    """Why a figure is to be read with care; empty for one that is final."""
    lag = settings.KPI_CLOSE_LAG_HOURS
    sentences = {
        "provisional": f"The period is open or ended less than {lag} hours ago: it may change.",
        "suppressed": f"Hidden: {why_hidden()}",
        "no_data": "Nothing that counts happened in this period.",
        "not_mature": "It is too early to tell.",
        "stale": f"Data reach only to {moment(answer.data_through)}: later ones are missing.",
        "pending": "Data have come in; the figure is being computed.",
        "error": "It could not be computed.",
    }
    return sentences.get(answer.status, "")


def few_sentence(answer: MetricValue) -> str:
    """That there are too few observations to judge a figure by; empty where there are enough."""
    if not answer.is_few:
        return ""
    return f"Fewer than {answer.indicator.min_n} observations: too few to judge it by."


def restated_sentence(answer: MetricValue) -> str:
    """That late data changed a closed figure; empty where none did."""
    if answer.restated_at is None:
        return ""
    return f"Late data changed this figure on {moment(answer.restated_at)}."


def why_hidden() -> str:
    return f"it tells about fewer than {settings.KPI_MIN_GROUP} people, or would give them away."
