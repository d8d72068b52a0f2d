"""Tables as plain rows for spreadsheets: each number in a cell of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from kpis.definitions.units import COUNT, TEXT, Unit
from presentation.page_query import Card
from presentation.reports import cells
from presentation.reports.blocks import Cards, Cell, Column, Marked, Report, Table


@dataclass(frozen=True)
class Value:
    """A number in the unit of the code, or a text if `number` is None."""

    text: str
    number: float | None = None
    unit: Unit = TEXT


@dataclass(frozen=True)
class Grid:
    """`headings` name the unit: “Completion rate (%)”."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]


def grids_of(report: Report) -> list[Grid]:
    """Return all tables of a report, the KPIs with their current values first."""
    blocks = [block for one in report.sections for block in one.blocks]
    found = []
    for block in blocks:
        if isinstance(block, Cards):
            found.append(_kpis(block.cards))
        elif isinstance(block, Marked):
            found.append(_marked(block))
        elif isinstance(block, Table):
            found.append(grid_of(block))
    found.sort(key=lambda one: one.name != gettext("KPIs"))
    return found


def grid_of(table: Table) -> Grid:
    """Give both ends of intervals columns of their own, and each row the heading above it."""
    has_headings = any(len(row) == 1 for row in table.rows) and len(table.columns) > 1
    headings = [heading for column in table.columns for heading in _headings(column)]
    rows, above = [], Value("")
    for row in table.rows:
        if has_headings and len(row) == 1:
            above = Value(row[0].text)
            continue
        pairs = zip(table.columns, row, strict=True)
        values = [one for column, cell in pairs for one in _values(column, cell)]
        rows.append([above, *values] if has_headings else values)
    first = [gettext("Course")] if has_headings else []
    return Grid(table.name, [*first, *headings], rows)


def _headings(column: Column) -> Iterator[str]:
    symbol = gettext(column.unit.symbol) if column.unit.symbol else ""
    name = f"{column.group}: {column.label}" if column.group else column.label
    unit = f" ({symbol})" if symbol else ""
    if column.is_interval:
        yield f"{name}, {gettext('lower end')}{unit}"
        yield f"{name}, {gettext('upper end')}{unit}"
    else:
        yield f"{name}{unit}"


def _values(column: Column, cell: Cell) -> Iterator[Value]:
    if column.is_interval:
        for end in cell.ends or (None, None):
            yield Value("", end, cell.unit)
    else:
        yield Value(cell.text, cell.value, cell.unit)


def _kpis(cards: Sequence[Card]) -> Grid:
    """One row per KPI, whose numbers have units of their own."""
    columns = [
        Column(gettext("KPI")),
        Column(gettext("Period")),
        Column(gettext("Unit")),
        Column(gettext("Value"), True),
        Column(gettext("95% interval"), True, is_interval=True),
        Column(gettext("Observations"), True, COUNT),
        Column(gettext("Target"), True),
        Column(gettext("Difference"), True),
        Column(gettext("Status")),
    ]
    return grid_of(Table(gettext("KPIs"), columns, [_kpi(card) for card in cards]))


def _kpi(card: Card) -> list[Cell]:
    figure, unit = card.figure, card.indicator.unit
    return [
        cells.text(card.indicator.name),
        cells.text(figure.period),
        cells.text(gettext(unit.symbol) if unit.symbol else ""),
        cells.value(figure, ""),
        cells.interval(figure),
        cells.observations(figure),
        cells.target(figure),
        cells.difference(figure),
        cells.text(figure.status_text),
    ]


def _marked(block: Marked) -> Grid:
    headings = [gettext("Finding"), gettext("Sentence")]
    rows = [[Value(label), Value(text)] for label, _, text in block.rows]
    return Grid(gettext("Key findings"), headings, rows)
