"""Experiments with a known effect, from their fact rows to their stored analyses.

A world has learners whose past says how a KPI varies. Each trial assigns them anew, exposes them
day by day, adds what they did afterwards, and is analyzed; its rows are gone at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import numpy as np
from django.db import transaction

from business.models import Customer, Payment
from core import process_cache, reporting_clock
from core.database.bulk_upsert import insert
from curriculum.models import Course, CourseRun, Enrollment, Learner, Module
from engagement.models import AssessmentResult, LearningObject
from experiments import lifecycle, sizing
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.drafts import PlannedMetric
from experiments.models import AnalysisResult, Assignment, Experiment, Exposure, Metric
from experiments.tests.trials import DAY, STARTED_AT, draft
from kpis.definitions.periods import local_day
from kpis.definitions.scopes import Scope
from outcomes.models import Response, Survey, Wave

# days on which new units are exposed; what they do follows on the next days
DAYS = 14
BEFORE = STARTED_AT - 30 * DAY
NUMBERS = count()
Numbers = np.ndarray
# adds the facts of learners (by position) at moments: their levels, and a generator
AddFacts = Callable[["World", Numbers, Numbers, list[datetime], np.random.Generator], None]


@dataclass(frozen=True)
class Kind:
    """A KPI, its facts, and how it varies: its level, and its deviations between learners and runs.

    `runs` is the number of runs that are assigned as wholes; 0: learners are assigned.
    """

    kpi: str
    add_facts: AddFacts
    level: float
    between_learners: float = 0.0
    between_runs: float = 0.0
    runs: int = 0


@dataclass(frozen=True)
class World:
    """The learners of a course; `levels` are what each of them tends to."""

    kind: Kind
    course: Course
    runs: list[CourseRun]
    learners: Numbers
    enrollments: Numbers
    customers: Numbers
    levels: Numbers


def answers(
    world: World, who: Numbers, levels: Numbers, moments: list[datetime], rng: np.random.Generator
) -> None:
    """Add an answer of each learner to a survey: satisfied with the probability of the level."""
    wave = Wave.objects.create(survey=Survey.objects.get(key="s"), key=f"w{next(NUMBERS)}")
    satisfied = rng.random(len(who)) < levels
    columns = ("enrollment_id", "wave_id", "answered_at", "nps", "csat", "comment", "may_quote")
    insert(
        Response,
        (*columns, "language"),
        [
            (int(world.enrollments[at]), wave.pk, moment, None, 5 if good else 2, "", False, "en")
            for at, moment, good in zip(who, moments, satisfied, strict=True)
        ],
    )


def payments(
    world: World, who: Numbers, levels: Numbers, moments: list[datetime], rng: np.random.Generator
) -> None:
    """Add a payment of each learner, of skewed amounts around the level.

    Everybody pays: an effect on the amounts of some would also widen them, and the calculator
    assumes that the KPI varies as before.
    """
    skewed = rng.lognormal(0, 0.6, len(who)) - np.exp(0.6**2 / 2)
    amounts = np.maximum(1, np.round(levels + 5_000 * skewed))
    insert(
        Payment,
        ("sender", "key", "is_refund", "customer_id", "course_id", "is_customer_reported",
         "is_course_reported", "amount", "currency", "booked_at", "subscription_key",
         "payment_key"),
        [
            ("", f"p{next(NUMBERS)}", False, int(world.customers[at]), world.course.pk, True, True,
             int(amount), "USD", moment, "", "")
            for at, moment, amount in zip(who, moments, amounts, strict=True)
        ],
    )  # fmt: skip


def grades(
    world: World, who: Numbers, levels: Numbers, moments: list[datetime], rng: np.random.Generator
) -> None:
    """Add grades in one, two or three assessments of each learner, around the level."""
    tests = [
        LearningObject.objects.create(
            course=world.course, key=f"t{next(NUMBERS)}", kind="assessment", module=module
        )
        for module in Module.objects.all()
        for _ in range(3)
    ]
    numbers = rng.integers(1, len(tests) + 1, len(who))
    insert(
        AssessmentResult,
        ("enrollment_id", "assessment_id", "attempt", "graded_at", "score"),
        [
            (int(world.enrollments[at]), test.pk, 1, moment, score)
            for at, level, moment, number in zip(who, levels, moments, numbers, strict=True)
            for test in tests[:number]
            for score in [float(np.clip(level + rng.normal(0, 0.1), 0, 1))]
        ],
    )


KINDS = {
    "share": Kind("outcome.csat", answers, 0.6),
    "mean": Kind("business.revenue", payments, 12_000, between_learners=2_000),
    "ratio": Kind("engagement.assessment-performance", grades, 0.65, between_learners=0.1),
    "clusters": Kind(
        "engagement.assessment-performance",
        grades,
        0.65,
        between_learners=0.1,
        between_runs=0.05,
        runs=40,
    ),
}  # fmt: skip


def world_of(kind: Kind, learners: int, rng: np.random.Generator) -> World:
    """Create the learners of a world, and what they did 30 days before the trials."""
    course = Course.objects.create(key="c", title="C")
    Module.objects.create(course=course, key="m", title="M", position=1)
    Survey.objects.create(key="s", title="S")
    runs = [CourseRun.objects.create(course=course, key=f"r{at}") for at in range(kind.runs or 1)]
    Learner.objects.bulk_create(Learner(key=f"l{at:06}") for at in range(learners))
    ids = list(Learner.objects.order_by("key").values_list("pk", flat=True))
    begun = BEFORE - 10 * DAY
    insert(
        Enrollment,
        ("learner_id", "run_id", "enrolled_at", "started_at", "cutoff_at", "planned_due_at",
         "due_at", "completed_by_sender"),
        [(pk, runs[at % len(runs)].pk, begun, begun, begun, begun, begun, False)
         for at, pk in enumerate(ids)],
    )  # fmt: skip
    insert(Customer, ("kind", "key", "learner_id", "name"),
           [("learner", f"l{pk}", pk, "") for pk in ids])  # fmt: skip
    of_runs = rng.normal(0, kind.between_runs, len(runs))[np.arange(learners) % len(runs)]
    levels = kind.level + of_runs + rng.normal(0, kind.between_learners, learners)
    world = World(
        kind,
        course,
        runs,
        np.array(ids),
        np.array(Enrollment.objects.order_by("learner__key").values_list("pk", flat=True)),
        np.array(Customer.objects.order_by("learner__key").values_list("pk", flat=True)),
        levels,
    )
    everybody = np.arange(learners)
    kind.add_facts(world, everybody, levels, [BEFORE] * learners, rng)
    return world


def planned(
    world: World, *, effect: float | None = None, is_sequential: bool = False
) -> sizing.Sizing:
    """Return what the calculator says about an experiment with all units of a world."""
    question = sizing.Question(
        kpi=world.kind.kpi,
        effect=effect,
        scope=Scope(course_ids=frozenset([world.course.pk])),
        by_run=bool(world.kind.runs),
        is_sequential=is_sequential,
        end=local_day(STARTED_AT, reporting_clock.reporting_zone()),
    )
    units = world.kind.runs or len(world.learners)
    return sizing.answer(question, STARTED_AT, present=units, per_week=0)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the treatment adds to the level of its learners, and how it is analyzed."""

    effect: float = 0.0
    is_sequential: bool = False
    looks_daily: bool = False
    baseline_days: int = 0

    @property
    def looks(self) -> range:
        """Return after how many days the results are looked at."""
        return range(1 if self.looks_daily else DAYS + 2, DAYS + 3)


