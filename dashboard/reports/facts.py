"""What every report says about itself: filters, dates, time zone, and the definitions of KPIs."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

from core import reporting_clock
from kpis.definitions.registry import Indicator
from presentation import figures
from presentation.filters import COMPARISONS, Filters
from presentation.page_query import PageResult


def facts_of(result: PageResult, filters: Filters) -> list[tuple[str, str]]:
    """Return the filters and dates by their names on the page."""
    period = result.period
    if result.period_note:
        period = f"{period} ({result.period_note})"
    compared = dict(COMPARISONS)
    return [
        (gettext("Period"), period),
        (gettext("Course"), place_of(filters)),
        (gettext("Compared with"), str(compared.get(result.kpi_query.compare or "", compared[""]))),
        (gettext("Time zone"), reporting_clock.reporting_zone().key),
        (gettext("Created"), figures.moment(result.kpi_query.now)),
    ]


def place_of(filters: Filters) -> str:
    """Return the course, run and module that the filters select."""
    query = filters.kpi_query
    everything = (
        gettext("All courses") if filters.reader.sees_every_course else gettext("All your courses")
    )
    parts = (query.course or everything, query.run, query.module)
    return ", ".join(str(one) for one in parts if one)


def notes_of(result: PageResult) -> list[str]:
    """Say what the page says below its filters."""
    if result.moved_to:
        text = gettext("There is no recent data. These are the figures of %(period)s.")
        return [text % {"period": result.moved_to}]
    if not result.has_data:
        return [gettext("There is no data for these filters. A dash means no data, not zero.")]
    return []


def definitions_of(indicators: Iterable[Indicator]) -> list[tuple[str, str]]:
    """Return the names of KPIs with their definitions, each paragraph translated by itself."""
    return [(one.name, "\n".join(_paragraphs(one.help))) for one in indicators]


def _paragraphs(text: str) -> list[str]:
    blocks = (" ".join(block.split()) for block in text.split("\n\n"))
    return [gettext(block) for block in blocks if block]
