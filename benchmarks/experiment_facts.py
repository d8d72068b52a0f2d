"""An experiment with 100,000 learners, and the facts of its KPIs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.module_loading import import_string

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
MODELS = {
    "curriculum": "Course CourseRun Module Learner Enrollment PlannedModule Skill",
    "engagement": "LearningObject ModuleProgress VideoProgress WeekPresence AssessmentResult",
    "outcomes": "SkillAssessment Certificate Survey Wave Response",
    "business": "Customer Payment",
}


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
