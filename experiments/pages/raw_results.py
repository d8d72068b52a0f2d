"""The results of an analysis for spreadsheets: one row per KPI and variant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiments.disclosure import Disclosure
from experiments.models import Analysis

FIELDS = (
    "kpi", "role", "kind", "n", "without_rows", "value", "effect", "low", "high",
    "relative_effect", "relative_low", "relative_high", "p", "adjusted_p", "standard_error",
    "degrees_of_freedom", "reduction", "margin", "outcome", "method",
)  # fmt: skip
COLUMNS = ("computed_at", "variant", *FIELDS)


def raw_rows(analysis: Analysis, disclosure: Disclosure) -> Iterator[dict[str, Any]]:
    """Return exact values in the code's units, where shares are from 0 to 1, and all sums.

    KPIs that the reader may not see are left out.
    """
    for one in analysis.results.select_related("variant").order_by("pk"):
        if disclosure.hides_kpi(analysis, one.kpi):
            continue
        yield {
            "computed_at": analysis.computed_at,
            "variant": one.variant.key,
            **{name: getattr(one, name) for name in FIELDS},
            **{f"sum_{name}": value for name, value in one.sums.items()},
        }
