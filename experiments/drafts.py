"""Write and edit drafts: the one way for the admin, the pages, the API and improvement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from curriculum.models import Course, CourseRun, Module
from experiments import measurable, places
from experiments.checklist import weights_problem
from experiments.history import Actor, account_of, record
from experiments.locked_plan import plan_of
from experiments.locking import lock
from experiments.models import Experiment, ExperimentEvent, Metric, Variant, VariantValue

FIELDS = (
    "key", "name", "hypothesis", "unit", "layer", "layer_from", "layer_to", "holdout", "only_new",
    "track", "method", "alpha", "power", "planned_effect", "planned_n", "planned_end",
    "baseline_days", "underpowered_reason", "adjustment", "seed",
)  # fmt: skip
# the pages and the API have something else under these names
RESERVED = ("assignments", "exposures", "new", "power")


@dataclass(frozen=True, kw_only=True)
class PlannedValue:
    """The value of a parameter in a variant, for one module or wherever it applies."""

    parameter_key: str
    value: Decimal
    module: Module | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedVariant:
    """A variant of a draft; weights are shares of 1."""

    key: str
    weight: Decimal
    name: str = ""
    is_control: bool = False
    values: Sequence[PlannedValue] = ()


@dataclass(frozen=True, kw_only=True)
class PlannedMetric:
    """A KPI of a draft; guardrails have a margin in the KPI's unit, shares from 0 to 1."""

    kpi: str
    role: str
    margin: float | None = None


@transaction.atomic
def save(
    experiment: Experiment | None,
    fields: Mapping[str, Any],
    *,
    variants: Sequence[PlannedVariant],
    metrics: Sequence[PlannedMetric],
    courses: Sequence[Course] = (),
    runs: Sequence[CourseRun] = (),
    by: Actor,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Experiment:
    """Create a draft (None) or replace all of one; returns it.

    ValidationError by field (`variants`, `weights`, `values`, `metrics`, or a field's name), with
    nothing written, for what could never be right; once started, the plan is locked. What may
    still be missing, the checklist says.
    """
    now = now or timezone.now()
    if unknown := set(fields) - set(FIELDS):
        raise ValueError(f"Not fields of a draft: {', '.join(sorted(unknown))}.")
    row = Experiment(created_by=account_of(by))
    was: dict[str, Any] = {}
    if experiment is not None:
        row = lock(experiment, expected_version, (Experiment.State.DRAFT,))
        was = plan_of(row)
    for name, value in fields.items():
        setattr(row, name, value)
    _check(row, variants, metrics)
    _write(row)
    # as it is stored, so that 0.8 and 0.8000 are no change
    row.refresh_from_db()
    row.courses.set(courses)
    row.runs.set(runs)
    _replace_metrics(row, metrics)
    _replace_variants(row, variants, now)
    kind = ExperimentEvent.Kind.EDITED if was else ExperimentEvent.Kind.CREATED
    before, after = _difference(was, plan_of(row))
    record(row, kind, at=now, by=by, before=before, after=after)
    return row


def _check(
    row: Experiment, variants: Sequence[PlannedVariant], metrics: Sequence[PlannedMetric]
) -> None:
    """ValidationError, by field, with all that is wrong before anything is written."""
    problems: dict[str, list[str]] = {}
    try:
        row.full_clean(exclude=("created_by",))
    except ValidationError as error:
        problems = error.message_dict
    if row.key in RESERVED:
        text = gettext("Choose another key: “%(key)s” is reserved.")
        problems["key"] = [text % {"key": row.key}]
    found = {"variants": _variant_problems(variants), "metrics": _metric_problems(row, metrics)}
    if variants and (wrong := weights_problem([one.weight for one in variants])):
        found["weights"] = [wrong]
    problems |= {name: sentences for name, sentences in found.items() if sentences}
    if problems:
        raise ValidationError(problems)


def _write(row: Experiment) -> None:
    """ValidationError if somebody else took the key at the same moment."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.full_clean(exclude=("created_by",))
        raise


def _variant_problems(variants: Sequence[PlannedVariant]) -> list[str]:
    found = []
    if len({one.key for one in variants}) < len(variants):
        found.append(gettext("Two variants have the same key."))
    if sum(one.is_control for one in variants) > 1:
        found.append(gettext("Mark one variant as the control."))
    return found


def _metric_problems(row: Experiment, metrics: Sequence[PlannedMetric]) -> list[str]:
    found = [measurable.problem_of(one.kpi, row.unit) for one in metrics]
    if len({one.kpi for one in metrics}) < len(metrics):
        found.append(gettext("Choose each KPI once."))
    if sum(one.role == Metric.Role.PRIMARY for one in metrics) > 1:
        found.append(gettext("Choose one primary KPI."))
    return [one for one in found if one]


def _replace_metrics(row: Experiment, metrics: Sequence[PlannedMetric]) -> None:
    row.metrics.all().delete()
    made = [
        Metric(experiment=row, kpi=one.kpi, role=one.role, margin=one.margin, position=at)
        for at, one in enumerate(metrics)
    ]
    for one in made:
        _validate(one, "metrics")
    Metric.objects.bulk_create(made)


def _replace_variants(row: Experiment, variants: Sequence[PlannedVariant], now: datetime) -> None:
    row.variants.all().delete()
    for at, planned in enumerate(variants):
        made = Variant(
            experiment=row,
            key=planned.key,
            name=planned.name,
            weight=planned.weight,
            is_control=planned.is_control,
            position=at,
        )
        _validate(made, "variants")
        made.save()
        values = [
            VariantValue(
                variant=made, parameter_key=one.parameter_key, module=one.module, value=one.value
            )
            for one in planned.values
        ]
        if found := [text for one in values if (text := places.problem_of(row, one, now))]:
            raise ValidationError({"values": found})
        for value in values:
            _validate(value, "values")
        VariantValue.objects.bulk_create(values)


def _validate(row: Metric | Variant | VariantValue, field: str) -> None:
    """Check one row of the plan; its problems are reported under one field of the form."""
    try:
        row.full_clean(exclude=("experiment", "variant"))
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error


def _difference(was: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    changed = [name for name in now if was.get(name) != now[name]]
    before = {name: was[name] for name in changed if name in was}
    return before, {name: now[name] for name in changed}
