from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, PERCENT, POINTS, TEXT
from kpis.statistics.shares_and_medians import share
from outcomes.facts.surveys import SATISFACTION
from outcomes.models import CommentAnalysis

ENROLLMENT = "response__enrollment"
LEARNERS = Count(f"{ENROLLMENT}__learner", distinct=True)
COMMENTS = Column("comments", _("Comments"), COUNT)
UNKNOWN = "unknown"


@drill_down(SATISFACTION, "themes", _("What the comments are about"))
def themes(when: Period, scope: Scope) -> Table:
    """English comments from the period, by theme: their number, their share, their mean sentiment
    from −100 to 100 (from the rating given with the comment, otherwise from its words), the number
    of comments without a clear sentiment, and the KPI that the theme relates to."""
    found = (
        comment_analyses(when, scope)
        .exclude(mood=CommentAnalysis.Mood.SKIPPED)
        .values("theme", "theme__key", "theme__name", "theme__kpi")
        .annotate(
            comments=Count("pk"),
            learners=LEARNERS,
            sentiment=Avg("sentiment"),
            unsure=Count("pk", filter=Q(mood=CommentAnalysis.Mood.UNCLEAR)),
        )
        .order_by(F("theme").asc(nulls_last=True))
    )
    total = sum(row["comments"] for row in found)
    rows = [_theme(row, total) for row in found]
    columns = (
        Column("theme", _("Theme"), TEXT),
        Column("kpi", _("Related KPI"), TEXT),
        COMMENTS,
        Column("share", _("Share"), PERCENT),
        Column("sentiment", _("Mean sentiment"), POINTS),
        Column("unsure", _("Unclear"), COUNT),
    )
    return Table(columns, sorted(rows, key=lambda row: (not row["key"], -row["comments"])))


def _theme(row: Mapping[str, Any], total: int) -> dict[str, Any]:
    kpi = row["theme__kpi"] or ""
    return {
        # the rows of all themes add up to one total
        "course": "",
        "key": row["theme__key"] or "",
        "theme": row["theme__name"] or gettext("Other comments"),
        "kpi": REGISTRY[kpi].name if kpi in REGISTRY else kpi,
        "kpi_key": kpi,
        "comments": row["comments"],
        "share": share(row["comments"], total),
        "sentiment": row["sentiment"],
        "unsure": row["unsure"],
        "learners": row["learners"],
    }


@drill_down(SATISFACTION, "languages", _("Languages of the comments"))
def languages(when: Period, scope: Scope) -> Table:
    """Comments from the period, by language. Only English comments are analyzed for themes and
    sentiment; comments in other languages are only counted."""
    found = (
        comment_analyses(when, scope)
        .values("language")
        .annotate(comments=Count("pk"), learners=LEARNERS)
        .order_by("-comments", "language")
    )
    rows = [{"course": "", **row, "language": row["language"] or UNKNOWN} for row in found]
    return Table((Column("language", _("Language"), TEXT), COMMENTS), rows)


def comment_analyses(when: Period, scope: Scope) -> QuerySet[CommentAnalysis]:
    """The analyses of the comments that were given in the period."""
    given = CommentAnalysis.objects.filter(
        response__answered_at__gte=when.start, response__answered_at__lt=when.end
    )
    return within(given, scope, enrollment=ENROLLMENT).order_by()
