"""The value of a KPI in any days, with its uncertainty, in one query for all groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from curriculum.parameters import ParameterHistory
from kpis.aggregation.grouped_sums import CompositeSums, GroupedSums
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.query.valuation import estimate_of
from kpis.statistics.estimates import AnyEstimate, WeightedPart, weighted_estimate
from kpis.statistics.intervals import Sums

WHOLE: tuple[Any, ...] = ()


@dataclass(frozen=True)
class WindowValue:
    """A value; without an estimate, there are too few people to say how uncertain it is."""

    estimate: AnyEstimate | None = None
    n: int = 0
    learners: int = 0
    weight: float = 0.0

    def suffices(self, indicator: Indicator) -> bool:
        return self.estimate is not None and self.n >= indicator.min_n


NO_VALUE = WindowValue()
Values = dict[tuple[Any, ...], WindowValue]


class WindowReader:
    """Reads a KPI in windows; weights of a composite are those in force at the end of one day.

    `by_sign_up`: only what belongs to enrollments that signed up in the same window counts.
    """

    def __init__(self, indicator: Indicator, weights_of: Period, *, by_sign_up: bool) -> None:
        self.indicator, self.weights_of, self.by_sign_up = indicator, weights_of, by_sign_up
        self.weights = ParameterHistory([part.weight for part in indicator.parts])

    def value(self, window: Period, scope: Scope) -> WindowValue:
        return self.values(window, (), scope).get(WHOLE, NO_VALUE)

    def values(self, window: Period, by: Sequence[str], scope: Scope = SITE) -> Values:
        """Return the value of each group that has rows, by its ids."""
        scope = self.scope_in(window, scope)
        return dict(
            self._composite(window, by, scope)
            if self.indicator.parts
            else self._simple(window, by, scope)
        )

    def scope_in(self, window: Period, scope: Scope) -> Scope:
        return replace(scope, signed_up=(window.start, window.end)) if self.by_sign_up else scope

    def _simple(
        self, window: Period, by: Sequence[str], scope: Scope
    ) -> Iterator[tuple[tuple[Any, ...], WindowValue]]:
        for key, sums in GroupedSums(self.indicator, window, by, scope).run():
            found = estimate_of(self.indicator, sums)
            yield key, WindowValue(found, sums.n, sums.learners, sums.weight)

    def _composite(
        self, window: Period, by: Sequence[str], scope: Scope
    ) -> Iterator[tuple[tuple[Any, ...], WindowValue]]:
        for key, together in CompositeSums(self.indicator, window, by, scope).run():
            whole, *parts = together
            found = self._weighted(parts, whole, scope)
            yield key, WindowValue(found, whole.n, whole.learners)

    def _weighted(self, parts: Sequence[Sums], whole: Sums, scope: Scope) -> AnyEstimate | None:
        """Return the mean of the components; those of other courses get the same weights."""
        courses = scope.course_ids or frozenset()
        course = min(courses) if len(courses) == 1 else None
        at = self.weights_of.end
        weighted = [
            WeightedPart(
                part.key, float(self.weights.value(part.weight, at, course_id=course)), sums
            )
            for part, sums in zip(self.indicator.parts, parts, strict=True)
        ]
        crosses = dict(zip(self.indicator.pairs, whole.crosses, strict=False))
        return weighted_estimate(weighted, crosses)


def is_measurable(indicator: Indicator) -> bool:
    """Return whether an effect on the KPI can be measured: totals have no values per person."""
    read = indicator.all_facts
    return bool(read) and not (
        indicator.is_total or indicator.depends_on_length or any(one.until for one in read)
    )


def measurable_kpis() -> list[tuple[str, str]]:
    """Return the keys and names of the KPIs on which an effect can be measured."""
    return [(one.key, one.name) for one in REGISTRY.values() if is_measurable(one)]


def counts_by_sign_up(indicator: Indicator) -> bool:
    """Return whether all of its rows belong to enrollments."""
    return all(facts.enrollment is not None for facts in indicator.all_facts)


def indicator_of(key: str) -> Indicator | None:
    return REGISTRY.get(key)
