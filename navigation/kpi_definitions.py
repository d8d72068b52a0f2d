"""What each KPI means: one sentence with an example, then the formula, as it is declared."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE
from navigation.markdown import anchor_of
from presentation import figures
from presentation.categories import CATEGORIES


@dataclass(frozen=True)
class Definition:
    indicator: Indicator

    @property
    def target(self) -> str:
        """The target that the product comes with; a dash without one."""
        one = self.indicator
        if one.target is None:
            return NO_VALUE
        return figures.target_text(one.unit, float(one.target))

    @property
    def page(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])

    @property
    def rules(self) -> str:
        """Where the guide says more about it: dates, special cases and drill-downs."""
        return f"{reverse('navigation:guide', args=['kpis'])}#{anchor_of(self.indicator.key)}"


def definitions() -> list[tuple[str, list[Definition]]]:
    """Return the definitions of all KPIs by category."""
    return [
        (str(one.title), [Definition(kpi) for kpi in REGISTRY.values() if kpi.category == one.key])
        for one in CATEGORIES.values()
    ]
