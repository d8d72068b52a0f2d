"""Charts as vectors, from the same data that the page's script draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from presentation.reports.blocks import Chart
from presentation.reports.ink import INK, MUTED, SERIES, Color, Paper
from presentation.reports.pdf_bars import ROW, draw_bars, draw_level_bars
from presentation.reports.pdf_frame import (
    BELOW,
    LEFT,
    Frame,
    draw_labels,
    draw_levels,
    draw_notes,
    legend,
)
from presentation.reports.pdf_lines import color_of, draw_lines
from presentation.reports.pdf_scales import numbers_of, scale_of

HEIGHT = 58.0
LEGEND = 5.0


def write_chart(pdf: Paper, chart: Chart) -> None:
    """Draw a chart with its legend, notes and caption, all on one page."""
    data = chart.data
    if data.get("isHorizontal"):
        pdf.keep_together(ROW * len(data["labels"]) + 20)
        _horizontal(pdf, data)
    else:
        pdf.keep_together(HEIGHT + 24)
        _over_labels(pdf, data)
    _below(pdf, data)


def _horizontal(pdf: Paper, data: Mapping[str, Any]) -> None:
    values = [one for one in [*data["bars"][0]["values"], *data["targets"]] if one is not None]
    scale = scale_of(
        [*values, 100], "points" if min(values, default=0) < 0 else "percent", from_zero=True
    )
    entries = [(data["bars"][0]["name"], SERIES[0])]
    if any(one is not None for one in data["targets"]):
        entries.append((data["targetName"], INK))
    legend(pdf, entries, pdf.l_margin, pdf.get_y() + 3)
    pdf.set_y(draw_level_bars(pdf, data, scale, pdf.get_y() + LEGEND))


def _over_labels(pdf: Paper, data: Mapping[str, Any]) -> None:
    bars, lines = data.get("bars") or [], data.get("lines") or []
    numbers = numbers_of([*bars, *lines])
    is_whole = not (data.get("prefix") or data.get("suffix"))
    scale = scale_of(numbers, data.get("unit", ""), from_zero=bool(bars), is_whole=is_whole)
    entries = _entries(lines)
    if entries:
        legend(pdf, entries, pdf.l_margin + LEFT, pdf.get_y() + 3)
        pdf.ln(LEGEND)
    frame = Frame(
        pdf,
        pdf.l_margin + LEFT,
        pdf.get_y() + 2,
        pdf.epw - LEFT,
        HEIGHT,
        scale,
        len(data["labels"]),
    )
    draw_levels(frame, data)
    for at, bar in enumerate(bars):
        draw_bars(frame, bar, SERIES[at])
    draw_lines(frame, lines)
    draw_notes(frame, data.get("notes") or ())
    draw_labels(frame, data["labels"])
    deepest = max((len(one) for one in data["labels"] if isinstance(one, list)), default=1)
    pdf.set_y(frame.y + HEIGHT + BELOW + 2.6 * (deepest - 1))


def _entries(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, Color]]:
    named = [(line, (line["name"], color_of(line, at))) for at, line in enumerate(lines)]
    return [entry for line, entry in named if not line.get("isAhead")]


def _below(pdf: Paper, data: Mapping[str, Any]) -> None:
    if caption := data.get("caption"):
        pdf.say(caption, 7.5, color=MUTED)
    for number, note in enumerate(data.get("notes") or (), start=1):
        pdf.say(f"{number}  {note['text']}", 7.5, color=MUTED, space=0.5)
    pdf.ln(1)
