"""Which exposed units an analysis compares, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Case, Count, Exists, Min, OuterRef, Q, QuerySet, Value, When

from curriculum.models import Learner
from experiments.models import Assignment, Deviation, Experiment, Exposure, ForcedVariant

LeftOut = Exposure.LeftOut


@dataclass(frozen=True)
class Counts:
    """Numbers of units by variant key, the shares to expect, and how many are left out."""

    assigned: dict[str, int]
    exposed: dict[str, int]
    learners: dict[str, int]
    expected: dict[str, float]
    left_out: dict[str, int]
    first_exposure: datetime | None

    @property
    def smallest(self) -> int:
        """Return how many units the smallest variant has."""
        return min(self.exposed.values(), default=0)


def mark_left_out(experiment: Experiment) -> None:
    """Note which exposures do not count, and why, with one statement.

    A unit is set aside if it was exposed to another variant than the assigned one, or to two:
    its result says nothing about either. Units with a forced variant are not there by chance.
    """
    unit = _unit(experiment)
    mine = {"experiment": experiment.pk, unit: OuterRef(unit)}
    others = Exposure.objects.filter(**mine).exclude(variant=OuterRef("variant"))
    own = Assignment.objects.filter(**mine, variant=OuterRef("variant"))
    uncounted = Learner.objects.uncounted().filter(pk=OuterRef("learner"))
    why = Case(
        When(Exists(ForcedVariant.objects.filter(**mine)), then=Value(LeftOut.FORCED)),
        When(Exists(others) | ~Exists(own), then=Value(LeftOut.TWO_VARIANTS)),
        When(Exists(uncounted), then=Value(LeftOut.UNCOUNTED)),
        default=Value(""),
    )
    rows = Exposure.objects.filter(experiment=experiment)
    changed = rows.alias(why=why).exclude(left_out=why)
    Exposure.objects.filter(pk__in=changed.order_by().values("pk")).update(left_out=why)


def compared(experiment: Experiment, through: datetime) -> QuerySet[Exposure]:
    """Return the exposures of the units that are compared, of each its only one until then."""
    rows = Exposure.objects.filter(experiment=experiment, left_out="", first_at__lt=through)
    return rows.order_by()


def count(experiment: Experiment, through: datetime) -> Counts:
    """Count the units that were exposed before a moment, with six queries at most."""
    rows = compared(experiment, through)
    keys = {one.pk: one.key for one in experiment.variants.all()}
    assigned = Assignment.objects.filter(experiment=experiment).order_by().values("variant")
    kept = rows.values("variant")
    out = Exposure.objects.filter(experiment=experiment).exclude(left_out="").order_by()
    reasons = out.values("left_out").values_list(
        "left_out", Count(_unit(experiment), distinct=True)
    )
    exposed = _by_key(keys, dict(kept.values_list("variant", Count("pk"))))
    return Counts(
        assigned=_by_key(keys, dict(assigned.values_list("variant", Count("pk")))),
        exposed=exposed,
        learners=_learners(rows, keys) if _unit(experiment) == "run" else exposed,
        expected=_expected(experiment, rows),
        left_out=dict(reasons),
        first_exposure=rows.aggregate(at=Min("first_at"))["at"],
    )


def _by_key(keys: dict[int, str], numbers: dict[int, int]) -> dict[str, int]:
    return {key: numbers.get(pk, 0) for pk, key in keys.items()}


def _learners(exposures: QuerySet[Exposure], keys: dict[int, str]) -> dict[str, int]:
    """Return how many learners are in the exposed runs, by variant key."""
    is_counted = Q(run__enrollments__is_cancelled=False, run__enrollments__learner__kind="learner")
    learners = Count("run__enrollments__learner", distinct=True, filter=is_counted)
    rows = exposures.values("variant").annotate(kpi_learners=learners)
    return _by_key(keys, dict(rows.values_list("variant", "kpi_learners")))


def _expected(experiment: Experiment, exposures: QuerySet[Exposure]) -> dict[str, float]:
    """Return the shares to expect of the compared units, by variant key.

    If the weights have changed, each unit counts with those of the time of its assignment.
    """
    epochs = _epochs(experiment)
    if len(epochs) == 1 or not exposures.exists():
        return epochs[-1][1]
    begins = [When(assigned_at__gte=at, then=Value(index)) for index, (at, _) in enumerate(epochs)]
    unit = _unit(experiment)
    rows = Assignment.objects.filter(
        experiment=experiment, **{f"{unit}__in": exposures.values(unit)}
    )
    # the last epoch that had begun
    epoch = Case(*reversed(begins), default=Value(0))
    numbers = dict(rows.order_by().values_list(epoch).annotate(Count("pk")))
    return {
        key: sum(numbers.get(index, 0) * weights[key] for index, (_, weights) in enumerate(epochs))
        / sum(numbers.values())
        for key in epochs[0][1]
    }


def _epochs(experiment: Experiment) -> list[tuple[datetime, dict[str, float]]]:
    """Return since when which weights applied, by variant key."""
    planned = (experiment.plan or {}).get("variants", ())
    begin = experiment.started_at or experiment.created_at
    first = {one["key"]: float(Decimal(one["weight"])) for one in planned}
    changes = Deviation.objects.filter(experiment=experiment, field="weights").order_by("at", "pk")
    later = [
        (one.at, {key: float(Decimal(weight)) for key, weight in one.after["weights"].items()})
        for one in changes
    ]
    return [(begin, first), *later]


def _unit(experiment: Experiment) -> str:
    return "run" if experiment.unit == Experiment.Unit.RUN else "learner"
