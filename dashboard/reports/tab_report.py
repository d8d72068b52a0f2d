"""A tab of the dashboard as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext

from dashboard.dashboard import Dashboard
from dashboard.module_table import ModuleRow, ModuleTable
from dashboard.reports.facts import definitions_of, facts_of, notes_of
from insights.finding import Finding, FindingKind
from presentation.figures import hidden_note
from presentation.page_query import Card
from presentation.reports import cells
from presentation.reports.blocks import (
    Block,
    Cards,
    Cell,
    Chart,
    Column,
    Marked,
    Paragraphs,
    Report,
    Section,
    Table,
)


def tab_report(page: Dashboard) -> Report:
    """Return what the tab shows, with all its modules and findings if it is complete."""
    return Report(
        name=page.category.key,
        title=str(page.category.title),
        facts=facts_of(page.result, page.filters),
        notes=[*notes_of(page.result), *([page.targets_met] if page.targets_met else [])],
        sections=list(_sections(page)),
        definitions=definitions_of(card.indicator for card in page.cards),
    )


def _sections(page: Dashboard) -> Iterator[Section]:
    if page.findings.is_shown:
        yield findings_section(page)
    yield Section("", [Cards(page.cards)])
    if page.trend:
        yield trend_section(page)
    if page.bars:
        yield targets_section(page)
    if page.modules:
        yield modules_section(page.modules, page.result.period)
    for section, context in page.shown_sections:
        yield section.in_report(context)


def findings_section(page: Dashboard) -> Section:
    report = page.findings
    block: Block = Marked([_marked(one) for one in report.findings])
    if not report.findings:
        text = gettext(
            "Nothing stands out: every change and every gap to a target may be due to chance."
        )
        block = Paragraphs([text])
    return Section(gettext("Key findings"), [block], period=report.period)


def _marked(one: Finding) -> tuple[str, bool | None, str]:
    is_good = None if one.kind == FindingKind.STALE else one.is_good
    return str(one.label), is_good, str(one.sentence)


def trend_section(page: Dashboard) -> Section:
    title = gettext("Trend")
    columns = [
        Column(gettext("Period")),
        *(Column(one.indicator.name, True, one.indicator.unit) for one in page.trend),
    ]
    rows = [
        [cells.text(figures[0].period), *(cells.value(one) for one in figures)]
        for _, figures in page.trend_rows
    ]
    return Section(title, [Chart(page.trend_chart), Table(title, columns, rows)])


def targets_section(page: Dashboard) -> Section:
    title = gettext("Actual and target")
    columns = [
        Column(gettext("KPI")),
        Column(gettext("Actual"), True),
        Column(gettext("Target"), True),
        Column(gettext("Difference"), True),
        Column(gettext("95% interval"), True, is_interval=True),
        Column(gettext("n"), True),
    ]
    table = Table(title, columns, [_target_row(card) for card in page.bars])
    return Section(title, [Chart(page.bars_chart), table], period=page.result.period)


def _target_row(card: Card) -> list[Cell]:
    figure = card.figure
    return [
        cells.text(card.indicator.name),
        cells.value(figure),
        cells.target(figure),
        cells.difference(figure),
        cells.interval(figure),
        cells.observations(figure),
    ]


def modules_section(table: ModuleTable, period: str) -> Section:
    title = gettext("Modules")
    columns = [Column(gettext("Module"))]
    for one in table.indicators:
        columns += cells.measured_columns(one.unit, one.name)
    rows: list[Sequence[Cell]] = []
    for course, modules in table.courses:
        rows.append([cells.text(course)])
        rows += [_module_row(one) for one in modules]
    notes = [hidden_note()] if table.hides_any else []
    if table.is_cut:
        text = gettext("Not all of the %(count)s modules are listed.")
        notes.append(text % {"count": table.count})
    return Section(title, [Table(title, columns, rows)], period=period, notes=notes)


def _module_row(row: ModuleRow) -> list[Cell]:
    found = [cells.measured(one) if one else cells.EMPTY for one in row.figures]
    return [cells.text(row.module), *(cell for some in found for cell in some)]
