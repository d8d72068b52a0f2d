"""The cards of KPIs in a PDF file: two in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext
from fpdf.enums import Align, XPos, YPos

from core.pdf_fonts import composed
from presentation.figures import Figure
from presentation.page_query import Card
from presentation.reports.ink import INK, LINE, MUTED, SERIES, SUNKEN, TONES, Color, Paper, tone_of
from presentation.svg_drawings import Bar

GAP, INNER = 5.0, 3.0
# a text with its size, style and color
Line = tuple[str, float, str, Color]


def write_cards(pdf: Paper, cards: Sequence[Card]) -> None:
    """Write two cards in a row, as high as the higher one; one alone takes the whole width."""
    width = (pdf.epw - GAP) / 2 if len(cards) > 1 else pdf.epw
    for pair in (cards[at : at + 2] for at in range(0, len(cards), 2)):
        height = max(_height(pdf, card, width) for card in pair)
        pdf.keep_together(height + GAP)
        y = pdf.get_y()
        for at, card in enumerate(pair):
            x = pdf.l_margin + at * (width + GAP)
            pdf.set_draw_color(*LINE)
            pdf.set_line_width(0.2)
            pdf.rect(x, y, width, height)
            _write(pdf, card, x + INNER, y + INNER, width - 2 * INNER)
        pdf.set_xy(pdf.l_margin, y + height + GAP)


def _lines(card: Card) -> Iterator[Line]:
    """The texts below the value, as on the page."""
    figure = card.figure
    if figure.fraction:
        yield figure.fraction, 7.5, "", MUTED
    if card.shows_targets and figure.verdict:
        yield figure.verdict.text, 8, "B", tone_of(figure.verdict.is_good)
    elif card.shows_targets:
        yield figure.no_target, 8, "", MUTED
    if card.shows_change and card.change:
        yield card.change.text, 8, "", tone_of(card.change.is_good)
    yield _details(figure), 7.5, "", MUTED
    if card.components:
        parts = [f"{one.metric_value.indicator.name} {one.value}" for one in card.components]
        yield f"{gettext('Components')}: {'; '.join(parts)}", 7.5, "", MUTED
    for note in _notes(card, figure):
        yield note, 7, "", MUTED


def _details(figure: Figure) -> str:
    interval = f"{gettext('95% interval')}: {figure.interval or '–'}"
    return f"{interval} · {gettext('Observations')}: {figure.n}"


def _notes(card: Card, figure: Figure) -> list[str]:
    notes = [*figure.notes, *([str(card.note)] if card.note else [])]
    if figure.may_be_chance and card.shows_targets:
        notes.insert(0, gettext("The difference from the target may be chance."))
    if figure.data_through:
        notes.append(f"{gettext('Data through')}: {figure.data_through}")
    return notes


def _height(pdf: Paper, card: Card, width: float) -> float:
    inner = width - 2 * INNER
    height = 2 * INNER + 14 + (4 if card.figure.bar else 0)
    return height + sum(_needed(pdf, line, inner) for line in _lines(card))


def _needed(pdf: Paper, line: Line, width: float) -> float:
    text, size, style, color = line
    pdf.pen(size, style, color)
    needed = pdf.multi_cell(
        width, size * 0.46, composed(text), align=Align.L, dry_run=True, output="HEIGHT"
    )
    return float(needed) + 0.8  # type: ignore[arg-type]


def _write(pdf: Paper, card: Card, x: float, y: float, width: float) -> None:
    figure = card.figure
    pdf.set_xy(x, y)
    pdf.pen(8.5, "B", INK)
    pdf.cell(width, 4, composed(card.indicator.name))
    if figure.badge:
        pdf.set_xy(x, y)
        pdf.pen(7, "B", TONES["warn"])
        pdf.cell(width, 4, composed(figure.badge), align=Align.R)
    pdf.set_xy(x, y + 5)
    pdf.pen(16, "B", INK)
    pdf.cell(width, 8, composed(figure.value))
    at = y + 14
    if figure.bar:
        draw_bar(pdf, figure.bar, x, at, width)
        at += 4
    pdf.set_xy(x, at)
    for text, size, style, color in _lines(card):
        pdf.pen(size, style, color)
        pdf.set_x(x)
        pdf.multi_cell(
            width, size * 0.46, composed(text), align=Align.L, new_x=XPos.LEFT, new_y=YPos.NEXT
        )
        pdf.ln(0.8)


def draw_bar(pdf: Paper, bar: Bar, x: float, y: float, width: float) -> None:
    """Draw a value with its interval and target."""

    def part(color: Color, start: float, length: float, top: float, height: float) -> None:
        pdf.set_fill_color(*color)
        pdf.rect(x + width * start / 100, y + top, width * length / 100, height, style="F")

    part(SUNKEN, 0, 100, 0.4, 2)
    part(SERIES[0], 0, bar.value, 0.4, 2)
    if bar.low is not None and bar.spread is not None:
        part(INK, bar.low, bar.spread, 1.1, 0.6)
    if bar.target is not None:
        part(INK, bar.target, 0.6, 0, 2.8)
