"""The engagement KPIs; docs/kpis.md defines each of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from curriculum.models import Course, Enrollment, PlannedModule
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
from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.registry import composite, for_single_days, kpi
from kpis.definitions.units import PERCENT
from presentation.categories import category

DEPTH = "engagement.depth"

Rows = QuerySet[Any]

category(
    "engagement",
    _("Engagement & Learning"),
    about=_("Are learners learning? How many finish, how fast, how intensively and how well."),
    awaits=_("activity, results or enrollments that are due"),
    trend=(
        "engagement.completion-rate",
        "engagement.progress-velocity",
        DEPTH,
        "engagement.assessment-performance",
    ),
    by_module=("engagement.assessment-performance", "engagement.progress-velocity"),
)


@kpi(
    "engagement.completion-rate",
    _("Completion rate"),
    unit=PERCENT,
    target=85,
    facts=Enrollment,
    at="due_at",
    reads={Course: "runs__enrollments"},
)
def completion_rate(rows: Rows) -> Ratio:
    """The share of learners who complete their course by its due date. Of the 165 learners whose
    deadline fell in October, 148 had finished: 89.7%.

    (Enrollments that fell due in the period and were complete by their due date) ÷ (enrollments
    that fell due in the period).

    The due date is the start plus the nominal length times the completion window, plus any
    pauses. Learners who withdrew still count in the denominator; enrollments canceled before the
    refund cut-off do not. A course is complete when its sender reports so, or when every required
    module is done or waived. A course that nobody can complete, with no required module in any
    plan and no completion ever reported, is left out.
    """
    completable = progress.completable_courses().order_by().values("pk")
    return Ratio(
        rows=rows.filter(run__course__in=completable),
        total=Count("pk", filter=Q(completed_at__lte=F("due_at"))),
        weight=Count("pk"),
    )


@kpi(
    "engagement.progress-velocity",
    _("Progress velocity"),
    unit=PERCENT,
    target=80,
    facts=PlannedModule,
    at="due_at",
    module="module",
    reads={ModuleProgress: "planned"},
    sees_until_end=True,
)
def progress_velocity(rows: Rows, cut: Cut) -> Ratio:
    """How much of the planned work learners finish on time. In October, modules worth 4,000 minutes
    of work fell due; learners had done 3,400 of those minutes by the end of the month: 85%.

    (Planned effort that fell due in the period and was done by the period's end) ÷ (planned
    effort that fell due in the period).

    Effort is the minutes of each required module in the plan that the enrollment started with.
    Pauses move due dates. Learners who withdrew keep their plan and fall behind it.
    """
    return Ratio(
        rows=rows.filter(is_required=True),
        total=Sum("effort_minutes", filter=Q(progress__done_at__lt=cut.period.end)),
        weight=Sum("effort_minutes"),
    )


@kpi(
    "engagement.video-watch",
    _("Video watch"),
    unit=PERCENT,
    component_of=DEPTH,
    facts=VideoProgress,
    at="started_at",
    module="video__module",
    changes_later=True,
)
def video_watch(rows: Rows) -> Ratio:
    """How much of a video learners watch on average. A learner who watches 6 minutes of a 10-minute
    video and one who watches all of it make 16 of 20 minutes: 80%.

    (Unique seconds watched) ÷ (duration), each summed over the (learner, video) pairs first
    played in the period.

    A part watched twice counts once, and each learner's watching counts separately. A play
    without a stop is cut off at the video's duration or 30 minutes. Videos of unknown duration are
    left out; the details list them.
    """
    return Ratio(
        rows=rows.filter(video__duration_seconds__isnull=False),
        total=Sum("watched_seconds"),
        weight=Sum("video__duration_seconds"),
    )


@kpi(
    "engagement.interaction-rate",
    _("Interaction rate"),
    unit=PERCENT,
    component_of=DEPTH,
    facts=WeekPresence,
    at="week",
    module="module",
    grain="week",
)
def interaction_rate(rows: Rows, cut: Cut) -> Ratio:
    """How often active learners do something with what they learn. In October, learners were active
    in 400 weeks, and in 320 of them they answered, submitted, posted or wrote a note: 80%.

    (Active learner-weeks with at least one answer, submission, post or note) ÷ (active
    learner-weeks).

    A learner is active in a week with any event. A week (Monday to Sunday) belongs to the period
    that contains its Monday. For a single day, the learner's day takes the place of the week.
    """
    # a week in any module has a row of its own
    return Ratio(
        rows=rows.filter(module__isnull=cut.level != "module"),
        total=Count("pk", filter=Q(is_productive=True)),
        weight=Count("pk"),
    )


@for_single_days("engagement.interaction-rate", facts=DailyActivity, at="day", module="module")
def active_days(rows: Rows) -> Ratio:
    enrollments = Count("enrollment", distinct=True)
    return Ratio(
        total=Count("enrollment", distinct=True, filter=Q(productive__gt=0)),
        weight=enrollments,
        n=enrollments,
    )


def reached_with(attempts: QuerySet[QuizAttempt]) -> QuerySet[ModuleProgress]:
    """The progress in the modules of the quizzes that were attempted."""
    return ModuleProgress.objects.filter(
        Exists(
            attempts.filter(
                enrollment=OuterRef("planned__enrollment"), quiz__module=OuterRef("planned__module")
            )
        ),
        planned__enrollment__in=attempts.values("enrollment"),
    )


def reached_modules_of(quizzes: QuerySet[LearningObject]) -> QuerySet[ModuleProgress]:
    return ModuleProgress.objects.filter(planned__module__in=quizzes.values("module"))


@kpi(
    "engagement.quiz-participation",
    _("Quiz participation"),
    unit=PERCENT,
    component_of=DEPTH,
    facts=ModuleProgress,
    at="reached_at",
    enrollment="planned__enrollment",
    module="planned__module",
    reads={QuizAttempt: reached_with, LearningObject: reached_modules_of},
    changes_later=True,
)
def quiz_participation(rows: Rows) -> Ratio:
    """How many learners try the quizzes they come to. In October, 50 learners reached a module
    with a quiz, and 45 of them tried it: 90%.

    ((Learner, quiz) pairs with an attempt) ÷ ((learner, quiz) pairs whose learner reached the
    quiz's module in the period).

    A learner reaches a module with the first event in it or in a later module. Waived modules do
    not count.
    """
    quiz = "planned__module__learningobject"
    attempted = Exists(
        QuizAttempt.objects.filter(enrollment=OuterRef("planned__enrollment"), quiz=OuterRef(quiz))
    )
    quizzes = (
        rows.filter(is_waived=False, **{f"{quiz}__kind": LearningObject.Kind.QUIZ})
        .annotate(
            is_attempted=attempted,
            quiz_run=Coalesce(f"{quiz}__run", "planned__enrollment__run"),
        )
        .filter(quiz_run=F("planned__enrollment__run"))
    )
    return Ratio(
        rows=quizzes,
        total=Sum(Case(When(is_attempted=True, then=Value(1)), default=Value(0))),
        weight=Count("pk"),
    )


@composite(DEPTH, _("Engagement depth"), unit=PERCENT, target=75)
def depth() -> dict[str, str]:
    """How intensively learners use the course: how much of the videos they watch, how often they
    interact, and how many quizzes they try. With 80% video watch, 85% interaction rate and 90%
    quiz participation, it is 85%.

    (Sum of weight × component) ÷ (sum of weights), over video watch, interaction rate and quiz
    participation.

    The weights are parameters, equal by default. A component without data is left out.
    """
    return {
        "engagement.video-watch": VIDEO_WEIGHT,
        "engagement.interaction-rate": INTERACTION_WEIGHT,
        "engagement.quiz-participation": QUIZ_WEIGHT,
    }


@kpi(
    "engagement.assessment-performance",
    _("Assessment performance"),
    unit=PERCENT,
    target=80,
    facts=AssessmentResult,
    at="graded_at",
    module="assessment__module",
    always_by="module",
)
def assessment_performance(rows: Rows) -> Ratio:
    """The average of each learner's best score in each assessment. A learner who scores 70% and
    then 90% counts as 90%; if another learner scores 74%, the average is 82%.

    (Sum of the best scores) ÷ (number of (learner, assessment) pairs), over the pairs graded in
    the period.

    A score is the share of the possible points. An attempt counts in the period in which it was
    first graded; a later regrade changes that period.
    """
    graded = rows.filter(assessment__kind=LearningObject.Kind.ASSESSMENT)
    better = graded.filter(
        Q(score__gt=OuterRef("score"))
        | Q(score=OuterRef("score"), attempt__lt=OuterRef("attempt")),
        enrollment=OuterRef("enrollment"),
        assessment=OuterRef("assessment"),
    )
    return Ratio(rows=graded.filter(~Exists(better)), total=Sum("score"), weight=Count("pk"))
