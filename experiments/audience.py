"""Who can be in an experiment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from core import reporting_clock
from curriculum.models import Course, CourseRun, Enrollment, Learner
from experiments.models import Experiment
from kpis.definitions.periods import Period, local_day
from kpis.definitions.scopes import Scope

# weeks over which the rate of enrollment is measured
MEASURED_WEEKS = 8


def courses_of(experiment: Experiment) -> QuerySet[Course]:
    """Return the courses that the audience is in, entirely or in part."""
    if not experiment.courses.exists() and not experiment.runs.exists():
        return Course.objects.all()
    return Course.objects.filter(
        Q(pk__in=experiment.courses.values("pk")) | Q(runs__in=experiment.runs.values("pk"))
    ).distinct()


def runs_in(experiment: Experiment) -> QuerySet[CourseRun]:
    """Return the runs of the audience; `only_new` keeps those that begin after the start."""
    rows = CourseRun.objects.filter(_in_places(experiment, "pk", "course"))
    if experiment.only_new and experiment.started_at:
        day = local_day(experiment.started_at, reporting_clock.reporting_zone())
        rows = rows.filter(Q(starts_on=None) | Q(starts_on__gte=day))
    return rows


def enrollments_in(experiment: Experiment) -> QuerySet[Enrollment]:
    """Return the enrollments that make their learners part of the audience."""
    rows = Enrollment.objects.counted().filter(_in_places(experiment, "run", "run__course"))
    if experiment.only_new and experiment.started_at:
        rows = rows.filter(enrolled_at__gte=experiment.started_at)
    if experiment.track != Experiment.Track.ANY:
        is_audit = experiment.track == Experiment.Track.AUDIT
        rows = rows.filter(certificate_track_at__isnull=is_audit)
    return rows


def learners_in(experiment: Experiment) -> QuerySet[Learner]:
    """Return the learners of the audience; staff and test accounts are never part of it."""
    return Learner.objects.filter(pk__in=enrollments_in(experiment).order_by().values("learner"))


def reaches(experiment: Experiment, unit: Learner | CourseRun) -> bool:
    """Return whether a variant's values can apply to a unit: it is in one of the places.

    Staff and test accounts may try a variant out without an enrollment.
    """
    if isinstance(unit, CourseRun):
        rows = CourseRun.objects.filter(_in_places(experiment, "pk", "course"))
        return rows.filter(pk=unit.pk).exists()
    there = _in_places(experiment, "run", "run__course")
    # nobody is outside of the whole site
    if not there or unit.kind != Learner.Kind.LEARNER:
        return True
    return Enrollment.objects.counted().filter(there, learner=unit).exists()


def size(experiment: Experiment) -> int:
    """Return how many units are in the audience now, whatever the layer and the holdout."""
    if experiment.unit == Experiment.Unit.RUN:
        return runs_in(experiment).count()
    return enrollments_in(experiment).order_by().values("learner").distinct().count()


def present(experiment: Experiment, now: datetime) -> int:
    """Return how many units of the audience have an enrollment that is still open."""
    unit = "run" if experiment.unit == Experiment.Unit.RUN else "learner"
    return _units(_open(enrollments_in(experiment), now), unit)


def _open(rows: QuerySet[Enrollment], now: datetime) -> QuerySet[Enrollment]:
    """Keep the enrollments of learners who are still learning: others meet no change any more."""
    return rows.filter(completed_at=None, withdrawn_at=None, due_at__gte=now)


def _units(rows: QuerySet[Enrollment], unit: str) -> int:
    number: int = rows.order_by().values(unit).distinct().count()
    return number


def per_week(experiment: Experiment, now: datetime) -> float:
    """Return how many units have come to the audience per week, over the last eight weeks."""
    since = now - MEASURED_WEEKS * timedelta(days=7)
    new = enrollments_in(experiment).filter(started_at__gte=since, started_at__lt=now)
    unit = "run" if experiment.unit == Experiment.Unit.RUN else "learner"
    return _units(new, unit) / MEASURED_WEEKS


def active(scope: Scope, period: Period, unit: str) -> int:
    """Return how many learners or runs of a scope had an enrollment that was open in a period."""
    rows = Enrollment.objects.counted().filter(enrolled_at__lt=period.end, due_at__gte=period.start)
    if scope.course_ids is not None:
        rows = rows.filter(run__course__in=scope.course_ids)
    if scope.run_id is not None:
        rows = rows.filter(run=scope.run_id)
    return _units(rows, unit)


def _in_places(experiment: Experiment, run: str, course: str) -> Q:
    courses = list(experiment.courses.values_list("pk", flat=True))
    runs = list(experiment.runs.values_list("pk", flat=True))
    if not courses and not runs:
        return Q()
    return Q(**{f"{course}__in": courses}) | Q(**{f"{run}__in": runs})


def written(experiment: Experiment) -> str:
    """Name the courses and runs; the whole site if there are none."""
    names = [*map(str, experiment.courses.all()), *map(str, experiment.runs.all())]
    return ", ".join(names) or gettext("Whole site")


def of_course(course: Course | None, unit: str, now: datetime) -> tuple[int, float]:
    """Return the present units of a course, or of the whole site, and new ones per week.

    For the calculator, where there is no experiment yet.
    """
    rows = Enrollment.objects.counted()
    if course:
        rows = rows.filter(run__course=course)
    since = now - MEASURED_WEEKS * timedelta(days=7)
    new = rows.filter(started_at__gte=since, started_at__lt=now)
    by = "run" if unit == Experiment.Unit.RUN else "learner"
    return _units(_open(rows, now), by), _units(new, by) / MEASURED_WEEKS
