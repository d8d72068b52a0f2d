"""Lines over periods, with targets, intervals, gaps and provisional parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from presentation.reports.ink import SERIES, Color, Paper
from presentation.reports.pdf_frame import Frame

Numbers = Sequence[float | None]
SIZE = 0.9


def color_of(line: Mapping[str, Any], at: int) -> Color:
    return SERIES[line.get("color", at) % len(SERIES)]


def draw_lines(frame: Frame, lines: Sequence[Mapping[str, Any]]) -> None:
    for at, line in enumerate(lines):
        _band(frame, line, color_of(line, at))
    for at, line in enumerate(lines):
        color = color_of(line, at)
        frame.pdf.set_draw_color(*color)
        frame.pdf.set_fill_color(*color)
        _targets(frame, line["targets"])
        _line(frame, line["values"], line["open"])
        for place, value in enumerate(line["values"]):
            if value is not None:
                _marker(frame.pdf, line.get("color", at), frame.at(place), frame.level(value))


def _band(frame: Frame, line: Mapping[str, Any], color: Color) -> None:
    """Fill between both ends of the intervals, over each stretch without a gap."""
    lows, highs = line.get("lows") or (), line.get("highs") or ()
    ends = list(zip(lows, highs, strict=True))
    for places in stretches([low for low, _ in ends]):
        upper = [(frame.at(one), frame.level(highs[one])) for one in places]
        lower = [(frame.at(one), frame.level(lows[one])) for one in reversed(places)]
        with frame.pdf.local_context(fill_opacity=0.15):
            frame.pdf.set_fill_color(*color)
            frame.pdf.polygon([*upper, *lower], style="F")


def stretches(values: Numbers) -> Iterator[list[int]]:
    """The places of values without a gap between them, two or more."""
    places: list[int] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            places.append(place)
            continue
        if len(places) > 1:
            yield places
        places = []


def _line(frame: Frame, values: Numbers, is_open: Sequence[bool]) -> None:
    """Join neighbors, dotted to those that are provisional."""
    frame.pdf.set_line_width(0.5)
    for place, (before, value) in enumerate(pairwise(values), start=1):
        if before is None or value is None:
            continue
        _dashes(frame.pdf, (0.5, 1.0) if is_open[place] else None)
        start = frame.at(place - 1), frame.level(before)
        frame.pdf.line(*start, frame.at(place), frame.level(value))
    _dashes(frame.pdf, None)


def _targets(frame: Frame, targets: Numbers) -> None:
    """Draw a dashed line over the periods with the same target."""
    frame.pdf.set_line_width(0.25)
    _dashes(frame.pdf, (1.6, 1.2))
    for target, places in groupby(range(len(targets)), key=targets.__getitem__):
        if target is not None:
            within = list(places)
            y, first, last = frame.level(target), within[0], within[-1]
            ends = frame.at(first) - frame.slot / 2, frame.at(last) + frame.slot / 2
            frame.pdf.line(ends[0], y, ends[1], y)
    _dashes(frame.pdf, None)


def _dashes(pdf: Paper, dash_and_gap: tuple[float, float] | None) -> None:
    pdf.set_dash_pattern(*(dash_and_gap or (0, 0)))


def _marker(pdf: Paper, shape: int, x: float, y: float) -> None:
    """Draw a dot, triangle, diamond or square, as the page does."""
    kind = shape % len(SERIES)
    if kind == 0:
        pdf.ellipse(x - SIZE * 0.8, y - SIZE * 0.8, SIZE * 1.6, SIZE * 1.6, style="F")
    elif kind == 1:
        pdf.polygon([(x, y - SIZE), (x + SIZE, y + SIZE), (x - SIZE, y + SIZE)], style="F")
    elif kind == 2:
        corners = [(x, y - SIZE), (x + SIZE, y), (x, y + SIZE), (x - SIZE, y)]
        pdf.polygon(corners, style="F")
    else:
        pdf.rect(x - SIZE * 0.8, y - SIZE * 0.8, SIZE * 1.6, SIZE * 1.6, style="F")
