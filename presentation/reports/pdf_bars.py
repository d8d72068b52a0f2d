"""Bars: one per period or score, or one per KPI from left to right with a mark at its target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.pdf_fonts import composed
from presentation.reports.ink import GRID, INK, MUTED, SERIES, TONES, Color, Paper
from presentation.reports.pdf_frame import Frame, number_text
from presentation.reports.pdf_scales import Scale

NAMES, ROW = 48.0, 9.0


def draw_bars(frame: Frame, bar: Mapping[str, Any], color: Color) -> None:
    """Draw a bar per label, colored by its tone if there are tones."""
    width, zero = min(frame.slot * 0.7, 12), frame.level(0)
    tones = bar.get("tones") or [None] * len(bar["values"])
    for place, (value, tone) in enumerate(zip(bar["values"], tones, strict=True)):
        if value is None:
            continue
        frame.pdf.set_fill_color(*(TONES[tone] if tone else color))
        top = frame.level(value)
        x = frame.at(place) - width / 2
        frame.pdf.rect(x, min(top, zero), width, abs(zero - top), style="F")


def draw_level_bars(pdf: Paper, chart: Mapping[str, Any], scale: Scale, y: float) -> float:
    """Draw bars from left to right with their names; return where they end."""
    bar, targets = chart["bars"][0], chart.get("targets") or []
    x, width = pdf.l_margin + NAMES, pdf.epw - NAMES - 4
    end = y + ROW * len(chart["labels"])
    _ticks(pdf, chart, scale, (x, y, width, end))
    zero = x + width * scale.share(0)
    for at, (label, value) in enumerate(zip(chart["labels"], bar["values"], strict=True)):
        top = y + at * ROW + 1.5
        pdf.pen(7.5, color=INK)
        pdf.set_xy(pdf.l_margin, top)
        pdf.cell(NAMES - 2, ROW - 3, composed(str(label)), align="R")
        if value is not None:
            pdf.set_fill_color(*SERIES[0])
            right = x + width * scale.share(value)
            pdf.rect(min(zero, right), top, abs(right - zero), ROW - 3, style="F")
        if at < len(targets) and targets[at] is not None:
            pdf.set_fill_color(*INK)
            mark = x + width * scale.share(targets[at])
            pdf.rect(mark - 0.4, top - 1, 0.8, ROW - 1, style="F")
    return end + 5


def _ticks(
    pdf: Paper, chart: Mapping[str, Any], scale: Scale, box: tuple[float, float, float, float]
) -> None:
    x, y, width, end = box
    pdf.pen(6.5, color=MUTED)
    pdf.set_draw_color(*GRID)
    pdf.set_line_width(0.2)
    for tick in scale.ticks:
        at = x + width * scale.share(tick)
        pdf.line(at, y, at, end)
        text = composed(number_text(tick, chart))
        pdf.text(at - pdf.get_string_width(text) / 2, end + 3, text)
