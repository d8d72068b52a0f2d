"""Time the analysis of an experiment against a bare pandas groupby over the same rows.

python -m benchmarks.experiments [--learners 100000] [--repeat 3] [--postgresql]

Printed are the assignment of 10,000 learners in one call, one cached assignment, the analysis of
ten KPIs from the fact rows to the stored result, and its ratio to pandas (an extra of this
benchmark: pip install pandas), which groups the same rows by learner and then by variant.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.module_loading import import_string

from benchmarks.databases import new_database

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
KPIS = (
    "engagement.completion-rate",
    "engagement.progress-velocity",
    "engagement.video-watch",
    "engagement.interaction-rate",
    "engagement.assessment-performance",
    "outcome.skill-attainment",
    "outcome.certification-completion",
    "outcome.csat",
    "outcome.satisfaction",
    "business.revenue",
)
# what pandas reads of each row: numerator, denominator, date and table
ENROLLMENTS = "curriculum_enrollment e"
OF_ENROLLMENTS = "{} f JOIN curriculum_enrollment e ON e.id = f.enrollment_id"
SHARE = "CASE WHEN {} THEN 1.0 ELSE 0 END"
DONE = " LEFT JOIN engagement_moduleprogress p ON p.planned_id = f.id"
EARNED = " LEFT JOIN outcomes_certificate c ON c.enrollment_id = e.id"
NPS = "CASE WHEN f.nps >= 9 THEN 1.0 WHEN f.nps <= 6 THEN -1 ELSE 0 END"
ROWS = {
    KPIS[0]: (SHARE.format("e.completed_at <= e.due_at"), "1.0", "e.due_at", ENROLLMENTS),
    KPIS[1]: (
        "CASE WHEN p.done_at IS NULL THEN 0 ELSE f.effort_minutes END",
        "f.effort_minutes",
        "f.due_at",
        OF_ENROLLMENTS.format("curriculum_plannedmodule") + DONE,
    ),
    KPIS[2]: (
        "f.watched_seconds", "100.0", "f.started_at",
        OF_ENROLLMENTS.format("engagement_videoprogress"),
    ),
    KPIS[3]: (
        SHARE.format("f.is_productive"), "1.0", "f.week",
        OF_ENROLLMENTS.format("engagement_weekpresence"),
    ),
    KPIS[4]: (
        "f.score", "1.0", "f.graded_at", OF_ENROLLMENTS.format("engagement_assessmentresult")
    ),
    KPIS[5]: (
        SHARE.format("f.score >= f.mastery"), "1.0", "f.assessed_at",
        OF_ENROLLMENTS.format("outcomes_skillassessment"),
    ),
    KPIS[6]: (SHARE.format("c.id IS NOT NULL"), "1.0", "e.due_at", ENROLLMENTS + EARNED),
    KPIS[7]: (
        SHARE.format("f.csat >= 4"), "1.0", "f.answered_at",
        OF_ENROLLMENTS.format("outcomes_response"),
    ),
    KPIS[8]: (NPS, "1.0", "f.answered_at", OF_ENROLLMENTS.format("outcomes_response")),
    KPIS[9]: (
        "f.amount * 1.0", "1.0", "f.booked_at",
        "business_payment f JOIN business_customer e ON e.id = f.customer_id",
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql):
        begun = time.perf_counter()
        experiment = fill(chosen.learners)
        print(f"{chosen.learners:,} learners, filled in {time.perf_counter() - begun:.0f} s")
        time_assignment(experiment, chosen.learners)
        time_analysis(experiment, chosen.repeat)


def fill(learners: int) -> Any:
    """Create the facts of a course, and an experiment to which every learner is exposed."""
    model = {
        name: import_string(f"{app}.models.{name}")
        for app, names in MODELS.items()
        for name in names.split()
    }
    course = model["Course"].objects.create(key="c", title="C")
    run = model["CourseRun"].objects.create(course=course, key="r")
    module = model["Module"].objects.create(course=course, key="m", title="M", position=1)
    other = model["Module"].objects.create(course=course, key="n", title="N", position=2)
    insert(model["Learner"], ("key", "name", "email", "kind"),
           ((f"l{at}", "", "", "learner") for at in range(learners)))  # fmt: skip
    ids = list(model["Learner"].objects.order_by("pk").values_list("pk", flat=True))
    enroll(model, ids, run, (module, other))
    enrollments = list(model["Enrollment"].objects.order_by("pk").values_list("pk", flat=True))
    add_facts(model, enrollments, course, module)
    add_payments(model, ids, course)
    import_string("core.database.query_planner.analyze_all")()
    return start_experiment(course)


MODELS = {
    "curriculum": "Course CourseRun Module Learner Enrollment PlannedModule Skill",
    "engagement": "LearningObject ModuleProgress VideoProgress WeekPresence AssessmentResult",
    "outcomes": "SkillAssessment Certificate Survey Wave Response",
    "business": "Customer Payment",
}


def enroll(model: dict[str, Any], ids: list[int], run: Any, modules: tuple[Any, Any]) -> None:
    begun, due = START - 40 * DAY, START + 20 * DAY
    insert(
        model["Enrollment"],
        ("learner_id", "run_id", "enrolled_at", "started_at", "cutoff_at", "planned_due_at",
         "due_at", "completed_at", "completed_by_sender", "certificate_track_at"),
        ((pk, run.pk, begun, begun, begun, due, due, due - DAY if pk % 3 else None, True, begun)
         for pk in ids),
    )  # fmt: skip
    enrollments = model["Enrollment"].objects.order_by("pk").values_list("pk", flat=True)
    dues = (START - 10 * DAY, due)
    insert(
        model["PlannedModule"],
        ("enrollment_id", "module_id", "position", "is_required", "effort_minutes",
         "planned_due_at", "due_at"),
        ((pk, module.pk, module.position, True, 60 + pk % 7, at, at)
         for pk in enrollments for module, at in zip(modules, dues, strict=True)),
    )  # fmt: skip
    planned = model["PlannedModule"].objects.order_by("pk").values_list("pk", "due_at")
    insert(
        model["ModuleProgress"], ("planned_id", "reached_at", "done_at", "is_waived"),
        ((pk, at - 2 * DAY, at - DAY if pk % 4 else None, False) for pk, at in planned),
    )  # fmt: skip


def add_facts(model: dict[str, Any], enrollments: list[int], course: Any, module: Any) -> None:
    """Add facts of each KPI: one before the exposure of each learner, and one or two after."""
    objects = model["LearningObject"].objects
    before, after = START - 9 * DAY, START + 9 * DAY
    both = (before, after)
    videos = [objects.create(course=course, key=f"v{at}", kind="video", module=module,
                             duration_seconds=100) for at in (1, 2)]  # fmt: skip
    tests = [objects.create(course=course, key=f"t{at}", kind="assessment", module=module)
             for at in (1, 2)]  # fmt: skip
    skill = model["Skill"].objects.create(key="s", title="S")
    survey = model["Survey"].objects.create(key="s", title="S")
    waves = [model["Wave"].objects.create(survey=survey, key=f"w{at}") for at in (1, 2)]
    insert(
        model["VideoProgress"],
        ("enrollment_id", "video_id", "started_at", "segments", "watched_seconds"),
        ((pk, video.pk, at, [], float((pk * 7) % 100))
         for pk in enrollments for video, at in zip(videos, both, strict=True)),
    )  # fmt: skip
    insert(
        model["WeekPresence"], ("enrollment_id", "week", "is_productive"),
        ((pk, week, pk % 5 > week.day % 4) for pk in enrollments
         for week in (date(2026, 2, 16), date(2026, 3, 9), date(2026, 3, 16))),
    )  # fmt: skip
    insert(
        model["AssessmentResult"],
        ("enrollment_id", "assessment_id", "attempt", "graded_at", "score"),
        ((pk, test.pk, 1, at, (pk % 101) / 101) for pk in enrollments
         for test, at in zip(tests, both, strict=True)),
    )  # fmt: skip
    insert(
        model["SkillAssessment"],
        ("enrollment_id", "skill_id", "stage", "assessed_at", "score", "mastery"),
        ((pk, skill.pk, "post", at, (pk % 97) / 97, 0.8) for pk in enrollments for at in both),
    )  # fmt: skip
    insert(
        model["Certificate"], ("enrollment_id", "earned_at", "number", "reason"),
        ((pk, after, "", "") for pk in enrollments if pk % 10 < 7),
    )  # fmt: skip
    insert(
        model["Response"],
        ("enrollment_id", "wave_id", "answered_at", "nps", "csat", "comment", "may_quote",
         "language"),
        ((pk, wave.pk, at, pk % 11, pk % 5 + 1, "", False, "en") for pk in enrollments
         for wave, at in zip(waves, both, strict=True)),
    )  # fmt: skip


def add_payments(model: dict[str, Any], ids: list[int], course: Any) -> None:
    insert(
        model["Customer"], ("kind", "key", "learner_id", "name"),
        (("learner", f"l{pk}", pk, "") for pk in ids),
    )  # fmt: skip
    customers = model["Customer"].objects.order_by("pk").values_list("pk", flat=True)
    insert(
        model["Payment"],
        ("sender", "key", "is_refund", "customer_id", "course_id", "is_customer_reported",
         "is_course_reported", "amount", "currency", "booked_at", "subscription_key",
         "payment_key"),
        (("", f"{pk}-{at:%d}", False, pk, course.pk, True, True, 1000 + pk % 999, "USD", at, "", "")
         for pk in customers for at in (START - 9 * DAY, START + 9 * DAY)),
    )  # fmt: skip


def insert(model: Any, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    bulk_insert = import_string("core.database.bulk_upsert.insert")
    atomic = import_string("django.db.transaction.atomic")
    some: list[tuple[Any, ...]] = []
    with atomic():
        for row in rows:
            some.append(row)
            if len(some) == 10_000:
                bulk_insert(model, columns, some)
                some = []
        bulk_insert(model, columns, some)


def start_experiment(course: Any) -> Any:
    drafts = import_string("experiments.drafts.save")
    planned = import_string("experiments.drafts.PlannedVariant")
    value = import_string("experiments.drafts.PlannedValue")
    metric = import_string("experiments.drafts.PlannedMetric")
    experiment = drafts(
        None,
        {"key": "x", "name": "X", "hypothesis": "H", "planned_effect": 0.01, "planned_n": 40_000,
         "planned_end": date(2026, 9, 1), "underpowered_reason": "A benchmark."},
        variants=[
            planned(key="a", weight=Decimal("0.5"), is_control=True),
            planned(key="b", weight=Decimal("0.5"), values=[
                value(parameter_key="module.pass-mark", value=Decimal("0.8"))]),
        ],
        metrics=[metric(kpi=key, role="secondary" if at else "primary")
                 for at, key in enumerate(KPIS)],
        courses=[course], by=None, now=START,
    )  # fmt: skip
    return import_string("experiments.lifecycle.start")(experiment, None, now=START)


def time_assignment(experiment: Any, learners: int) -> None:
    assign = import_string("experiments.assignment.assign")
    cached = import_string("experiments.assignment.cached.placements_of")
    learner = import_string("curriculum.models.Learner")
    ids = list(learner.objects.order_by("pk").values_list("pk", flat=True))
    seconds = [
        lasts(lambda some=ids[at : at + 10_000]: assign(some, now=START))  # type: ignore[misc]
        for at in range(0, learners, 10_000)
    ]
    print(f"assignment of 10,000 learners {1000 * statistics.median(seconds):8.0f} ms")
    seconds = [lasts(lambda: assign(ids[:10_000], now=START)) for _ in range(3)]
    print(f"the same, known by then       {1000 * statistics.median(seconds):8.0f} ms")
    cached(ids[:100])
    seconds = [lasts(lambda one=one: cached([one])) for one in ids[:100]]  # type: ignore[misc]
    print(f"one cached assignment         {1000 * statistics.median(seconds):8.2f} ms")
    expose(experiment)


def expose(experiment: Any) -> None:
    assignment = import_string("experiments.models.Assignment")
    rows = assignment.objects.order_by("learner").values_list("learner_id", "variant_id")
    insert(
        import_string("experiments.models.Exposure"),
        ("experiment_id", "learner_id", "variant_id", "first_at", "first_on"),
        ((experiment.pk, pk, variant, START + timedelta(minutes=pk % 600), START.date())
         for pk, variant in rows),
    )  # fmt: skip
    import_string("core.database.query_planner.analyze_all")()


def time_analysis(experiment: Any, repeat: int) -> None:
    analyze = import_string("experiments.analysis.analyze.analyze")
    now = START + 60 * DAY
    ours, theirs = [], []
    for _ in range(repeat):
        ours.append(lasts(lambda: analyze(experiment, now=now)))
        theirs.append(with_pandas(experiment))
    print(f"analysis of {len(KPIS)} KPIs           {1000 * statistics.median(ours):8.0f} ms")
    if all(theirs):
        read = statistics.median(read for read, _ in filter(None, theirs))
        grouped = statistics.median(grouped for _, grouped in filter(None, theirs))
        print(f"pandas: reading the rows      {1000 * read:8.0f} ms")
        print(f"pandas: groupby alone         {1000 * grouped:8.0f} ms")
        print(f"ratio to the groupby alone    {statistics.median(ours) / grouped:8.2f}")
        print(f"ratio with reading the rows   {statistics.median(ours) / (read + grouped):8.2f}")


def with_pandas(experiment: Any) -> tuple[float, float] | None:
    """Return the seconds of reading the rows, and of grouping them; None without pandas."""
    try:
        pandas = import_string("pandas.DataFrame")
    except ImportError:
        print("pandas is not installed, so nothing is compared.")
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT learner_id, variant_id FROM experiments_exposure WHERE experiment_id = %s",
            [experiment.pk],
        )
        units = pandas(cursor.fetchall(), columns=["unit", "variant"])
    read = grouped = 0.0
    for kpi in KPIS:
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            bound = START.date() if kpi.endswith("interaction-rate") else START
            adapt = connection.ops.adapt_datetimefield_value
            y, x, at, table = ROWS[kpi]
            statement = f"SELECT e.learner_id, {y}, {x}, {at} >= %s FROM {table}"  # noqa: S608
            cursor.execute(statement, [bound if bound is not START else adapt(START)])
            rows = pandas(cursor.fetchall(), columns=["unit", "y", "x", "is_after"])
            rows = rows.astype({"y": float, "x": float, "is_after": bool})
        read += time.perf_counter() - begun
        grouped += lasts(lambda rows=rows: by_variant(rows, units))  # type: ignore[misc]
    return read, grouped


def by_variant(rows: Any, units: Any) -> Any:
    after = rows[rows.is_after].groupby("unit")[["y", "x"]].sum()
    before = rows[~rows.is_after].groupby("unit")[["y", "x"]].sum().add_suffix("0")
    joined = units.set_index("unit").join(after).join(before).fillna(0.0)
    columns = ["y", "x", "y0", "x0"]
    for at, one in enumerate(columns):
        for other in columns[at:]:
            joined[one + other] = joined[one] * joined[other]
    return joined.groupby("variant").agg(["sum"])


def lasts(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
