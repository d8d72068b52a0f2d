"""What readers who may not see small groups get to see of analyses: nothing about few learners.

Two analyses that differ by one learner would say what this learner did. Such a reader sees the
latest one, and of the earlier ones only those that at least `KPI_MIN_GROUP` learners in each
variant set apart from the next one shown. This is decided KPI by KPI, and only learners with facts
of the KPI count: a sum over 50 learners of whom one paid is what this one paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings

from experiments.models import Analysis, AnalysisResult, Experiment, Metric

# verdicts that follow from numbers of units alone, by the code of their sentence
WITHOUT_VALUES = ("mismatch", "no-units", "before-its-time", "stopped-early")
DECIDING = (Metric.Role.PRIMARY, Metric.Role.GUARDRAIL)
# learners with facts by variant key
Learners = dict[str, int]


@dataclass(frozen=True)
class Disclosure:
    """What is hidden of some analyses: all of it, or the figures of KPIs, by analysis (id)."""

    hidden: frozenset[int] = frozenset()
    kpis: Mapping[int, frozenset[str]] = field(default_factory=dict)
    deciding: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def hides(self, analysis: Analysis) -> bool:
        """Return whether all of an analysis is hidden, even the numbers of units."""
        return analysis.pk in self.hidden

    def hides_kpi(self, analysis: Analysis, kpi: str) -> bool:
        return self.hides(analysis) or kpi in self.kpis.get(analysis.pk, ())

    def hides_verdict(self, analysis: Analysis) -> bool:
        """Return whether the verdict follows from hidden figures."""
        if self.hides(analysis) or analysis.why.get("code") in WITHOUT_VALUES:
            return self.hides(analysis)
        return bool(self.deciding.get(analysis.pk))


def disclosure_of(analyses: Iterable[Analysis], *, sees_small_groups: bool) -> Disclosure:
    """Return what to hide of analyses, of any experiments; load their experiments. One query.

    The latest ones of each experiment must be among them: what is hidden follows from these.
    """
    if sees_small_groups:
        return Disclosure()
    rows = sorted(analyses, key=lambda one: (one.computed_at, one.pk), reverse=True)
    hidden = frozenset(one.pk for one in rows if one.is_small or _is_held(one))
    learners, deciding = _learners([one for one in rows if one.pk not in hidden])
    kpis: dict[int, set[str]] = defaultdict(set)
    shown: dict[tuple[int, str], Learners] = {}
    for one in rows:
        for kpi, now in learners[one.pk].items():
            later = shown.get((one.experiment_id, kpi))
            if _are_few(now) or (later is not None and not _is_apart(now, later)):
                kpis[one.pk].add(kpi)
            else:
                shown[one.experiment_id, kpi] = now
    return Disclosure(
        hidden,
        {pk: frozenset(some) for pk, some in kpis.items()},
        {pk: frozenset(some & deciding[pk]) for pk, some in kpis.items()},
    )


def _is_held(analysis: Analysis) -> bool:
    """True while figures of open periods are held: earlier versions of results are not stored."""
    return settings.KPI_HOLD_OPEN_FIGURES and analysis.experiment.is_running


def _learners(
    analyses: list[Analysis],
) -> tuple[dict[int, dict[str, Learners]], dict[int, set[str]]]:
    """Return who is behind the figures, by analysis and KPI, and the KPIs that decide."""
    by_id = {one.pk: one for one in analyses}
    found: dict[int, dict[str, Learners]] = defaultdict(dict)
    deciding: dict[int, set[str]] = defaultdict(set)
    rows = AnalysisResult.objects.filter(analysis__in=by_id).order_by("pk")
    names = ("analysis", "kpi", "role", "variant__key", "n", "without_rows")
    for pk, kpi, role, variant, n, without in rows.values_list(*names):
        is_by_run = by_id[pk].experiment.unit == Experiment.Unit.RUN
        # of runs, only the number of all their learners is stored
        number = by_id[pk].learners.get(variant, 0) if is_by_run else n - without
        found[pk].setdefault(kpi, {})[variant] = number
        if role in DECIDING:
            deciding[pk].add(kpi)
    return found, deciding


def _are_few(learners: Learners) -> bool:
    return any(0 < number < settings.KPI_MIN_GROUP for number in learners.values())


def _is_apart(earlier: Learners, later: Learners) -> bool:
    """True if no variant differs by a few learners; one without any says nothing either way."""
    return all(
        later.get(variant, 0) - number >= settings.KPI_MIN_GROUP
        or (number == 0 and later.get(variant, 0) == 0)
        for variant, number in earlier.items()
    )
