"""What the script draws a chart of: the same answers that the tables beside it show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kpis.definitions.period_names import short_name
from kpis.definitions.units import Unit
from kpis.query.results import KpiResult, MetricValue
from presentation.figures import Figure


def chart(replies: Sequence[KpiResult], *, with_bands: bool = False) -> dict[str, Any]:
    """Lines over the periods of the first reply; all replies answer the same question."""
    first = replies[0]
    lines = [_line(reply, with_bands) for reply in replies]
    return {
        **axis(first.indicator.unit),
        "caption": caption(lines),
        "labels": [short_name(answer.period) for answer in first.series],
        "lines": lines,
    }


def caption(lines: Sequence[Mapping[str, Any]]) -> str:
    """What the dashes, dots and gaps of a chart mean, as far as it has any."""
    values = [value for line in lines for value in line["values"]]
    parts = (
        ("The band: the 95% interval.", _has(lines, "lows")),
        ("Dashed: the target in force in each period.", _has(lines, "targets")),
        ("Dotted: still provisional.", any(any(line["open"]) for line in lines)),
        ("A gap: no data, or hidden.", None in values),
    )
    return " ".join(sentence for sentence, is_so in parts if is_so)


def _has(lines: Sequence[Mapping[str, Any]], what: str) -> bool:
    return any(value is not None for line in lines for value in line.get(what, ()))


def provisional(series: Sequence[MetricValue]) -> str:
    """How many of the last periods may still change; empty where all are final."""
    count = sum(one.status == "provisional" for one in series)
    if not count:
        return ""
    return "the last one is provisional" if count == 1 else f"the last {count} are provisional"


def axis(unit: Unit) -> dict[str, str]:
    """What stands before and behind the numbers of an axis, and by which unit it is scaled."""
    prefix, suffix = unit.around
    return {"prefix": prefix, "suffix": suffix, "unit": unit.key}


def _line(reply: KpiResult, with_bands: bool) -> dict[str, Any]:
    shows_target = reply.query.compare != "previous"
    line = {
        "name": reply.indicator.name,
        "values": [answer.shown for answer in reply.series],
        "targets": [_target(answer) if shows_target else None for answer in reply.series],
        "open": [answer.status == "provisional" for answer in reply.series],
        "texts": [text(answer) for answer in reply.series],
    }
    return line | (_band(reply) if with_bands else {})


def _target(answer: MetricValue) -> float | None:
    return None if answer.target is None else float(answer.target.value)


def _band(reply: KpiResult) -> dict[str, Any]:
    unit = reply.indicator.unit
    ends = [answer.interval or (None, None) for answer in reply.series]
    return {
        "lows": [unit.shown(low) for low, _ in ends],
        "highs": [unit.shown(high) for _, high in ends],
    }


def text(answer: MetricValue) -> str:
    """What a point says when it is pointed at."""
    figure = Figure(answer)
    value = f"{figure.value} ({figure.interval})" if figure.interval else figure.value
    n = f"n {figure.n}" if answer.is_shown else ""
    parts = (f"{answer.indicator.name}: {value}", n, figure.badge.lower())
    return ", ".join(part for part in parts if part)


def summary(replies: Sequence[KpiResult]) -> str:
    """The chart in a sentence, for who does not see it."""
    ends = [
        f"{reply.indicator.name} {Figure(reply.current).value} in {Figure(reply.current).period}"
        for reply in replies
    ]
    count = len(replies[0].series)
    return f"Line chart over {count} periods: {'; '.join(ends)}. The table holds every value."
