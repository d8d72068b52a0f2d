"""The page of one KPI as a report."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from dashboard.kpi_page import DrillDownTable, KpiPage
from dashboard.reports.facts import definitions_of, facts_of, notes_of
from kpis.definitions.units import COUNT, TEXT
from presentation.figures import PERCENTAGE_POINTS, Figure, hidden_note
from presentation.reports import cells
from presentation.reports.blocks import Cards, Cell, Chart, Column, Report, Section, Table


def kpi_report(page: KpiPage) -> Report:
    return Report(
        name=page.indicator.slug,
        title=page.indicator.name,
        facts=facts_of(page.result, page.filters),
        notes=notes_of(page.result),
        sections=list(_sections(page)),
        definitions=definitions_of([page.indicator]),
    )


def _sections(page: KpiPage) -> Iterator[Section]:
    yield Section("", [Cards([page.card])])
    yield Section(gettext("Trend"), [Chart(page.chart)])
    if page.card.components:
        yield components_section(page)
    yield periods_section(page)
    yield groups_section(page)
    for table in page.drill_downs:
        yield drill_down_section(table)


def components_section(page: KpiPage) -> Section:
    title = gettext("Components")
    columns = [
        Column(gettext("Component")),
        Column(gettext("Value"), True),
        Column(gettext("95% interval"), True, is_interval=True),
        Column(gettext("n"), True, COUNT),
        Column(gettext("Numerator and denominator")),
    ]
    rows = [
        [
            cells.text(one.metric_value.indicator.name),
            cells.value(one),
            cells.interval(one),
            cells.observations(one),
            cells.text(one.fraction),
        ]
        for one in page.card.components
    ]
    return Section(title, [Table(title, columns, rows)])


def periods_section(page: KpiPage) -> Section:
    title, unit = gettext("All periods"), page.indicator.unit
    columns = [
        Column(gettext("Period")),
        Column(page.indicator.name, True, unit),
        Column(gettext("95% interval"), True, unit, is_interval=True),
        Column(gettext("n"), True, COUNT),
        Column(gettext("Numerator and denominator")),
        Column(gettext("Target"), True, unit),
        Column(gettext("Difference"), True, PERCENTAGE_POINTS if unit.symbol == "%" else unit),
        Column(gettext("Status")),
    ]
    return Section(title, [Table(title, columns, [_period(one) for one in page.card.series])])


def _period(figure: Figure) -> list[Cell]:
    return [
        cells.text(figure.period),
        cells.value(figure, ""),
        cells.interval(figure),
        cells.observations(figure),
        cells.text(figure.fraction),
        cells.target(figure),
        cells.difference(figure),
        cells.text(figure.status_text),
    ]


def groups_section(page: KpiPage) -> Section:
    title = gettext("Comparison")
    has_courses = any(row.course for row in page.groups)
    columns = [
        Column(gettext("Name")),
        *([Column(gettext("Course"))] if has_courses else []),
        *cells.measured_columns(page.indicator.unit),
    ]
    rows = [
        [
            cells.text(row.title),
            *([cells.text(row.course)] if has_courses else []),
            *cells.measured(row.figure),
        ]
        for row in page.groups
    ]
    notes = [hidden_note()] if page.hides_groups else []
    return Section(title, [Table(title, columns, rows)], page.result.period, notes)


def drill_down_section(table: DrillDownTable) -> Section:
    columns = [Column(one.text, one.is_number, one.unit) for one in table.headings]
    rows = [
        [Cell(one.text, one.value, one.unit if one.is_number else TEXT) for one in row]
        for row in table.rows
    ]
    name = table.drill_down.name
    notes = [hidden_note()] if table.hides_rows else []
    return Section(name, [Table(name, columns, rows)], table.period, notes)
