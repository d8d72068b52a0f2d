"""Write a report as a PDF file of A4 pages, without a browser."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from core.pdf_fonts import composed
from presentation.reports.blocks import (
    Block,
    Cards,
    Chart,
    Marked,
    Paragraphs,
    Report,
    Section,
    Table,
)
from presentation.reports.ink import ACCENT, INK, MUTED, Paper, tone_of
from presentation.reports.pdf_cards import write_cards
from presentation.reports.pdf_charts import write_chart
from presentation.reports.pdf_tables import is_wide, write_table

# a heading stays with as much of what follows
WITH_HEADING = 30.0
LABEL = 36.0


def report_pdf(report: Report, foot: str) -> bytes:
    """Write it in the active language; `foot` names the site below each page."""
    pdf = Paper(report.title, foot)
    pdf.say(report.title, 18, "B", space=2)
    _facts(pdf, report.facts)
    for note in report.notes:
        pdf.say(note, 8, color=MUTED)
    for section in report.sections:
        _section(pdf, section)
    if report.definitions:
        _definitions(pdf, report.definitions)
    return bytes(pdf.output())


def _facts(pdf: Paper, facts: Sequence[tuple[str, str]]) -> None:
    """Write the filters and dates, one a line."""
    for name, text in facts:
        pdf.pen(8, color=MUTED)
        pdf.cell(38, 4.2, name)
        pdf.pen(8, color=INK)
        pdf.multi_cell(pdf.epw - 38, 4.2, text, new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(3)


def _section(pdf: Paper, section: Section) -> None:
    wide = any(isinstance(one, Table) and is_wide(one) for one in section.blocks)
    if wide:
        pdf.add_page(orientation="landscape")
    elif pdf.is_across:
        pdf.add_page(orientation="portrait")
    charts = any(isinstance(one, Chart) for one in section.blocks[:2])
    pdf.keep_together(95 if charts else WITH_HEADING)
    if section.title:
        pdf.say(_title(section), 12, "B", space=1.5)
    for block in section.blocks:
        _block(pdf, block)
    for note in section.notes:
        pdf.say(note, 7.5, color=MUTED)
    pdf.ln(3)


def _title(section: Section) -> str:
    return f"{section.title} · {section.period}" if section.period else section.title


def _block(pdf: Paper, block: Block) -> None:
    if isinstance(block, Table):
        write_table(pdf, block)
    elif isinstance(block, Chart):
        if block.title:
            pdf.say(block.title, 9, "B")
        write_chart(pdf, block)
    elif isinstance(block, Cards):
        write_cards(pdf, block.cards)
    elif isinstance(block, Marked):
        _marked(pdf, block)
    else:
        _paragraphs(pdf, block)


def _marked(pdf: Paper, block: Marked) -> None:
    """Write the labels in a column of their own."""
    for label, is_good, text in block.rows:
        pdf.keep_together(9)
        pdf.pen(8, "B", tone_of(is_good))
        pdf.cell(LABEL, 4, composed(label))
        pdf.say(text, 8, space=1, indent=LABEL)
    pdf.ln(2)


def _paragraphs(pdf: Paper, block: Paragraphs) -> None:
    for text in block.texts:
        if block.is_quotation:
            pdf.say(text, 8.5, indent=4, space=2)
        else:
            pdf.say(text, 8, color=MUTED)


def _definitions(pdf: Paper, definitions: Sequence[tuple[str, str]]) -> None:
    if pdf.is_across:
        pdf.add_page(orientation="portrait")
    pdf.keep_together(WITH_HEADING)
    pdf.say(gettext("Definitions"), 12, "B", space=1.5)
    for name, text in definitions:
        pdf.keep_together(14)
        pdf.say(name, 8.5, "B", color=ACCENT, space=0.5)
        pdf.say(text, 8, space=2)
