"""The data that scripts draw charts from: the same values as in the tables beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext

from core import localized
from kpis.definitions.period_names import short_name
from kpis.definitions.periods import Period
from kpis.definitions.units import Unit
from kpis.query.results import KpiResult, MetricValue
from presentation.figures import Figure
from presentation.page_query import Card

# the link that a point or bar of a period leads to
UrlOf = Callable[[Period], str]


def line_chart(
    results: Sequence[KpiResult], *, with_bands: bool = False, url_of: UrlOf | None = None
) -> dict[str, Any]:
    """Draw one line per result over the periods of the first; all have the same periods."""
    first = results[0]
    lines = [_line(result, with_bands) for result in results]
    return {
        **axis(first.indicator.unit),
        "keys": line_keys(lines),
        "caption": gap_note(lines),
        "labels": [short_name(one.period) for one in first.series],
        "links": [url_of(one.period) for one in first.series] if url_of else [],
        "lines": lines,
    }


def _line(result: KpiResult, with_bands: bool) -> dict[str, Any]:
    shows_target = result.query.compare not in ("previous", "none")
    line = {
        "name": result.indicator.name,
        "values": [one.shown for one in result.series],
        "targets": [_target(one) if shows_target else None for one in result.series],
        "open": [one.status == "provisional" for one in result.series],
        "texts": [point_text(one) for one in result.series],
    }
    if not with_bands:
        return line
    unit = result.indicator.unit
    ends = [one.interval or (None, None) for one in result.series]
    return line | {
        "lows": [unit.shown(low) for low, _ in ends],
        "highs": [unit.shown(high) for _, high in ends],
    }


def _target(metric_value: MetricValue) -> float | None:
    return None if metric_value.target is None else float(metric_value.target.value)


def line_keys(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Name the styles that lines have beside their colors."""

    def has(part: str) -> bool:
        return any(value is not None for line in lines for value in line.get(part, ()))

    ahead = [bool(line.get("isAhead")) for line in lines]
    is_open = any(
        any(line["open"]) for line, is_ahead in zip(lines, ahead, strict=True) if not is_ahead
    )
    keys = (
        ("band", gettext("95% interval"), has("lows")),
        ("dashed", gettext("Target"), has("targets")),
        ("dotted", gettext("Provisional"), is_open),
        ("ahead", gettext("Projection"), any(ahead)),
    )
    return [{"style": style, "text": text} for style, text, is_drawn in keys if is_drawn]


def gap_note(lines: Sequence[Mapping[str, Any]]) -> str:
    """Explain the gaps of lines; empty if there are none."""
    has_gap = any(None in line["values"] for line in lines if not line.get("isAhead"))
    return gettext("Gap: no data, or hidden.") if has_gap else ""


def line_chart_summary(results: Sequence[KpiResult]) -> str:
    """Describe the chart in words for screen readers."""
    latest = [
        gettext("%(kpi)s %(value)s in %(period)s")
        % {
            "kpi": result.indicator.name,
            "value": Figure(result.current).value,
            "period": Figure(result.current).period,
        }
        for result in results
    ]
    count = len(results[0].series)
    return ngettext(
        "Line chart of %(count)s period: %(values)s. The table has every value.",
        "Line chart of %(count)s periods: %(values)s. The table has every value.",
        count,
    ) % {"count": localized.number(count), "values": "; ".join(latest)}


def target_chart(
    cards: Sequence[Card], url_of: Callable[[Card], str] | None = None
) -> dict[str, Any]:
    """Draw one horizontal bar per KPI with a mark at its target, on a scale to 100."""
    metric_values = [card.metric_value for card in cards]
    has_gap = not all(one.is_shown for one in metric_values)
    return {
        "unit": "",
        "isHorizontal": True,
        "caption": _sentences(
            (gettext("Bar: actual value."), True),
            (gettext("Mark: target."), any(one.target for one in metric_values)),
            (gettext("No bar: no data, or hidden."), has_gap),
        ),
        "labels": [card.indicator.name for card in cards],
        "links": [url_of(card) for card in cards] if url_of else [],
        "bars": [
            {
                "name": gettext("Actual"),
                "values": [one.shown for one in metric_values],
                "texts": [point_text(one) for one in metric_values],
            }
        ],
        "targetName": gettext("Target"),
        "targets": [_target(one) for one in metric_values],
        "targetTexts": [
            gettext("Target: %(target)s") % {"target": card.figure.target} for card in cards
        ],
    }


def target_chart_summary(cards: Sequence[Card]) -> str:
    """Describe the chart in words for screen readers."""
    bars = []
    for card in cards:
        text = gettext("%(kpi)s %(value)s, target %(target)s")
        if not card.figure.target:
            text = gettext("%(kpi)s %(value)s, no target")
        bars.append(
            text
            % {
                "kpi": card.indicator.name,
                "value": card.figure.value,
                "target": card.figure.target,
            }
        )
    return gettext("Bar chart: %(values)s. The table has every value.") % {
        "values": "; ".join(bars)
    }


def axis(unit: Unit) -> dict[str, str]:
    """The text before and after each number of an axis, and the unit that sets its range."""
    prefix, suffix = unit.around
    return {"prefix": prefix, "suffix": suffix, "unit": unit.key}


def point_text(metric_value: MetricValue) -> str:
    """The text in the tooltip of a point or bar."""
    figure = Figure(metric_value)
    value = f"{figure.value} ({figure.interval})" if figure.interval else figure.value
    n = f"n = {figure.n}" if metric_value.is_shown else ""
    target = gettext("Target: %(target)s") % {"target": figure.target} if figure.target else ""
    parts = (f"{metric_value.indicator.name}: {value}", n, target, figure.badge)
    return " · ".join(part for part in parts if part)


def provisional_note(series: Sequence[MetricValue]) -> str:
    """A sentence on how many of the last periods may still change; empty if all are final."""
    count = sum(one.status == "provisional" for one in series)
    if not count:
        return ""
    return ngettext(
        "The last period is provisional.", "The last %(count)s periods are provisional.", count
    ) % {"count": localized.number(count)}


def _sentences(*sentences: tuple[str, bool]) -> str:
    return " ".join(sentence for sentence, applies in sentences if applies)
