from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext_lazy as _

from curriculum.models import CourseRun, Enrollment, PlannedModule
from engagement.models import AssessmentResult, DailyActivity
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, DAYS, PERCENT
from kpis.statistics.shares_and_medians import median_of, share

KPI = "engagement.completion-rate"
# of a table that would get longer with each run
MOST_RUNS = 50


@drill_down(KPI, "modules", _("Reach and completion by module"))
def modules(when: Period, scope: Scope) -> Table:
    """How far learners get, module by module, for the enrollments that fell due in the period. If
    40 of 50 learners reached module 1 and 30 of them reached module 2, the drop-off is 25%.

    Reach = (enrollments that reached the module) ÷ (enrollments with the module in their plan);
    module completion = (enrollments that completed it) ÷ (enrollments with the module in their
    plan); drop-off = (enrollments that reached the previous module but not this one) ÷
    (enrollments that reached the previous module). For the first module, the drop-off is from
    the enrollments with the module in their plan.
    """
    plans = PlannedModule.objects.filter(
        enrollment__due_at__gte=when.start, enrollment__due_at__lt=when.end
    )
    rows = list(
        within(plans, scope, module="module")
        .values("module", title=F("module__title"), course=F("module__course__title"))
        .annotate(
            learners=Count("enrollment__learner", distinct=True),
            planned=Count("pk"),
            reached=Count("pk", filter=Q(progress__reached_at__lt=when.end)),
            done=Count("pk", filter=Q(progress__done_at__lt=when.end)),
        )
        .order_by("module__course__title", "module__course", "module__position")
    )
    previous: dict[str, Any] = {}
    for row in rows:
        row["reach"] = share(row["reached"], row["planned"])
        row["completion"] = share(row["done"], row["planned"])
        is_first = previous.get("course") != row["course"]
        came = row["planned"] if is_first else previous["reached"]
        row["drop_off"] = share(max(came - row["reached"], 0), came)
        previous = row
    columns = (
        Column.of("course"),
        Column.of("module", "title"),
        Column("planned", _("Planned"), COUNT),
        Column("reached", _("Reached"), COUNT),
        Column("done", _("Done"), COUNT),
        Column("reach", _("Reach"), PERCENT),
        Column("completion", _("Module completion"), PERCENT),
        Column("drop_off", _("Drop-off from the previous module"), PERCENT),
    )
    return Table(columns, rows)


@drill_down(KPI, "time", _("Days to complete"))
def time(when: Period, scope: Scope) -> Table:
    """How long learners take to complete a course. If three learners took 20, 28 and 45 days, the
    median is 28 days.

    The median number of days from start to completion, of the enrollments completed in the
    period, by course.
    """
    completed = Enrollment.objects.filter(completed_at__gte=when.start, completed_at__lt=when.end)
    days: dict[str, list[float]] = defaultdict(list)
    learners: dict[str, set[int]] = defaultdict(set)
    for course, learner, start, end in within(completed, scope, enrollment="").values_list(
        "run__course__title", "learner", "started_at", "completed_at"
    ):
        days[course].append((end - start).total_seconds() / 86_400)
        learners[course].add(learner)
    rows = [
        {
            "course": course,
            "completed": len(days[course]),
            "median": median_of(days[course]),
            "learners": len(learners[course]),
        }
        for course in sorted(days)
    ]
    columns = (
        Column.of("course"),
        Column("completed", _("Completed"), COUNT),
        Column("median", _("Median days to complete"), DAYS),
    )
    return Table(columns, rows)


@drill_down(KPI, "runs", _("Raw totals by run"), is_of_all_time=True)
def runs(when: Period, scope: Scope) -> Table:
    """Raw totals of each run, to compare with the sender's own counts.

    Over all time and without leaving anybody out: enrollments, those canceled before the refund
    cut-off, those withdrawn later, completions, interactions and graded attempts. Of the 50 runs
    added last; choose a course or run to see older ones.
    """
    latest = _latest_runs(scope)
    people = Q(enrollments__learner__in=scope.learner_ids) if scope.learner_ids else Q()
    counts = (
        CourseRun.objects.filter(pk__in=latest)
        .annotate(
            learners=Count("enrollments", filter=people),
            cancelled=Count("enrollments", filter=people & Q(enrollments__is_cancelled=True)),
            withdrawn=Count(
                "enrollments",
                filter=people
                & Q(enrollments__withdrawn_at__isnull=False, enrollments__is_cancelled=False),
            ),
            completed=Count(
                "enrollments", filter=people & Q(enrollments__completed_at__isnull=False)
            ),
        )
        .select_related("course")
    )
    lookup: dict[str, Any] = {"enrollment__run__in": latest}
    if scope.learner_ids is not None:
        lookup["enrollment__learner__in"] = scope.learner_ids
    interactions = _by_run(DailyActivity.objects.filter(**lookup), Sum("interactions"))
    results = _by_run(AssessmentResult.objects.filter(**lookup), Count("pk"))
    rows = [
        {
            "course": run.course.title,
            "run": run.key,
            "enrolments": run.learners,
            "cancelled": run.cancelled,
            "withdrawn": run.withdrawn,
            "completed": run.completed,
            "interactions": interactions.get(run.pk, 0),
            "results": results.get(run.pk, 0),
            "learners": run.learners,
        }
        for run in counts.order_by("course__title", "starts_on", "key")
    ]
    columns = (
        Column.of("course"),
        Column.of("run"),
        Column("enrolments", _("Enrollments"), COUNT),
        Column("cancelled", _("Canceled"), COUNT),
        Column("withdrawn", _("Withdrawn later"), COUNT),
        Column("completed", _("Completed"), COUNT),
        Column("interactions", _("Interactions"), COUNT),
        Column("results", _("Graded attempts"), COUNT),
    )
    return Table(columns, rows)


def _latest_runs(scope: Scope) -> list[int]:
    runs = CourseRun.objects.order_by("-pk")
    if scope.course_ids is not None:
        runs = runs.filter(course__in=scope.course_ids)
    if scope.run_id is not None:
        runs = runs.filter(pk=scope.run_id)
    return list(runs.values_list("pk", flat=True)[:MOST_RUNS])


def _by_run(rows: Any, aggregate: Any) -> dict[int, int]:
    totals = rows.order_by().values("enrollment__run").annotate(total=aggregate)
    return {row["enrollment__run"]: row["total"] for row in totals}
