"""The results of one analysis as rows of tables and drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext

from experiments.disclosure import Disclosure
from experiments.models import Analysis, AnalysisResult, Metric
from experiments.pages.drawings import Curve, Effect, ForestRow, curve, end_of_axis, forest_row
from experiments.written import amount, count, day_of, decimal, p_value, relative, signed
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE, PERCENT

Outcome, Role = AnalysisResult.Outcome, Metric.Role
CSS = {
    Outcome.BETTER: "good",
    Outcome.PASSES: "good",
    Outcome.WORSE: "bad",
    Outcome.FAILS: "bad",
}
SUMS = ("y", "x", "yy", "xx", "xy")


@dataclass(frozen=True)
class ResultRow:
    """The effect of one variant on one KPI, with the control's value."""

    result: AnalysisResult
    indicator: Indicator
    control: AnalysisResult | None
    end: float

    @property
    def value(self) -> str:
        return self.indicator.unit.text(self.result.value)

    @property
    def control_value(self) -> str:
        return self.indicator.unit.text(self.control.value if self.control else None)

    @property
    def effect(self) -> str:
        return signed(self.indicator, self.result.effect)

    @property
    def interval(self) -> str:
        if self.result.low is None and self.result.high is None:
            return NO_VALUE
        return gettext("%(low)s to %(high)s") % {
            "low": signed(self.indicator, self.result.low),
            "high": signed(self.indicator, self.result.high),
        }

    @property
    def relative(self) -> str:
        return relative(self.result.relative_effect)

    @property
    def p(self) -> str:
        one = self.result
        return p_value(one.p if one.adjusted_p is None else one.adjusted_p)

    @property
    def margin(self) -> str:
        return amount(self.indicator, self.result.margin)

    @property
    def reduction(self) -> str:
        """The share of the variance that values before the exposure have removed."""
        return PERCENT.text(self.result.reduction)

    @property
    def css_class(self) -> str:
        return CSS.get(Outcome(self.result.outcome), "") if self.result.outcome else ""

    @property
    def drawing(self) -> ForestRow | None:
        found = effect_of(self.result)
        if found is None:
            return None
        return forest_row(found, end=self.end, margin=signed_margin(self.result, self.indicator))


def effect_of(result: AnalysisResult) -> Effect | None:
    if result.effect is None:
        return None
    css_class = CSS.get(Outcome(result.outcome), "") if result.outcome else ""
    return Effect(result.effect, result.low, result.high, css_class)


def signed_margin(result: AnalysisResult, indicator: Indicator) -> float | None:
    """Return the effect at which a guardrail is violated: negative if more is better."""
    if result.margin is None:
        return None
    return -result.margin if indicator.higher_is_better else result.margin


@dataclass(frozen=True)
class ArmRow:
    """The raw sums of one variant and KPI, from which everything else can be computed again."""

    result: AnalysisResult
    name: str

    @property
    def n(self) -> str:
        return count(self.result.n)

    @property
    def without_rows(self) -> str:
        return count(self.result.without_rows)

    @property
    def sums(self) -> list[str]:
        return [decimal(self.result.sums.get(name)) for name in SUMS]


