"""The rules that ship with the product: one for each KPI that has a target."""

from __future__ import annotations

from django.utils.translation import gettext, override

from alerts.models import AlertRule
from kpis.definitions.registry import REGISTRY
from kpis.models import Target


def create_missing(**kwargs: object) -> None:
    """Create a rule for the whole site for each KPI that has a target but no rule yet."""
    with_target = set(Target.objects.values_list("kpi", flat=True)) & REGISTRY.keys()
    existing = AlertRule.objects.filter(
        metric=AlertRule.Metric.TARGET, side=AlertRule.Side.WORSE, course=None, each=""
    )
    with override("en"):
        for key in sorted(with_target - set(existing.values_list("kpi", flat=True))):
            AlertRule.objects.create(kpi=key, name=shipped_name(key))


def shipped_name(kpi: str) -> str:
    return gettext("%(kpi)s misses its target") % {"kpi": REGISTRY[kpi].name}


def display_name(name: str, kpi: str) -> str:
    """Return a rule's name, translated if it is the one that ships."""
    if kpi not in REGISTRY:
        return name
    with override("en"):
        is_shipped = name == shipped_name(kpi)
    return shipped_name(kpi) if is_shipped else name
