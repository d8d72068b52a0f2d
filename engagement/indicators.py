"""The engagement KPIs; what each number means is docs/kpis.md."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from curriculum.models import Enrollment, PlannedModule
from engagement.facts import progress
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    LearningObject,
    ModuleProgress,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)
from engagement.parameter_definitions import INTERACTION_WEIGHT, QUIZ_WEIGHT, VIDEO_WEIGHT
from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import Interval, composite, kpi
from kpis.definitions.units import PERCENT
from presentation.categories import category

DEPTH = "engagement.depth"

category(
    "engagement",
    "Engagement & Learning",
    about="Whether people learn: how many finish, how fast, how deeply and how well.",
    awaits="enrolments or events",
    trend=(
        "engagement.completion-rate",
        "engagement.progress-velocity",
        DEPTH,
        "engagement.assessment-performance",
    ),
    by_module=("engagement.assessment-performance", "engagement.progress-velocity"),
)


@kpi("engagement.completion-rate", "Completion rate", unit=PERCENT, target=85)
def completion_rate(when: Period) -> FactAggregate:
    """Enrolments that fell due in the period and were complete by their due date ÷ enrolments
    that fell due in the period.

    Due is the start plus the nominal length times the completion window. Who withdrew stays in
    the denominator; who left before the refund cut-off is cancelled and does not count.
    Complete means that the sender said so, or that every required module is done or waived.
    Courses without either, no required module in any plan and no completion ever, do not count.
    """
    return FactAggregate(
        rows=Enrollment.objects.filter(
            due_at__gte=when.start,
            due_at__lt=when.end,
            run__course__in=progress.completable().order_by().values("pk"),
        ),
        total=Count("pk", filter=Q(completed_at__lte=F("due_at"))),
        weight=Count("pk"),
        enrollment="",
    )


@kpi(
    "engagement.progress-velocity",
    "Progress velocity",
    unit=PERCENT,
    target=80,
    has_modules=True,
)
def progress_velocity(when: Period) -> FactAggregate:
    """Planned effort that fell due in the period and was done by the period's end ÷ planned
    effort that fell due in the period.

    Effort is the minutes of each required module in the plan that the enrolment started with.
    Pauses shift due dates. Who withdrew still has a plan, and falls behind it.
    """
    return FactAggregate(
        rows=PlannedModule.objects.filter(
            is_required=True, due_at__gte=when.start, due_at__lt=when.end
        ),
        total=Sum("effort_minutes", filter=Q(progress__done_at__lt=when.end)),
        weight=Sum("effort_minutes"),
        module="module",
    )


@kpi(
    "engagement.video-watch",
    "Video watch",
    unit=PERCENT,
    component_of=DEPTH,
    has_modules=True,
)
def video_watch(when: Period) -> FactAggregate:
    """Unique seconds watched ÷ duration, summed over the (learner, video) pairs first played in
    the period.

    The played segments are united per learner and video, so that a part seen twice counts once
    and nobody's watching counts for another. A play without a stop is cut at the duration or at
    30 minutes. Videos of unknown duration are left out, and counted in the drill-down.
    """
    return FactAggregate(
        rows=VideoProgress.objects.filter(
            started_at__gte=when.start,
            started_at__lt=when.end,
            video__duration_seconds__isnull=False,
        ),
        total=Sum("watched_seconds"),
        weight=Sum("video__duration_seconds"),
        module="video__module",
    )


@kpi(
    "engagement.interaction-rate",
    "Interaction rate",
    unit=PERCENT,
    component_of=DEPTH,
    has_modules=True,
    grain="week",
)
def interaction_rate(when: Period) -> FactAggregate:
    """Active learner-weeks with a productive event (answer, submission, post, note) ÷ active
    learner-weeks.

    Active means any event. A week (Monday to Sunday) belongs to the period that its Monday is
    in; for a single day, the learner's day stands for the week.
    """
    if when.is_one_day:
        return _active_days(when)
    weeks = WeekPresence.objects.filter(week__gte=when.first, week__lt=when.after)
    anywhere = FactAggregate(
        rows=weeks.filter(module=None),
        total=Count("pk", filter=Q(is_productive=True)),
        weight=Count("pk"),
        module="module",
    )
    in_one = replace(anywhere, rows=weeks.filter(module__isnull=False))
    return replace(anywhere, by_level={"module": in_one})


def _active_days(when: Period) -> FactAggregate:
    learners = Count("enrollment", distinct=True)
    return FactAggregate(
        rows=DailyActivity.objects.filter(day=when.first),
        total=Count("enrollment", distinct=True, filter=Q(productive__gt=0)),
        weight=learners,
        n=learners,
        module="module",
    )


@kpi(
    "engagement.quiz-participation",
    "Quiz participation",
    unit=PERCENT,
    component_of=DEPTH,
    has_modules=True,
)
def quiz_participation(when: Period) -> FactAggregate:
    """(Learner, quiz) pairs attempted ÷ pairs whose learner reached the quiz's module in the
    period.

    A module is reached by the first trace in it or in a later one.
    """
    quiz = "planned__module__learningobject"
    attempted = Exists(
        QuizAttempt.objects.filter(enrollment=OuterRef("planned__enrollment"), quiz=OuterRef(quiz))
    )
    return FactAggregate(
        rows=ModuleProgress.objects.filter(
            # in one piece, else SQLite starts at all that a course ever had
            pk__in=ModuleProgress.objects.filter(
                reached_at__gte=when.start, reached_at__lt=when.end
            ).values("pk"),
            is_waived=False,
            **{f"{quiz}__kind": LearningObject.Kind.QUIZ},
        )
        .annotate(
            is_attempted=attempted,
            of_run=Coalesce(f"{quiz}__run", "planned__enrollment__run"),
        )
        .filter(of_run=F("planned__enrollment__run")),
        total=Sum(Case(When(is_attempted=True, then=Value(1)), default=Value(0))),
        weight=Count("pk"),
        enrollment="planned__enrollment",
        module="planned__module",
    )


@composite(DEPTH, "Engagement depth", unit=PERCENT, target=75)
def depth() -> dict[str, str]:
    """The weighted mean of video watch, interaction rate and quiz participation.

    The weights are dials, equal by default. A component without data drops out.
    """
    return {
        "engagement.video-watch": VIDEO_WEIGHT,
        "engagement.interaction-rate": INTERACTION_WEIGHT,
        "engagement.quiz-participation": QUIZ_WEIGHT,
    }


@kpi(
    "engagement.assessment-performance",
    "Assessment performance",
    unit=PERCENT,
    target=80,
    interval=Interval.MEAN,
    has_modules=True,
    always_by="module",
)
def assessment_performance(when: Period) -> FactAggregate:
    """The best scaled score of each (learner, assessment) pair graded in the period, summed, ÷
    such pairs."""
    graded = AssessmentResult.objects.filter(
        graded_at__gte=when.start,
        graded_at__lt=when.end,
        assessment__kind=LearningObject.Kind.ASSESSMENT,
    )
    better = graded.filter(
        Q(score__gt=OuterRef("score"))
        | Q(score=OuterRef("score"), attempt__lt=OuterRef("attempt")),
        enrollment=OuterRef("enrollment"),
        assessment=OuterRef("assessment"),
    )
    return FactAggregate(
        rows=graded.filter(~Exists(better)),
        total=Sum("score"),
        weight=Count("pk"),
        squares=Sum(F("score") * F("score")),
        module="assessment__module",
    )
