"""The sections of the business tab below its cards: the trajectory and the revenue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from django.utils.translation import gettext, ngettext

from business.indicators import ENROLLMENT
from business.money import REVENUE
from business.section_reports import revenue_report, trajectory_report
from business.trajectory import Line, trajectory
from kpis.definitions.period_names import short_name
from kpis.definitions.scopes import Scope
from kpis.definitions.units import NO_VALUE, PERCENT
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue
from presentation import charts
from presentation.categories import section
from presentation.chart_notes import with_notes
from presentation.figures import Figure
from presentation.page_query import PageResult


@section("business", "business/_trajectory.html", trajectory_report, order=10)
def trajectory_section(query_service: KpiQueryService, page: PageResult) -> dict[str, Any] | None:
    """Show the trajectory; None while none of its KPIs has a value."""
    query = page.kpi_query
    lines = trajectory(query_service, Scope(query.scope.course_ids))
    if not any(value.is_shown for line in lines for value in (*line.closed, line.open)):
        return None
    shares = [line for line in lines if line.indicator.unit == PERCENT]
    counts = [line for line in lines if line.indicator.unit != PERCENT]
    drawn = [_chart(f"trajectory-{at}", some) for at, some in enumerate((counts, shares))]
    months = [one.period for one in (*lines[0].closed, lines[0].open)]
    notes = query_service.date_notes
    for one in drawn:
        one["chart"] = with_notes(one["chart"], months, notes, query.scope.course_ids)
    return {
        "is_fixed": query.window is not None or query.kind != "month",
        "is_wider": query.run is not None or query.module is not None,
        "months": [Figure(one).period for one in (*lines[0].closed, lines[0].open)],
        "open_month": Figure(lines[0].open).period,
        "rows": [_row(line) for line in lines],
        "charts": drawn,
    }


def _row(line: Line) -> dict[str, Any]:
    unit, projected = line.indicator.unit, line.projected
    return {
        "name": line.indicator.name,
        "figures": [Figure(one) for one in (*line.closed, line.open)],
        "projected": unit.text(projected.value) if projected else NO_VALUE,
        "between": f"{unit.text(projected.low)} – {unit.text(projected.high)}" if projected else "",
    }


def _chart(id_: str, lines: Sequence[Line]) -> dict[str, Any]:
    first = lines[0]
    drawn = [
        *(_line(line, color) for color, line in enumerate(lines)),
        *(_projection_line(line, color) for color, line in enumerate(lines) if line.projected),
    ]
    chart = {
        **charts.axis(first.indicator.unit),
        "labels": [short_name(one.period) for one in (*first.closed, first.open)],
        "lines": drawn,
        "keys": charts.line_keys(drawn),
        "caption": charts.gap_note(drawn),
    }
    ends = "; ".join(f"{one.indicator.name} {Figure(one.closed[-1]).value}" for one in lines)
    summary = gettext("Line chart over five months. Last closed month: %(values)s.")
    return {"id": id_, "chart": chart, "summary": summary % {"values": ends}}


def _line(line: Line, color: int) -> dict[str, Any]:
    values = [*line.closed, line.open]
    return {
        "name": line.indicator.name,
        "color": color,
        "values": [one.shown for one in values],
        "targets": [None if one.target is None else float(one.target.value) for one in values],
        "open": [one.status == "provisional" for one in values],
        "texts": [charts.point_text(one) for one in values],
    }


def _projection_line(line: Line, color: int) -> dict[str, Any]:
    """From the last closed month to the projected end of the open one."""
    unit, projected, last = line.indicator.unit, line.projected, line.closed[-1]
    empty: list[float | None] = [None] * (len(line.closed) - 1)
    value, low, high, text = None, None, None, ""
    if projected:
        value, low, high = (unit.shown(one) for one in astuple(projected))
        text = gettext("%(kpi)s, projected: %(value)s") % {
            "kpi": line.indicator.name,
            "value": unit.text(projected.value),
        }
    return {
        "name": gettext("%(kpi)s: projection") % {"kpi": line.indicator.name},
        "color": color,
        "values": [*empty, last.shown, value],
        "targets": [None] * (len(empty) + 2),
        "lows": [*empty, last.shown, low],
        "highs": [*empty, last.shown, high],
        "open": [True] * (len(empty) + 2),
        "texts": ["" for _ in empty] + ["", text],
        "isAhead": True,
    }


@section("business", "business/_revenue.html", revenue_report, order=20)
def revenue_section(query_service: KpiQueryService, page: PageResult) -> dict[str, Any] | None:
    """Show revenue by period and per enrollment; None without any revenue."""
    cards = {card.indicator.key: card for card in page.cards}
    series = cards[REVENUE].result.series
    if not any(one.is_shown for one in series):
        return None
    enrollments = cards[ENROLLMENT].result.series
    summary = ngettext(
        "Bar chart of revenue in %(count)s period. The table contains all values.",
        "Bar chart of revenue in %(count)s periods. The table contains all values.",
        len(series),
    )
    periods, courses = [one.period for one in series], page.kpi_query.scope.course_ids
    chart = with_notes(_revenue_chart(series), periods, query_service.date_notes, courses)
    return {
        "chart": chart,
        "summary": summary % {"count": len(series)},
        "rows": [_revenue_row(*pair) for pair in zip(series, enrollments, strict=True)],
        "csv": page.series_csv(cards[REVENUE]),
    }


def _revenue_chart(series: Sequence[MetricValue]) -> dict[str, Any]:
    caption = gettext("Payments minus refunds booked in each period, in the main currency.")
    return {
        **charts.axis(series[0].indicator.unit),
        "caption": f"{caption} {charts.provisional_note(series)}".strip(),
        "labels": [short_name(one.period) for one in series],
        "bars": [
            {
                "name": series[0].indicator.name,
                "values": [one.shown for one in series],
                "texts": [charts.point_text(one) for one in series],
            }
        ],
    }


def _revenue_row(revenue: MetricValue, enrollments: MetricValue) -> dict[str, Any]:
    quotient = None
    if revenue.value is not None and enrollments.value:
        quotient = revenue.value / enrollments.value
    return {
        "revenue": Figure(revenue),
        "enrollments": Figure(enrollments),
        "quotient": quotient,
        "per_enrollment": revenue.indicator.unit.text(quotient),
    }
