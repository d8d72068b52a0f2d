"""Cells and columns of reports from figures, with the words of the pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from kpis.definitions.units import COUNT, NO_VALUE, Unit
from presentation.figures import PERCENTAGE_POINTS, Figure
from presentation.reports.blocks import Cell, Column


def text(value: object) -> Cell:
    return Cell("" if value is None else str(value))


def number(value: float | None, unit: Unit) -> Cell:
    """A number in the unit of the code; a dash for None."""
    return Cell(NO_VALUE) if value is None else Cell(unit.text(value), value, unit)


def count(value: float | None) -> Cell:
    return number(value, COUNT)


def value(figure: Figure, badge: str | None = None) -> Cell:
    """The value with its badges, such as provisional, hidden or restated."""
    metric_value = figure.metric_value
    badges = [figure.badge if badge is None else badge]
    if metric_value.restated_at:
        badges.append(gettext("Restated"))
    noted = ", ".join(one for one in badges if one)
    shown = f"{figure.value} ({noted})" if noted else figure.value
    return Cell(shown, metric_value.value, metric_value.indicator.unit)


def interval(figure: Figure) -> Cell:
    ends = figure.metric_value.interval
    return Cell(figure.interval, unit=figure.metric_value.indicator.unit, ends=ends)


def observations(figure: Figure) -> Cell:
    shown = None if figure.is_hidden else float(figure.metric_value.sums.n)
    return Cell(figure.n, shown, COUNT)


def target(figure: Figure) -> Cell:
    found, unit = figure.metric_value.target, figure.metric_value.indicator.unit
    return Cell(figure.target, None if found is None else float(found.value) / unit.scale, unit)


def difference(figure: Figure) -> Cell:
    """Of percentages in percentage points, of 0.05 for 5 points in the unit of the code."""
    shown, unit = figure.metric_value.difference, figure.metric_value.indicator.unit
    unit = PERCENTAGE_POINTS if unit.symbol == "%" else unit
    in_code = None if shown is None else shown / unit.scale
    return Cell(figure.difference, in_code, unit, is_good=figure.metric_value.meets_target)


def measured(figure: Figure) -> list[Cell]:
    """The cells of MEASURED columns."""
    badge = figure.row_badge
    return [value(figure, badge), interval(figure), observations(figure), difference(figure)]


def measured_columns(unit: Unit, group: str = "") -> list[Column]:
    """Value, interval, observations and the difference from the target."""
    points = PERCENTAGE_POINTS if unit.symbol == "%" else unit
    return [
        Column(gettext("Value"), True, unit, group=group),
        Column(gettext("95% interval"), True, unit, is_interval=True, group=group),
        Column(gettext("n"), True, COUNT, group=group),
        Column(gettext("Difference"), True, points, group=group),
    ]


EMPTY: Sequence[Cell] = (Cell(NO_VALUE), Cell(""), Cell(""), Cell(""))
