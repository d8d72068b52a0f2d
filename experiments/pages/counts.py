"""The numbers of units in each variant against its weight."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from experiments.analysis.verdict import MISMATCH
from experiments.models import Analysis, Assignment, Experiment, Variant
from experiments.written import count, p_value
from kpis.definitions.units import NO_VALUE, PERCENT


@dataclass(frozen=True)
class CountRow:
    """One variant; `exposed` and `expected` are None before the first analysis or if hidden."""

    variant: Variant
    number_assigned: int
    number_exposed: int | None
    expected_share: float | None
    share_of_exposed: float | None

    @property
    def weight(self) -> str:
        return PERCENT.text(float(self.variant.weight))

    @property
    def assigned(self) -> str:
        return count(self.number_assigned)

    @property
    def exposed(self) -> str:
        return count(self.number_exposed)

    @property
    def expected(self) -> str:
        return PERCENT.text(self.expected_share)

    @property
    def found(self) -> str:
        return PERCENT.text(self.share_of_exposed)


@dataclass(frozen=True)
class Counts:
    """All variants, and whether their numbers contradict the weights."""

    rows: list[CountRow]
    analysis: Analysis | None

    @property
    def is_mismatch(self) -> bool:
        p = self.analysis.sample_ratio_p if self.analysis else None
        return p is not None and p < MISMATCH

    @property
    def p(self) -> str:
        return p_value(self.analysis.sample_ratio_p) if self.analysis else NO_VALUE

    @property
    def set_aside(self) -> str:
        return count(self.analysis.set_aside if self.analysis else None)

    @property
    def forced(self) -> str:
        return count(self.analysis.forced if self.analysis else None)

    @property
    def uncounted(self) -> str:
        return count(self.analysis.uncounted if self.analysis else None)


def counts(experiment: Experiment, variants: list[Variant], analysis: Analysis | None) -> Counts:
    """Count the assigned units now; exposed ones are those of the analysis, if it is shown."""
    rows = Assignment.objects.filter(experiment=experiment).order_by()
    assigned = dict(rows.values_list("variant").annotate(Count("pk")))
    exposed = analysis.exposed if analysis else {}
    total = sum(exposed.values())
    return Counts(
        [
            CountRow(
                variant=one,
                number_assigned=assigned.get(one.pk, 0),
                number_exposed=exposed.get(one.key),
                expected_share=analysis.expected.get(one.key) if analysis else None,
                share_of_exposed=exposed.get(one.key, 0) / total if total else None,
            )
            for one in variants
        ],
        analysis,
    )