@dataclass
class Results:
    """What one analysis found; its results come with their variants."""

    analysis: Analysis
    disclosure: Disclosure

    @cached_property
    def _stored(self) -> list[tuple[AnalysisResult, Indicator]]:
        rows = self.analysis.results.select_related("variant").order_by("pk")
        return [(one, REGISTRY[one.kpi]) for one in rows if one.kpi in REGISTRY]

    def _is_hidden(self, kpi: str) -> bool:
        return self.disclosure.hides_kpi(self.analysis, kpi)

    @cached_property
    def _all(self) -> list[tuple[AnalysisResult, Indicator]]:
        return [(one, it) for one, it in self._stored if not self._is_hidden(one.kpi)]

    @property
    def hidden(self) -> list[str]:
        """The names of the KPIs that the reader may not see."""
        names = [it.name for one, it in self._stored if self._is_hidden(one.kpi)]
        return list(dict.fromkeys(names))

    @cached_property
    def rows(self) -> list[ResultRow]:
        """The effects, each KPI on an axis of its own."""
        controls = {one.kpi: one for one, _ in self._all if one.variant.is_control}
        ends = {kpi: self._end(kpi) for kpi in {one.kpi for one, _ in self._all}}
        return [
            ResultRow(one, indicator, controls.get(one.kpi), ends[one.kpi])
            for one, indicator in self._all
            if not one.variant.is_control
        ]

    def _end(self, kpi: str) -> float:
        some = [(one, indicator) for one, indicator in self._all if one.kpi == kpi]
        effects = [found for one, _ in some if (found := effect_of(one))]
        margins = [margin for one, it in some if (margin := signed_margin(one, it))]
        return end_of_axis(effects, margins)

    @property
    def compared(self) -> list[ResultRow]:
        """Primary and secondary KPIs."""
        return [one for one in self.rows if one.result.role != Role.GUARDRAIL]

    @property
    def guardrails(self) -> list[ResultRow]:
        return [one for one in self.rows if one.result.role == Role.GUARDRAIL]

    @property
    def arms(self) -> list[ArmRow]:
        return [ArmRow(one, indicator.name) for one, indicator in self._all]


@dataclass(frozen=True)
class Moment:
    """One stored analysis on the curve of one variant."""

    result: AnalysisResult
    indicator: Indicator
    is_verdict_hidden: bool

    @property
    def day(self) -> str:
        return day_of(self.result.analysis.computed_at)

    @property
    def n(self) -> str:
        return count(sum(self.result.analysis.exposed.values()))

    @property
    def row(self) -> ResultRow:
        return ResultRow(self.result, self.indicator, None, 1.0)

    @property
    def verdict(self) -> str:
        if self.is_verdict_hidden:
            return NO_VALUE
        return str(self.result.analysis.get_verdict_display())


@dataclass(frozen=True)
class EffectCourse:
    """The effect of one variant on the primary KPI, analysis by analysis."""

    variant: str
    indicator: Indicator
    moments: Sequence[Moment]

    @cached_property
    def drawing(self) -> Curve | None:
        effects = [found for one in self.moments if (found := effect_of(one.result))]
        return curve(effects)

    @property
    def axis(self) -> str:
        """Say what the height of the drawing stands for."""
        if self.drawing is None:
            return ""
        ends = self.drawing.lowest, self.drawing.highest
        lowest, highest = (signed(self.indicator, end) for end in ends)
        return gettext(
            "From %(lowest)s to %(highest)s; the horizontal line is no effect, the band the "
            "interval."
        ) % {"lowest": lowest, "highest": highest}


def courses(analyses: Sequence[Analysis], disclosure: Disclosure) -> list[EffectCourse]:
    """Return a course for each variant but the control, from the oldest analysis on; one query.

    Analyses whose primary KPI is hidden are left out.
    """
    found = (
        AnalysisResult.objects.filter(analysis__in=analyses, role=Role.PRIMARY)
        .filter(variant__is_control=False)
        .select_related("analysis", "variant")
        .order_by("variant__position", "analysis__computed_at", "pk")
    )
    by_variant: dict[int, list[AnalysisResult]] = {}
    for one in found:
        if one.kpi in REGISTRY and not disclosure.hides_kpi(one.analysis, one.kpi):
            by_variant.setdefault(one.variant_id, []).append(one)
    return [
        EffectCourse(
            str(rows[0].variant),
            REGISTRY[rows[0].kpi],
            [
                Moment(one, REGISTRY[one.kpi], disclosure.hides_verdict(one.analysis))
                for one in rows
            ],
        )
        for rows in by_variant.values()
    ]
