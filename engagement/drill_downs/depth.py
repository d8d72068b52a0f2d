from __future__ import annotations

from datetime import timedelta

from django.db.models import Avg, Case, Count, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from engagement.models import VideoProgress, WeekPresence
from kpis.aggregation.grouped_sums import rows_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, MINUTES, PERCENT, TEXT
from kpis.statistics.shares_and_medians import share

KPI = "engagement.depth"


@drill_down(KPI, "videos", _("Watch by video"))
def videos(when: Period, scope: Scope) -> Table:
    """How much of each video its learners watch. If four learners played a 10-minute video and
    watched 8 minutes on average, they watched 80% of it.

    Watched = (mean of the unique seconds watched) ÷ (duration), over the learners who first
    played the video in the period. A video of unknown length is listed but counts in no KPI.
    """
    started = VideoProgress.objects.filter(started_at__gte=when.start, started_at__lt=when.end)
    by_video = (
        within(started, scope, module="video__module")
        .values(
            course=F("video__course__title"),
            module=Coalesce("video__module__title", Value("")),
            title=Case(When(video__title="", then=F("video__key")), default=F("video__title")),
            duration=F("video__duration_seconds"),
        )
        .annotate(learners=Count("enrollment__learner", distinct=True), seen=Avg("watched_seconds"))
        .order_by("video__course__title", "video__module__position", "video__key")
    )
    rows = [
        {
            **row,
            "started": row["learners"],
            "minutes": row["duration"] and row["duration"] / 60,
            "watched": row["duration"] and row["seen"] / row["duration"],
        }
        for row in by_video
    ]
    columns = (
        Column.of("course"),
        Column.of("module"),
        Column("title", _("Video"), TEXT),
        Column("minutes", _("Length"), MINUTES),
        Column("started", _("Learners who played it"), COUNT),
        Column("watched", _("Watched"), PERCENT),
    )
    return Table(columns, rows)


@drill_down(KPI, "quizzes", _("Participation by quiz"))
def quizzes(when: Period, scope: Scope) -> Table:
    """How many learners try each quiz. Of 50 learners who reached a quiz's module in the period, 45
    tried the quiz: 90%.

    Participation = (learners who tried the quiz) ÷ (learners who reached its module in the
    period).
    """
    quiz = "planned__module__learningobject"
    rows = (
        rows_of("engagement.quiz-participation", when, scope)
        .values(
            course=F("planned__module__course__title"),
            module=F("planned__module__title"),
            title=Case(
                When(**{f"{quiz}__title": ""}, then=F(f"{quiz}__key")), default=F(f"{quiz}__title")
            ),
        )
        .annotate(
            learners=Count("planned__enrollment__learner", distinct=True),
            reached=Count("pk"),
            attempted=Sum(Case(When(is_attempted=True, then=Value(1)), default=Value(0))),
        )
        .order_by("planned__module__course__title", "planned__module__position", "title")
    )
    columns = (
        Column.of("course"),
        Column.of("module"),
        Column("title", _("Quiz"), TEXT),
        Column("reached", _("Reached"), COUNT),
        Column("attempted", _("Attempted"), COUNT),
        Column("participation", _("Participation"), PERCENT),
    )
    return Table(
        columns,
        [{**row, "participation": share(row["attempted"], row["reached"])} for row in rows],
    )


@drill_down(KPI, "weeks", _("Active learners by week"))
def weeks(when: Period, scope: Scope) -> Table:
    """How many learners were active each week, and how often they did something with what they
    learned. Of 40 active learners, 32 answered, submitted, posted or wrote a note: 80%.

    Interaction rate = (learner-weeks with at least one answer, submission, post or note) ÷
    (active learner-weeks), for each week that begins in the period.
    """
    present = WeekPresence.objects.filter(
        week__gte=when.first, week__lt=when.after, module__isnull=scope.module_id is None
    )
    by_week = (
        within(present, scope, module="module")
        .values("week")
        .annotate(
            learners=Count("enrollment__learner", distinct=True),
            weeks=Count("pk"),
            productive=Count("pk", filter=Q(is_productive=True)),
        )
        .order_by("week")
    )
    rows = [
        {
            **row,
            "week": gettext("%(first)s to %(last)s")
            % {"first": row["week"], "last": row["week"] + timedelta(days=6)},
            "active": row["learners"],
            "rate": share(row["productive"], row["weeks"]),
        }
        for row in by_week
    ]
    columns = (
        Column("week", _("Week"), TEXT),
        Column("active", _("Active learners"), COUNT),
        Column("productive", _("Productive learner-weeks"), COUNT),
        Column("rate", _("Interaction rate"), PERCENT),
    )
    return Table(columns, rows)
