"""The axes of a chart in a PDF file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import localized
from core.pdf_fonts import composed
from presentation.reports.ink import GRID, INK, MUTED, Color, Paper
from presentation.reports.pdf_scales import Scale

LEFT, BELOW = 16.0, 6.0


@dataclass(frozen=True)
class Frame:
    """The rectangle in which a chart is drawn, in millimeters, with a place for each label."""

    pdf: Paper
    x: float
    y: float
    width: float
    height: float
    scale: Scale
    count: int

    def at(self, place: float) -> float:
        """The middle of a label's place, from left to right."""
        return self.x + (place + 0.5) * self.slot

    @property
    def slot(self) -> float:
        return self.width / max(self.count, 1)

    def level(self, value: float) -> float:
        return self.y + self.height * (1 - self.scale.share(value))


def number_text(value: float, chart: Mapping[str, Any]) -> str:
    places = 0 if value == int(value) else 1
    written = localized.number(value, places)
    return f"{chart.get('prefix', '')}{written}{chart.get('suffix', '')}"


def draw_levels(frame: Frame, chart: Mapping[str, Any]) -> None:
    """Draw a line and a number for each tick of the axis of values."""
    pdf = frame.pdf
    pdf.pen(6.5, color=MUTED)
    pdf.set_draw_color(*GRID)
    pdf.set_line_width(0.2)
    for tick in frame.scale.ticks:
        y = frame.level(tick)
        pdf.line(frame.x, y, frame.x + frame.width, y)
        text = composed(number_text(tick, chart))
        pdf.text(frame.x - 1.5 - pdf.get_string_width(text), y + 0.8, text)


def draw_labels(frame: Frame, labels: Sequence[Any]) -> None:
    """Write the labels below, as many as fit."""
    pdf = frame.pdf
    pdf.pen(6.5, color=MUTED)
    lines = [one if isinstance(one, list) else [one] for one in labels]
    widest = max((pdf.get_string_width(str(part)) for one in lines for part in one), default=0)
    every = max(1, -int(-(widest + 2) // max(frame.slot, 0.1)))
    for place, parts in enumerate(lines):
        if place % every:
            continue
        for row, part in enumerate(parts):
            text = composed(str(part))
            x = frame.at(place) - pdf.get_string_width(text) / 2
            pdf.text(x, frame.y + frame.height + 3.5 + 2.6 * row, text)


def legend(pdf: Paper, entries: Sequence[tuple[str, Color]], x: float, y: float) -> None:
    """Write names with their colors in a row."""
    pdf.pen(7, color=INK)
    for name, color in entries:
        pdf.set_fill_color(*color)
        pdf.rect(x, y - 1.9, 3, 2, style="F")
        pdf.text(x + 4, y, composed(name))
        x += 9 + pdf.get_string_width(composed(name))


def draw_notes(frame: Frame, notes: Sequence[Mapping[str, Any]]) -> None:
    """Mark periods with notes by a dashed line and the number of the note's text."""
    pdf = frame.pdf
    taken: Counter[int] = Counter()
    for number, note in enumerate(notes, start=1):
        pdf.set_draw_color(*MUTED)
        pdf.set_line_width(0.25)
        pdf.set_dash_pattern(0.6, 0.8)
        for place in dict.fromkeys((note["first"], note["last"])):
            pdf.line(frame.at(place), frame.y, frame.at(place), frame.y + frame.height)
        pdf.set_dash_pattern()
        pdf.pen(6.5, "B", MUTED)
        pdf.text(
            frame.at(note["first"]) + 0.7, frame.y + 2.2 + 2.6 * taken[note["first"]], str(number)
        )
        taken[note["first"]] += 1
