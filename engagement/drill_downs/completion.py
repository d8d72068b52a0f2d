from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, F, Q, Sum

from curriculum.models import CourseRun, Enrollment, PlannedModule
from engagement.models import AssessmentResult, DailyActivity
from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, DAYS, PERCENT
from kpis.statistics.shares_and_medians import median_of, share

KPI = "engagement.completion-rate"


@drill_down(KPI, "modules", "Reach and completion by module")
def modules(when: Period, scope: Scope) -> Table:
    """Of the enrolments that fell due in the period: how many reached each module of their plan,
    how many are done with it, and what share of those who reached the module before did not
    reach this one."""
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
    before: dict[str, Any] = {}
    for row in rows:
        row["reach"] = share(row["reached"], row["planned"])
        row["completion"] = share(row["done"], row["planned"])
        last = before.get("reached") if before.get("course") == row["course"] else row["planned"]
        row["drop_off"] = share(max((last or 0) - row["reached"], 0), last or 0)
        before = row
    columns = (
        Column.of("course"),
        Column.of("module", "title"),
        Column("planned", "Planned", COUNT),
        Column("reached", "Reached", COUNT),
        Column("done", "Done", COUNT),
        Column("reach", "Reach", PERCENT),
        Column("completion", "Module completion", PERCENT),
        Column("drop_off", "Drop-off from the module before", PERCENT),
    )
    return Table(columns, rows)


@drill_down(KPI, "time", "Days to complete")
def time(when: Period, scope: Scope) -> Table:
    """Of the enrolments completed in the period, by course: the median of the days from their
    start to their completion."""
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
        Column("completed", "Completed", COUNT),
        Column("median", "Median days to complete", DAYS),
    )
    return Table(columns, rows)


@drill_down(KPI, "runs", "Raw totals by run", is_of_all_time=True)
def runs(when: Period, scope: Scope) -> Table:
    """What stands behind each run, over all time and with nobody left out: enrolments, those
    cancelled before the refund cut-off, those withdrawn later, completions, interactions and
    graded attempts. To compare with the sender's own counts."""
    found = CourseRun.objects.all()
    if scope.course_ids is not None:
        found = found.filter(course__in=scope.course_ids)
    if scope.run_id is not None:
        found = found.filter(pk=scope.run_id)
    people = Q(enrollments__learner__in=scope.learner_ids) if scope.learner_ids else Q()
    counts = found.annotate(
        learners=Count("enrollments", filter=people),
        cancelled=Count("enrollments", filter=people & Q(enrollments__is_cancelled=True)),
        withdrawn=Count(
            "enrollments",
            filter=people
            & Q(enrollments__withdrawn_at__isnull=False, enrollments__is_cancelled=False),
        ),
        completed=Count("enrollments", filter=people & Q(enrollments__completed_at__isnull=False)),
    ).select_related("course")
    mine: dict[str, Any] = {"enrollment__run__in": found}
    if scope.learner_ids is not None:
        mine["enrollment__learner__in"] = scope.learner_ids
    interactions = _by_run(DailyActivity.objects.filter(**mine), Sum("interactions"))
    results = _by_run(AssessmentResult.objects.filter(**mine), Count("pk"))
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
        Column("enrolments", "Enrolments", COUNT),
        Column("cancelled", "Cancelled", COUNT),
        Column("withdrawn", "Withdrawn later", COUNT),
        Column("completed", "Completed", COUNT),
        Column("interactions", "Interactions", COUNT),
        Column("results", "Graded attempts", COUNT),
    )
    return Table(columns, rows)


def _by_run(rows: Any, sum_: Any) -> dict[int, int]:
    found = rows.order_by().values("enrollment__run").annotate(found=sum_)
    return {row["enrollment__run"]: row["found"] for row in found}
