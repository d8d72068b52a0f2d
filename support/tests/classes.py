"""Classes of learners with their facts: each run has learners who keep up and some who fade out.

A run takes 56 days of eight modules, one due each week. The due date of the enrollment is day 70.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from accounts.tests.people import course
from curriculum.models import Course, CourseRun, Enrollment, Learner, PlannedModule
from engagement.models import AssessmentResult, DailyActivity, LearningObject, ModuleProgress

WEEKS, DUE_DAYS = 8, 70
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def school() -> Course:
    return course("py", modules=WEEKS, nominal_days=7 * WEEKS)


def run_from(made: Course, day: date, key: str = "") -> CourseRun:
    run = CourseRun(course=made, key=key or f"{day}", starts_on=day)
    run.ends_on = day + timedelta(days=DUE_DAYS)
    run.save()
    return run


def enroll(run: CourseRun, name: str) -> Enrollment:
    return enroll_all(run, [name])[0]


def enroll_all(run: CourseRun, names: Sequence[str]) -> list[Enrollment]:
    assert run.starts_on is not None
    begin = datetime.combine(run.starts_on, time(), UTC)
    Learner.objects.bulk_create(
        (Learner(key=name.lower(), name=name) for name in names), ignore_conflicts=True
    )
    learners = Learner.objects.filter(key__in=[name.lower() for name in names]).order_by("pk")
    due = begin + timedelta(days=DUE_DAYS)
    made = Enrollment.objects.bulk_create(
        Enrollment(
            learner=learner, run=run, enrolled_at=begin, started_at=begin, cutoff_at=begin,
            planned_due_at=due, due_at=due,
        )
        for learner in learners
    )  # fmt: skip
    PlannedModule.objects.bulk_create(
        PlannedModule(
            enrollment=one,
            module=module,
            position=module.position,
            effort_minutes=60,
            planned_due_at=begin + timedelta(days=7 * module.position),
            due_at=begin + timedelta(days=7 * module.position),
        )
        for module in run.course.modules.all()
        for one in made
    )
    return made


def day_of(enrollment: Enrollment, number: int) -> date:
    return (enrollment.started_at + timedelta(days=number)).date()


def was_active(enrollment: Enrollment, *numbers: int) -> None:
    """Add activity on days counted from the start, which is day 0."""
    DailyActivity.objects.bulk_create(active_days(enrollment, numbers))


def active_days(enrollment: Enrollment, numbers: Iterable[int]) -> list[DailyActivity]:
    return [
        DailyActivity(
            enrollment=enrollment, day=day_of(enrollment, number), interactions=5, productive=1,
            content=2, quiz=0,
        )
        for number in numbers
    ]  # fmt: skip


def did(enrollment: Enrollment, modules: int) -> None:
    """Complete the first modules, each on the day before it is due."""
    ModuleProgress.objects.bulk_create(
        done(line, enrollment) for line in enrollment.plan.filter(position__lte=modules)
    )


def done(line: PlannedModule, enrollment: Enrollment, *, late: int = 0) -> ModuleProgress:
    at = at_noon(day_of(enrollment, 7 * line.position - 1 + late))
    return ModuleProgress(planned=line, reached_at=at, done_at=at)


def scored(enrollment: Enrollment, score: float, number: int, key: str = "exam") -> None:
    exam, _ = LearningObject.objects.get_or_create(
        course=enrollment.run.course, kind="assessment", key=key, defaults={"title": key.title()}
    )
    AssessmentResult.objects.create(
        enrollment=enrollment, assessment=exam, attempt=number, score=score,
        graded_at=at_noon(day_of(enrollment, number)),
    )  # fmt: skip


def completed(enrollment: Enrollment, number: int) -> None:
    enrollment.completed_at = at_noon(day_of(enrollment, number))
    enrollment.save()


def class_of(run: CourseRun, size: int, *, seed: int, until: int = DUE_DAYS) -> None:
    """Enroll learners of whom two in five fade out in some week; facts go to a day at most."""
    random = Random(seed)  # noqa: S311
    made = enroll_all(run, [f"L{run.key}-{number:03}" for number in range(size)])
    lines = defaultdict(list)
    for line in PlannedModule.objects.filter(enrollment__in=made):
        lines[line.enrollment_id].append(line)
    activity: list[DailyActivity] = []
    progress: list[ModuleProgress] = []
    for one in made:
        weeks = random.randint(1, 6) if random.random() < 0.4 else WEEKS
        days = [day for day in range(7 * weeks) if random.random() < 0.5 and day < until]
        activity += active_days(one, days)
        late, last = random.randint(-2, 3), min(weeks, until // 7)
        progress += [done(line, one, late=late) for line in lines[one.pk] if line.position <= last]
        if weeks == WEEKS and random.random() < 0.9 and until >= 60:
            one.completed_at = at_noon(day_of(one, 60))
    DailyActivity.objects.bulk_create(activity)
    ModuleProgress.objects.bulk_create(progress)
    Enrollment.objects.bulk_update(made, ["completed_at"])
