"""The sections of the tab Outcome & Impact in reports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from kpis.definitions.units import COUNT, PERCENT, POINTS
from presentation.figures import Figure, hidden_note
from presentation.reports import cells
from presentation.reports.blocks import Block, Cell, Chart, Column, Paragraphs, Section, Table


def scores_report(section: dict[str, Any]) -> Section:
    """Show the answers per score, unless all are hidden."""
    columns = [
        Column(gettext("Score"), True, COUNT),
        Column(gettext("Group")),
        Column(gettext("Answers"), True, COUNT),
        Column(gettext("Share"), True, PERCENT),
    ]
    rows = [
        [
            cells.count(float(row["score"])),
            cells.text(row["group"]),
            _count(row, "answers"),
            cells.number(row.get("share"), PERCENT),
        ]
        for row in section["rows"]
    ]
    title = gettext("Would learners recommend it?")
    shown: list[Block] = [Chart(section["chart"]), Table(gettext("Scores"), columns, rows)]
    return Section(
        title,
        [
            Paragraphs([_nps(section["figure"])]),
            *([] if section["hides_all"] else shown),
        ],
        period=section["period"],
        notes=_hidden(section),
    )


def themes_report(section: dict[str, Any]) -> Section:
    """Show the themes of what learners write."""
    columns = [
        Column(gettext("Theme")),
        Column(gettext("Related KPI")),
        Column(gettext("Comments"), True, COUNT),
        Column(gettext("Share"), True, PERCENT),
        Column(gettext("Trend"), True, POINTS),
        Column(gettext("Sentiment"), True),
    ]
    rows = [
        [
            cells.text(row["theme"]),
            cells.text(row.get("kpi")),
            _count(row, "comments"),
            cells.number(row.get("share"), PERCENT),
            Cell(row["trend_text"], row["trend"], POINTS),
            Cell(row["sentiment_text"], row.get("sentiment"), POINTS),
        ]
        for row in section["rows"]
    ]
    table = [Table(gettext("Themes"), columns, rows)] if rows else []
    return Section(
        gettext("What learners write about"),
        [Paragraphs([section["summary"]]), *table],
        period=section["period"],
        notes=_hidden(section),
    )


def testimonials_report(section: dict[str, Any]) -> Section:
    """Show the approved comments of learners who agreed to be quoted."""
    texts = [f"“{row['text']}” – {row['course']}, {row['when']}" for row in section["rows"]]
    return Section(gettext("Testimonials"), [Paragraphs(texts, is_quotation=True)])


def _nps(figure: Figure) -> str:
    """The value, with its interval if there is one."""
    interval = f" ({figure.interval})" if figure.interval else ""
    return f"NPS {figure.value}{interval}"  # not translated: an abbreviation


def _count(row: dict[str, Any], key: str) -> Cell:
    return Cell(gettext("Hidden")) if row.get("is_hidden") else cells.count(row[key])


def _hidden(section: dict[str, Any]) -> list[str]:
    return [hidden_note()] if section["hides_any"] else []
