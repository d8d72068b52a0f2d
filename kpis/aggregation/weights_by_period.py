"""How much of a window's weight lies in each of some periods."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Case, IntegerField, Value, When

from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope


def weights_by_period(
    indicator: Indicator, window: Period, periods: Sequence[Period], scope: Scope
) -> list[float]:
    """Return the sum of the weights of the window's rows in each of the periods, in one query.

    The periods do not overlap. ValueError for a KPI that is combined from others.
    """
    if not periods:
        return []
    facts = indicator.facts_in(window)
    rows, ratio = facts.select(window, (), scope)
    cases = [When(facts.condition_in(one), then=Value(at)) for at, one in enumerate(periods)]
    numbered = rows.annotate(kpi_period=Case(*cases, output_field=IntegerField()))
    grouped = numbered.values("kpi_period").annotate(kpi_weight=ratio.weight)
    found = dict(grouped.values_list("kpi_period", "kpi_weight"))
    return [float(found.get(at) or 0) for at in range(len(periods))]
