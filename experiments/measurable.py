"""Which KPIs an experiment can compare: those that are known for each learner or run."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext

from experiments.models import Experiment
from kpis.definitions.registry import REGISTRY, Indicator


def problem_of(kpi: str, unit: str) -> str:
    """Return why a KPI cannot be compared between units, in a sentence; empty if it can."""
    indicator = REGISTRY.get(kpi)
    if indicator is None:
        return gettext("There is no KPI %(key)s.") % {"key": kpi}
    if indicator.facts is None:
        return _without_facts(indicator)
    names = {"kpi": indicator.name}
    if indicator.facts.until:
        return (
            gettext(
                "%(kpi)s compares the start and the end of a period, so it has no value after a "
                "learner's exposure."
            )
            % names
        )
    if unit == Experiment.Unit.RUN and indicator.facts.run is None:
        return gettext("%(kpi)s cannot be broken down by run.") % names
    if unit == Experiment.Unit.LEARNER and indicator.facts.person is None:
        return gettext("%(kpi)s cannot be broken down by learner.") % names
    return ""


def _without_facts(indicator: Indicator) -> str:
    if not indicator.parts:
        text = gettext("%(kpi)s has no facts of its own, so it cannot be compared.")
        return text % {"kpi": indicator.name}
    return gettext(
        "%(kpi)s is combined from other KPIs and has no value for one learner. Choose one of "
        "these: %(parts)s."
    ) % {
        "kpi": indicator.name,
        "parts": ", ".join(REGISTRY[part.key].name for part in indicator.parts),
    }


def in_unit(kpi: str, value: float | None) -> float | None:
    """Convert a size to the unit of a KPI, as people enter it: 0.05 is 5 percentage points."""
    if value is None or kpi not in REGISTRY:
        return value
    return round(value * REGISTRY[kpi].unit.scale, 6)


def from_unit(kpi: str, shown: float | None) -> float | None:
    """Convert a size that people entered in the unit of a KPI: 5 percentage points are 0.05."""
    if shown is None or kpi not in REGISTRY:
        return shown
    return shown / REGISTRY[kpi].unit.scale


def measurable(unit: str) -> list[Indicator]:
    """Return the KPIs that can be compared between learners or between runs."""
    return [one for key, one in REGISTRY.items() if not problem_of(key, unit)]


def choices(unit: str, chosen: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return what a form offers for a unit, by name: the KPIs that have a value for each.

    Those that somebody has `chosen` stay, so that the form can say what is wrong with them.
    """
    known = [REGISTRY[key] for key in chosen if key in REGISTRY]
    offered = {one.key: one for one in (*measurable(unit), *known)}
    found = [(key, _offered(one)) for key, one in offered.items()]
    return sorted(found, key=lambda one: one[1])


def _offered(indicator: Indicator) -> str:
    if not problem_of(indicator.key, Experiment.Unit.RUN):
        return indicator.name
    return gettext("%(kpi)s (not by run)") % {"kpi": indicator.name}


def all_choices() -> list[tuple[str, str]]:
    """Return what a form accepts at first: whatever is wrong for the unit gets a sentence."""
    return [(one.key, one.name) for one in REGISTRY.values()]
