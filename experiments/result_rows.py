"""The figures of results in the units of their KPIs, and the CSV file of an analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiments.disclosure import Disclosure
from experiments.models import Analysis, AnalysisResult
from kpis.definitions.registry import REGISTRY

# in the KPI's unit: percentages from 0 to 100
IN_UNIT = ("value", "effect", "low", "high", "standard_error", "margin")
OTHERS = (
    "kind", "n", "without_rows", "relative_effect", "relative_low", "relative_high", "p",
    "adjusted_p", "method", "degrees_of_freedom", "reduction", "outcome", "sums",
)  # fmt: skip
# each sum of an analysis has a column of its own behind these
COLUMNS = (
    "computed_at", "kpi", "role", "variant", "is_control", "unit", "kind", "n", "without_rows",
    "value", "effect", "low", "high", "relative_effect", "relative_low", "relative_high", "p",
    "adjusted_p", "method", "standard_error", "degrees_of_freedom", "reduction", "margin",
    "outcome", "is_suppressed",
)  # fmt: skip


def figures_of(row: AnalysisResult, *, is_hidden: bool) -> dict[str, Any]:
    """Return the figures of a result in the KPI's unit, and its raw sums in the code's.

    None: not known, or hidden; only the margin is never hidden.
    """
    indicator = REGISTRY.get(row.kpi)
    scale = indicator.unit.scale if indicator else 1.0
    figures = {name: getattr(row, name) for name in OTHERS}
    figures |= {name: _scaled(getattr(row, name), scale) for name in IN_UNIT}
    for name in ("kind", "method", "outcome"):
        figures[name] = figures[name] or None
    if is_hidden:
        return dict.fromkeys(figures) | {"margin": figures["margin"]}
    return figures


def csv_rows(analysis: Analysis, disclosure: Disclosure) -> Iterator[dict[str, Any]]:
    """Yield a row per KPI and variant; load the results with their variants.

    The fields in IN_UNIT are in the unit that `unit` names; sums are raw, with shares from 0 to 1.
    """
    for one in analysis.results.all():
        is_hidden = disclosure.hides_kpi(analysis, one.kpi)
        figures = figures_of(one, is_hidden=is_hidden)
        indicator = REGISTRY.get(one.kpi)
        sums = figures.pop("sums") or {}
        yield {
            "computed_at": analysis.computed_at,
            "kpi": one.kpi,
            "role": one.role,
            "variant": one.variant.key,
            "is_control": one.variant.is_control,
            "unit": indicator.unit.key if indicator else None,
            **figures,
            "is_suppressed": is_hidden,
            **{f"sum_{name}": value for name, value in sums.items()},
        }


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
