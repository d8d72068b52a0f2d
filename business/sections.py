"""What the tab of business shows below its cards: the trajectory and the revenue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from business.indicators import ENROLLMENT
from business.money import REVENUE
from business.trajectory import Line, trajectory
from kpis.definitions.aggregates import Scope
from kpis.definitions.period_names import short_name
from kpis.definitions.units import NO_VALUE, PERCENT
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue
from presentation import charts
from presentation.categories import section
from presentation.figures import Figure
from presentation.page_query import PageResult


@section("business", "business/_trajectory.html", order=10)
def trajectory_section(desk: KpiQueryService, asked: PageResult) -> dict[str, Any] | None:
    """Where enrolment, retention and referral come from; None while they show nothing."""
    lines = trajectory(desk, Scope(asked.kpi_query.scope.course_ids))
    if not any(answer.is_shown for line in lines for answer in (*line.closed, line.open)):
        return None
    question = asked.kpi_query
    shares = [line for line in lines if line.indicator.unit == PERCENT]
    counts = [line for line in lines if line.indicator.unit != PERCENT]
    return {
        "is_fixed": question.window is not None or question.kind != "month",
        "is_wider": question.run is not None or question.module is not None,
        "months": [Figure(one).period for one in (*lines[0].closed, lines[0].open)],
        "open_month": Figure(lines[0].open).period,
        "rows": [_row(line) for line in lines],
        "charts": [_drawn(f"trajectory-{at}", some) for at, some in enumerate((counts, shares))],
    }


def _row(line: Line) -> dict[str, Any]:
    unit, there = line.indicator.unit, line.projected
    return {
        "name": line.indicator.name,
        "figures": [Figure(one) for one in (*line.closed, line.open)],
        "projected": unit.text(there.value) if there else NO_VALUE,
        "between": f"{unit.text(there.low)} – {unit.text(there.high)}" if there else "",
    }


def _drawn(name: str, lines: Sequence[Line]) -> dict[str, Any]:
    first = lines[0]
    drawn = {
        **charts.axis(first.indicator.unit),
        "labels": [short_name(one.period) for one in (*first.closed, first.open)],
        "lines": [
            *(_line(line, color) for color, line in enumerate(lines)),
            *(_ahead(line, color) for color, line in enumerate(lines) if line.projected),
        ],
    }
    chart = drawn | {"caption": _caption(lines)}
    ends = "; ".join(f"{one.indicator.name} {Figure(one.closed[-1]).value}" for one in lines)
    return {"id": name, "chart": chart, "summary": f"Line chart over five months: {ends}."}


def _caption(lines: Sequence[Line]) -> str:
    months = [one for line in lines for one in (*line.closed, line.open)]
    ahead = (
        ", and the projection with its 95% interval" if any(one.projected for one in lines) else ""
    )
    parts = (
        ("Dashed: target.", any(one.target for one in months)),
        (
            f"Dotted: the open month so far{ahead}.",
            any(line.open.is_shown for line in lines) or ahead,
        ),
        ("A gap: no data, or hidden.", not all(one.is_shown for one in months)),
    )
    return " ".join(sentence for sentence, is_so in parts if is_so)


def _line(line: Line, color: int) -> dict[str, Any]:
    answers = [*line.closed, line.open]
    return {
        "name": line.indicator.name,
        "color": color,
        "values": [one.shown for one in answers],
        "targets": [None if one.target is None else float(one.target.value) for one in answers],
        "open": [one.status == "provisional" for one in answers],
        "texts": [charts.point_text(one) for one in answers],
    }


def _ahead(line: Line, color: int) -> dict[str, Any]:
    """From the last closed month to where the open one is expected to end."""
    unit, there, last = line.indicator.unit, line.projected, line.closed[-1]
    empty: list[float | None] = [None] * (len(line.closed) - 1)
    low, high = (unit.shown(there.low), unit.shown(there.high)) if there else (None, None)
    text = f"{line.indicator.name}, projected: {unit.text(there.value)}" if there else ""
    return {
        "name": f"{line.indicator.name}: projection",
        "color": color,
        "values": [*empty, last.shown, unit.shown(there.value) if there else None],
        "targets": [None] * (len(empty) + 2),
        "lows": [*empty, last.shown, low],
        "highs": [*empty, last.shown, high],
        "open": [True] * (len(empty) + 2),
        "texts": ["" for _ in empty] + ["", text],
        "isAhead": True,
    }


@section("business", "business/_revenue.html", order=20)
def revenue_section(desk: KpiQueryService, asked: PageResult) -> dict[str, Any] | None:
    """Revenue period by period, and per enrolment; None while there is none."""
    replies = {card.indicator.key: card.result for card in asked.cards}
    series = replies[REVENUE].series
    if not any(one.is_shown for one in series):
        return None
    starts = replies[ENROLLMENT].series
    return {
        "chart": _columns(series),
        "summary": f"Bar chart of revenue over {len(series)} periods. The table holds every value.",
        "rows": [_revenue_row(money, begun) for money, begun in zip(series, starts, strict=True)],
        "csv": next(
            asked.series_csv(card) for card in asked.cards if card.indicator.key == REVENUE
        ),
    }


def _columns(series: Sequence[MetricValue]) -> dict[str, Any]:
    return {
        **charts.axis(series[0].indicator.unit),
        "caption": "Payments less refunds booked in each period, in the main currency. "
        + charts.provisional_note(series),
        "labels": [short_name(one.period) for one in series],
        "bars": [
            {
                "name": series[0].indicator.name,
                "values": [one.shown for one in series],
                "texts": [charts.point_text(one) for one in series],
            }
        ],
    }


def _revenue_row(money: MetricValue, begun: MetricValue) -> dict[str, Any]:
    each = money.value / begun.value if money.value is not None and begun.value else None
    return {
        "revenue": Figure(money),
        "enrolled": Figure(begun),
        "per_enrolment": money.indicator.unit.text(each),
    }
