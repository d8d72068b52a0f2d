from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet

from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Column, Table, drill_down
from kpis.definitions.units import COUNT, PERCENT, POINTS, TEXT
from kpis.statistics.shares_and_medians import share
from outcomes.facts.surveys import SATISFACTION
from outcomes.models import CommentAnalysis

ENROLLMENT = "response__enrollment"
LEARNERS = Count(f"{ENROLLMENT}__learner", distinct=True)
COMMENTS = Column("comments", "Comments", COUNT)
OTHER, UNKNOWN = "Other comments", "unknown"


@drill_down(SATISFACTION, "themes", "What the comments are about")
def themes(when: Period, scope: Scope) -> Table:
    """The comments given in the period that are in English, by theme: how many, their share,
    their mean sentiment from −100 to 100 (by the rating that came with them, else by their words)
    and how many left it open; and the KPI that the theme goes with."""
    found = (
        remarks(when, scope)
        .exclude(mood=CommentAnalysis.Mood.UNREAD)
        .values("theme", "theme__key", "theme__name", "theme__kpi")
        .annotate(
            comments=Count("pk"),
            learners=LEARNERS,
            sentiment=Avg("sentiment"),
            unsure=Count("pk", filter=Q(mood=CommentAnalysis.Mood.UNSURE)),
        )
        .order_by(F("theme").asc(nulls_last=True))
    )
    total = sum(row["comments"] for row in found)
    rows = [_theme(row, total) for row in found]
    columns = (
        Column("theme", "Theme", TEXT),
        Column("kpi", "Goes with", TEXT),
        COMMENTS,
        Column("share", "Share", PERCENT),
        Column("sentiment", "Mean sentiment", POINTS),
        Column("unsure", "Unsure", COUNT),
    )
    return Table(columns, sorted(rows, key=lambda row: (not row["key"], -row["comments"])))


def _theme(row: Mapping[str, Any], total: int) -> dict[str, Any]:
    kpi = row["theme__kpi"] or ""
    return {
        # the rows of all themes add up to one total
        "course": "",
        "key": row["theme__key"] or "",
        "theme": row["theme__name"] or OTHER,
        "kpi": REGISTRY[kpi].name if kpi in REGISTRY else kpi,
        "kpi_key": kpi,
        "comments": row["comments"],
        "share": share(row["comments"], total),
        "sentiment": row["sentiment"],
        "unsure": row["unsure"],
        "learners": row["learners"],
    }


@drill_down(SATISFACTION, "languages", "Languages of the comments")
def languages(when: Period, scope: Scope) -> Table:
    """The comments given in the period by language. Those in English are read for themes and
    sentiment, others are counted alone."""
    found = (
        remarks(when, scope)
        .values("language")
        .annotate(comments=Count("pk"), learners=LEARNERS)
        .order_by("-comments", "language")
    )
    rows = [{"course": "", **row, "language": row["language"] or UNKNOWN} for row in found]
    return Table((Column("language", "Language", TEXT), COMMENTS), rows)


def remarks(when: Period, scope: Scope) -> QuerySet[CommentAnalysis]:
    """What was read of the comments given in the period."""
    given = CommentAnalysis.objects.filter(
        response__answered_at__gte=when.start, response__answered_at__lt=when.end
    )
    return within(given, scope, enrollment=ENROLLMENT).order_by()
