from __future__ import annotations

from datetime import timedelta

from django.db.models import Avg, Case, Count, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from engagement.indicators import quiz_participation
from engagement.models import VideoProgress, WeekPresence
from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, MINUTES, PERCENT, TEXT
from kpis.statistics.shares_and_medians import share

KPI = "engagement.depth"


@drill_down(KPI, "videos", "Watch by video")
def videos(when: Period, scope: Scope) -> Table:
    """Of the learners who first played a video in the period: the share of it that they have
    seen on average. A video of unknown length is listed and stands in no figure."""
    started = VideoProgress.objects.filter(started_at__gte=when.start, started_at__lt=when.end)
    found = (
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
        for row in found
    ]
    columns = (
        Column.of("course"),
        Column.of("module"),
        Column("title", "Video", TEXT),
        Column("minutes", "Length", MINUTES),
        Column("started", "Learners who played it", COUNT),
        Column("watched", "Watched", PERCENT),
    )
    return Table(columns, rows)


@drill_down(KPI, "quizzes", "Participation by quiz")
def quizzes(when: Period, scope: Scope) -> Table:
    """Of the learners who reached a quiz's module in the period: how many tried the quiz."""
    tally = quiz_participation(when)
    quiz = "planned__module__learningobject"
    rows = (
        tally.within(scope)
        .order_by()
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
        Column("title", "Quiz", TEXT),
        Column("reached", "Reached", COUNT),
        Column("attempted", "Attempted", COUNT),
        Column("participation", "Participation", PERCENT),
    )
    return Table(
        columns,
        [{**row, "participation": share(row["attempted"], row["reached"])} for row in rows],
    )


@drill_down(KPI, "weeks", "Active learners by week")
def weeks(when: Period, scope: Scope) -> Table:
    """The learners active in each week that begins in the period, and those among them who
    answered, submitted, posted or noted something."""
    present = WeekPresence.objects.filter(
        week__gte=when.first, week__lt=when.after, module__isnull=scope.module_id is None
    )
    found = (
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
            "week": f"{row['week']} to {row['week'] + timedelta(days=6)}",
            "active": row["learners"],
            "rate": share(row["productive"], row["weeks"]),
        }
        for row in found
    ]
    columns = (
        Column("week", "Week", TEXT),
        Column("active", "Active learners", COUNT),
        Column("productive", "Productive learner-weeks", COUNT),
        Column("rate", "Interaction rate", PERCENT),
    )
    return Table(columns, rows)
