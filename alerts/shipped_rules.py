"""The rules that ship with the product: one for each KPI that has a target."""

from __future__ import annotations

from django.utils.translation import gettext, override

from alerts.models import AlertRule
from kpis.definitions.registry import REGISTRY
from kpis.models import Target

# those of the whole site ship with this app, those of each course or module with others
SHIPPED = [(each, side) for side in AlertRule.Side.values for each in AlertRule.Each.values]


def create_missing(**kwargs: object) -> None:
    """Create a rule for the whole site for each KPI that has a target but no rule yet."""
    with_target = set(Target.objects.values_list("kpi", flat=True)) & REGISTRY.keys()
    existing = AlertRule.objects.filter(
        metric=AlertRule.Metric.TARGET, side=AlertRule.Side.WORSE, course=None, each=""
    )
    with override("en"):
        for key in sorted(with_target - set(existing.values_list("kpi", flat=True))):
            AlertRule.objects.create(kpi=key, name=shipped_name(key))


def shipped_name(kpi: str, each: str = "", side: str = AlertRule.Side.WORSE) -> str:
    names = _names_if_better() if side == AlertRule.Side.BETTER else _names_if_worse()
    return names[each] % {"kpi": REGISTRY[kpi].name}


def _names_if_worse() -> dict[str, str]:
    return {
        "": gettext("%(kpi)s misses its target"),
        AlertRule.Each.COURSE: gettext("%(kpi)s of a course misses its target"),
        AlertRule.Each.MODULE: gettext("%(kpi)s of a module misses its target"),
    }


def _names_if_better() -> dict[str, str]:
    return {
        "": gettext("%(kpi)s is better than its target"),
        AlertRule.Each.COURSE: gettext("%(kpi)s of a course is better than its target"),
        AlertRule.Each.MODULE: gettext("%(kpi)s of a module is better than its target"),
    }


def display_name(name: str, kpi: str, *, of_one: bool = False) -> str:
    """Return a rule's name, translated if it is one that ships.

    `of_one`: it is said of one course or module, which is named beside it.
    """
    if kpi not in REGISTRY:
        return name
    with override("en"):
        found = next((how for how in SHIPPED if name == shipped_name(kpi, *how)), None)
    if found is None:
        return name
    each, side = found
    return shipped_name(kpi, "" if of_one else each, side)
