"""The demonstration's four experiments: one runs, one was shipped, one stopped, one is invalid.

Drafts, assignments, exposures, analyses and decisions come from the product itself, as of the
moments at which they would have happened. The results follow from the learners' events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import TypeVar

from django.db.models import Min

from accounts.models import User
from core import reporting_clock
from curriculum.models import Course, Parameter, ParameterChange
from demo.world.calendar import Calendar
from demo.world.experiment_plans import (
    CONTROL,
    HALVES,
    LAYER,
    LAYER_SEED,
    PLANS,
    ExperimentPlan,
)
from experiments import audience, checklist, decisions, drafts, exposing, lifecycle, sizing
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.drafts import PlannedMetric, PlannedValue, PlannedVariant
from experiments.exposing import Exposed
from experiments.exposures import EXPOSED
from experiments.models import Analysis, Assignment, Experiment, Layer, Metric
from intake.events.senders import Sender
from intake.models import Event

Role = Metric.Role
T = TypeVar("T")
# planned units per unit needed, because what is known about the KPI changes every day
SPARE = 1.2
# what is planned if hardly anything is known yet
SMALLEST_N = 50
TOO_FEW_KNOWN = "We will learn how much the KPI varies, even if we find no effect."
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# the platform reports the first module that a learner opens
MEETS_VARIANT = "module.started"


def tell(now: datetime, staff: User, sender: Sender) -> None:
    """Let the product and the staff account act at each moment of the experiments up to now.

    One experiment after the other, so that learners are assigned in one at a time.
    """
    calendar = Calendar.at(now, reporting_clock.reporting_zone())
    for plan in PLANS:
        _Story(plan, calendar, staff, sender).tell()


@dataclass(frozen=True)
class _Story:
    plan: ExperimentPlan
    calendar: Calendar
    staff: User
    sender: Sender

    def tell(self) -> None:
        started_at = self.plan.started_at(self.calendar)
        experiment = self._start(self._draft(started_at - 2 * DAY), started_at)
        last = self._run(experiment, started_at)
        if self.plan.decision_reason:
            decided_on = self.calendar.day_of(last.computed_at) + 2 * DAY
            self._decide(experiment, last, self.calendar.moment(decided_on, hour=11))

    def _draft(self, at: datetime) -> Experiment:
        """Draft the experiment, and plan its size once the product can say what it needs."""
        drafted = self._save(None, None, at)
        Experiment.objects.filter(pk=drafted.pk).update(created_at=at)
        found = sizing.assess(drafted, at)
        planned_n = ceil((found.needed or 0) * SPARE) if found else 0
        return self._save(drafted, planned_n or SMALLEST_N, at + HOUR)

    def _save(self, drafted: Experiment | None, planned_n: int | None, at: datetime) -> Experiment:
        plan, method = self.plan, Experiment.Method
        fields = {
            "key": plan.key,
            "name": plan.name,
            "hypothesis": plan.hypothesis,
            "seed": plan.seed,
            "only_new": True,
            "method": method.SEQUENTIAL if plan.is_sequential else method.FIXED,
            "planned_effect": plan.effect,
            "planned_n": planned_n,
            "planned_end": plan.planned_end(self.calendar),
            **self._layer_fields(),
        }
        return drafts.save(
            drafted,
            fields,
            variants=self._variants(),
            metrics=list(self._metrics()),
            courses=list(Course.objects.filter(key__in=plan.courses)),
            by=self.staff,
            now=at,
        )

    def _layer_fields(self) -> dict[str, object]:
        if self.plan.layer_part is None:
            return {}
        layer, _ = Layer.objects.get_or_create(seed=LAYER_SEED, defaults={"name": LAYER})
        # as the database returns it, so that the second draft does not seem to change it
        first, last = (Decimal(f"{one:.4f}") for one in self.plan.layer_part)
        return {"layer": layer, "layer_from": first, "layer_to": last}

    def _variants(self) -> list[PlannedVariant]:
        plan = self.plan
        control, treatment = (Decimal(str(one)) for one in HALVES)
        value = PlannedValue(parameter_key=plan.parameter, value=plan.value)
        return [
            PlannedVariant(key=CONTROL, name=plan.control_name, weight=control, is_control=True),
            PlannedVariant(
                key=plan.variant, name=plan.variant_name, weight=treatment, values=(value,)
            ),
        ]

    def _metrics(self) -> Iterator[PlannedMetric]:
        yield PlannedMetric(kpi=self.plan.primary, role=Role.PRIMARY)
        for kpi in self.plan.secondary:
            yield PlannedMetric(kpi=kpi, role=Role.SECONDARY)
        for kpi, margin in self.plan.guardrails.items():
            yield PlannedMetric(kpi=kpi, role=Role.GUARDRAIL, margin=margin)

    def _start(self, drafted: Experiment, at: datetime) -> Experiment:
        checked = checklist.checklist(drafted, at)
        is_enough = all(one.passed for one in checked if one.key == "power")
        reason = "" if is_enough else TOO_FEW_KNOWN
        return lifecycle.start(drafted, self.staff, underpowered_reason=reason, now=at)

    def _run(self, experiment: Experiment, since: datetime) -> Analysis:
        """Let learners come in and analyze, night by night; returns the last analysis."""
        arrivals, stopped_at = _Arrivals.of(experiment), self.plan.stopped_at(self.calendar)
        for look in self.plan.looks(self.calendar):
            until = min(look, stopped_at or look)
            self._admit(experiment, arrivals, since, until)
            if stopped_at and look > stopped_at:
                reason = self.plan.stop_reason
                experiment = lifecycle.stop(experiment, self.staff, reason=reason, now=stopped_at)
            night = self.calendar.day_of(look)
            last = analyze(experiment, now=look + HOUR, through=look, night=night)
            since = until
        return last

    def _admit(
        self, experiment: Experiment, arrivals: _Arrivals, since: datetime, until: datetime
    ) -> None:
        """Assign who enrolled in `[since, until)`, and report who met a variant in that time."""
        enrolled = _between(arrivals.enrolled, since, until)
        assign(list(enrolled), now=until, since=enrolled)
        met = _between(arrivals.met, since, until)
        assigned = Assignment.objects.filter(experiment=experiment, learner__key__in=list(met))
        exposed = [
            Exposed(experiment=experiment.key, learner=key, at=met[key])
            for key in assigned.order_by("learner").values_list("learner__key", flat=True)
            if self.plan.is_reported(key)
        ]
        exposing.report(exposed, self.sender, now=until)

    def _decide(self, experiment: Experiment, last: Analysis, at: datetime) -> None:
        """Decide as the last analysis says; without an improvement, everything stays as it was."""
        is_shipped = last.verdict == Analysis.Verdict.SHIP
        decisions.decide(
            experiment,
            self.staff,
            verdict=Experiment.Verdict.SHIP if is_shipped else Experiment.Verdict.STOP,
            variant=last.variant,
            reason=self.plan.decision_reason,
            now=at,
        )


@dataclass(frozen=True)
class _Arrivals:
    """When each learner (id) enrolled, and when each (key) met the variant for the first time.

    Learners in the control meet what everybody gets there.
    """

    enrolled: Mapping[int, datetime]
    met: Mapping[str, datetime]

    @classmethod
    def of(cls, experiment: Experiment) -> _Arrivals:
        rows = audience.enrollments_in(experiment).order_by().values_list("learner__key", "learner")
        found = list(rows.annotate(Min("enrolled_at")))
        enrolled = {key: at for key, _, at in found}
        opened = Event.objects.filter(kind=MEETS_VARIANT, course__in=experiment.courses.all())
        met: dict[str, datetime] = {}
        for key, at in opened.order_by("occurred_at").values_list("learner", "occurred_at"):
            # who takes an older run of the course has no variant before enrolling in a new one
            if key in enrolled and at >= enrolled[key]:
                met.setdefault(key, at)
        return cls({pk: at for _, pk, at in found}, met)


def _between(moments: Mapping[T, datetime], since: datetime, until: datetime) -> dict[T, datetime]:
    return {one: at for one, at in moments.items() if since <= at < until}


def is_told() -> bool:
    return Experiment.objects.filter(seed__in=[one.seed for one in PLANS]).exists()


def forget() -> None:
    """Remove the experiments and what they left; call it while their courses still exist.

    A parameter that staff have changed since keeps its history.
    """
    mine = Experiment.objects.filter(seed__in=[one.seed for one in PLANS])
    keys = list(mine.values_list("key", flat=True))
    changes = ParameterChange.objects.filter(shipped_by_experiment__experiment__in=mine)
    rows = list(changes.values_list("parameter", flat=True))
    untouched = Parameter.objects.filter(pk__in=rows).exclude(
        changes__in=ParameterChange.objects.exclude(pk__in=changes.values("pk"))
    )
    untouched.delete()
    mine.delete()
    # also those of people who tried the experiments out
    Event.objects.filter(kind=EXPOSED, data__experiment__in=keys).delete()
    Layer.objects.filter(seed=LAYER_SEED, experiments=None).delete()
