"""The rules that ship: a KPI that has a target has somebody who says when it is missed."""

from __future__ import annotations

from alerts.models import AlertRule
from kpis.definitions.registry import REGISTRY
from kpis.models import Target


def create_missing(**kwargs: object) -> None:
    """Give every KPI with a target its rule for the whole site."""
    aimed = set(Target.objects.values_list("kpi", flat=True)) & REGISTRY.keys()
    there = AlertRule.objects.filter(
        metric=AlertRule.Metric.TARGET, side=AlertRule.Side.WORSE, course=None, each=""
    )
    for key in sorted(aimed - set(there.values_list("kpi", flat=True))):
        AlertRule.objects.create(kpi=key, name=f"{REGISTRY[key].name} misses its target")