def results_of(trial: Trial, world: World, rng: np.random.Generator) -> list[AnalysisResult]:
    """Return the results of an experiment with all learners of a world, one for each look."""
    with transaction.atomic():
        found = list(_lived(trial, world, rng))
        transaction.set_rollback(True)
    # the next trial has the same number of changes, and another seed
    process_cache.clear_all()
    return found


def _lived(trial: Trial, world: World, rng: np.random.Generator) -> Iterator[AnalysisResult]:
    units = world.kind.runs or len(world.learners)
    end = STARTED_AT + (DAYS + 2) * DAY
    experiment = draft(
        courses=[world.course],
        unit=Experiment.Unit.RUN if world.kind.runs else Experiment.Unit.LEARNER,
        metrics=[PlannedMetric(kpi=world.kind.kpi, role=Metric.Role.PRIMARY)],
        method=Experiment.Method.SEQUENTIAL if trial.is_sequential else Experiment.Method.FIXED,
        baseline_days=trial.baseline_days,
        planned_n=units // 2,
        planned_end=end.date(),
        seed=str(rng.integers(2**62)),
    )
    experiment = lifecycle.start(experiment, None, now=STARTED_AT)
    assign(world.learners.tolist(), now=STARTED_AT)
    treated, days = _expose(world, experiment, rng)
    levels = world.levels + trial.effect * treated
    moments = [STARTED_AT + (day + 1) * DAY + timedelta(hours=1) for day in days.tolist()]
    world.kind.add_facts(world, np.arange(len(levels)), levels, moments, rng)
    for day in trial.looks:
        analysis = analyze(experiment, now=STARTED_AT + day * DAY)
        yield analysis.results.get(variant__is_control=False)


def _expose(
    world: World, experiment: Experiment, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Expose each unit on one of the days; returns, by learner, if treated, and the day."""
    column = "run_id" if world.kind.runs else "learner_id"
    assigned = dict(Assignment.objects.order_by(column).values_list(column, "variant_id"))
    days = dict(zip(assigned, rng.integers(0, DAYS, len(assigned)).tolist(), strict=True))
    zone = reporting_clock.reporting_zone()
    rows = []
    for unit, variant in assigned.items():
        at = STARTED_AT + days[unit] * DAY
        rows.append((experiment.pk, unit, variant, at, local_day(at, zone)))
    insert(Exposure, ("experiment_id", column, "variant_id", "first_at", "first_on"), rows)
    treatment = experiment.variants.get(is_control=False).pk
    if world.kind.runs:
        units = [world.runs[at % len(world.runs)].pk for at in range(len(world.learners))]
    else:
        units = world.learners.tolist()
    return (
        np.array([assigned[one] == treatment for one in units]),
        np.array([days[one] for one in units]),
    )


def finds(results: list[AnalysisResult]) -> str:
    """Return what an experiment first calls its treatment: better, worse or nothing."""
    return next((one.outcome for one in results if one.outcome in ("better", "worse")), "")
