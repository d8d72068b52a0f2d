from __future__ import annotations

from typing import Any

from django.db.models import Avg, Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from engagement.models import AssessmentResult, ItemResult, LearningObject
from engagement.pace import point_biserial
from kpis.aggregation.grouped_sums import rows_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, NUMBER, PERCENT, TEXT
from kpis.statistics.shares_and_medians import share

KPI = "engagement.assessment-performance"
MODULE = "assessment__module"
# a correlation over fewer answers is meaningless
FEWEST_FOR_CORRELATION = 30

SCORES = (
    Column("pairs", _("Learner–assessment pairs"), COUNT),
    Column("best", _("Mean best score"), PERCENT),
    Column("first", _("Mean first attempt"), PERCENT),
    Column("passed", _("Pass rate"), PERCENT),
)


@drill_down(KPI, "modules", _("Scores by module"))
def modules(when: Period, scope: Scope) -> Table:
    """How well learners score in each module. If two learners score 60% and 80% in their first
    attempts, and 90% and 80% at best, the first-attempt mean is 70% and the mean best score 85%.

    Over the attempts graded in the period: the mean of each learner's best score in each
    assessment, the mean of the first attempts, and the pass rate = (pairs whose best score
    reaches the pass mark) ÷ (learner–assessment pairs).
    """
    names = {
        "course": F("assessment__course__title"),
        "module": Coalesce(f"{MODULE}__title", Value(gettext("(no module)"))),
        "position": Coalesce(f"{MODULE}__position", Value(0)),
    }
    columns = (Column.of("course"), Column.of("module"), *SCORES)
    return Table(columns, _scores(when, scope, names, ("course", "position", "module")))


@drill_down(KPI, "assessments", _("Scores by assessment"))
def assessments(when: Period, scope: Scope) -> Table:
    """How well learners score in each assessment, and how often they are right the first time. Of
    200 questions answered in first attempts, 150 were right: 75% correct on first try.

    The same figures as by module. Correct on first try = (items answered correctly in a first
    attempt) ÷ (items answered in a first attempt).
    """
    names = {
        "course": F("assessment__course__title"),
        "key": F("assessment__key"),
        "title": Case(
            When(assessment__title="", then=F("assessment__key")), default=F("assessment__title")
        ),
    }
    rows = _scores(when, scope, names, ("course", "key"))
    first_try = {
        (row["course"], row["key"]): share(row["right"], row["answered"])
        for row in _first_items(when, scope)
        .values(course=F("result__assessment__course__title"), key=F("result__assessment__key"))
        .annotate(answered=Count("pk"), right=Count("pk", filter=Q(score=1)))
    }
    for row in rows:
        row["first_try"] = first_try.get((row["course"], row["key"]))
    columns = (
        Column.of("course"),
        Column("title", _("Assessment"), TEXT),
        *SCORES,
        Column("first_try", _("Correct on first try"), PERCENT),
    )
    return Table(columns, rows)


@drill_down(KPI, "items", _("Items"))
def items(when: Period, scope: Scope) -> Table:
    """Which questions are hard, and which separate strong from weak learners. If 27 of 30 learners
    answer a question correctly, its difficulty is 90%: it is easy.

    Over the first attempts graded in the period: difficulty = mean score of the item (100% =
    everybody right); discrimination = point-biserial correlation of the item's score with the
    attempt's score, from −1 to 1, shown if there are at least 30 answers.
    """
    found = (
        _first_items(when, scope)
        .values(assessment=F("result__assessment__key"), question=F("item"))
        .annotate(
            learners=Count("result__enrollment__learner", distinct=True),
            answers=Count("pk"),
            mean=Avg("score"),
            x=Sum("score"),
            y=Sum("result__score"),
            xy=Sum(F("score") * F("result__score")),
            xx=Sum(F("score") * F("score")),
            yy=Sum(F("result__score") * F("result__score")),
        )
        .order_by("result__assessment__key", "item")
    )
    columns = (
        Column("assessment", _("Assessment"), TEXT),
        Column("question", _("Item"), TEXT),
        Column("answers", _("Answers"), COUNT),
        Column("difficulty", _("Difficulty (mean score)"), PERCENT),
        Column("discrimination", _("Discrimination"), NUMBER),
    )
    return Table(columns, [_item(dict(row)) for row in found])


def _item(row: dict[str, Any]) -> dict[str, Any]:
    n = row["answers"]
    sums = (row[name] for name in ("x", "y", "xy", "xx", "yy"))
    return {
        "assessment": row["assessment"],
        "question": row["question"],
        "answers": n,
        "difficulty": row["mean"],
        "discrimination": point_biserial(n, *sums) if n >= FEWEST_FOR_CORRELATION else None,
        "learners": row["learners"],
    }


def _scores(
    when: Period, scope: Scope, names: dict[str, Any], order: tuple[str, ...]
) -> list[dict[str, Any]]:
    best = rows_of(KPI, when, scope)
    rows = {
        tuple(row[name] for name in names): row
        for row in best.values(**names).annotate(
            learners=Count("enrollment__learner", distinct=True),
            pairs=Count("pk"),
            best=Avg("score"),
            good=Count("pk", filter=Q(score__gte=F("assessment__pass_mark"))),
        )
    }
    first_attempts: Any = _first(when, scope).values(**names).annotate(mean=Avg("score"))
    first = {tuple(row[name] for name in names): row["mean"] for row in first_attempts}
    for key, row in rows.items():
        row["first"] = first.get(key)
        row["passed"] = share(row["good"], row["pairs"])
    return sorted(rows.values(), key=lambda row: tuple(row[name] for name in order))


def _first(when: Period, scope: Scope) -> QuerySet[AssessmentResult]:
    """The first attempts that were graded in the period."""
    graded = AssessmentResult.objects.filter(
        graded_at__gte=when.start,
        graded_at__lt=when.end,
        attempt=1,
        assessment__kind=LearningObject.Kind.ASSESSMENT,
    )
    return within(graded, scope, module=MODULE)


def _first_items(when: Period, scope: Scope) -> QuerySet[ItemResult]:
    return ItemResult.objects.filter(result__in=_first(when, scope)).order_by()
