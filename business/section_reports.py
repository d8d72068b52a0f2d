"""The sections of the business tab in reports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from kpis.definitions.units import COUNT
from presentation.reports import cells
from presentation.reports.blocks import Chart, Column, Section, Table


def trajectory_report(section: dict[str, Any]) -> Section:
    """Show the trajectory of each KPI with its projection."""
    title = gettext("Trajectory")
    months = [Column(month, True) for month in section["months"]]
    rows = [
        [
            cells.text(row["name"]),
            *(cells.value(figure) for figure in row["figures"]),
            cells.text(" ".join(filter(None, (row["projected"], _in_brackets(row["between"]))))),
        ]
        for row in section["rows"]
    ]
    projection = Column(gettext("Projection"), True)
    return Section(
        title,
        [
            *(Chart(one["chart"]) for one in section["charts"]),
            Table(title, [Column(gettext("KPI")), *months, projection], rows),
        ],
        period=f"{section['months'][0]} – {section['open_month']}",
        notes=_notes(section),
    )


def _in_brackets(text: str) -> str:
    return f"({text})" if text else ""


def _notes(section: dict[str, Any]) -> list[str]:
    notes = [
        gettext(
            "The projection for the end of the open month is a straight line through the four "
            "closed months. It is shown only if all four have a value. Its interval is at least "
            "as wide as the random variation of a single month."
        )
    ]
    if section["is_fixed"]:
        notes.append(
            gettext(
                "The trajectory always shows the last four closed months and the open month, "
                "whatever period is selected above."
            )
        )
    if section["is_wider"]:
        notes.append(
            gettext(
                "The trajectory shows the whole course: it is not broken down by run or module."
            )
        )
    return notes


def revenue_report(section: dict[str, Any]) -> Section:
    """Show revenue by period and per enrollment."""
    title, rows = gettext("Revenue"), section["rows"]
    unit = rows[0]["revenue"].metric_value.indicator.unit
    columns = [
        Column(gettext("Period")),
        Column(gettext("Revenue"), True, unit),
        Column(gettext("Enrollments started"), True, COUNT),
        Column(gettext("Revenue per enrollment"), True, unit),
    ]
    values = [
        [
            cells.text(row["revenue"].period),
            cells.value(row["revenue"]),
            cells.value(row["enrollments"], ""),
            cells.number(row["quotient"], unit),
        ]
        for row in rows
    ]
    return Section(title, [Chart(section["chart"]), Table(title, columns, values)])
