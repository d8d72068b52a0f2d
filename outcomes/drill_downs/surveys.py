from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from kpis.aggregation.grouped_sums import rows_of, sums_by
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, PERCENT, POINTS, TEXT
from kpis.statistics.estimates import NET, estimate
from kpis.statistics.intervals import NOTHING, Sums
from kpis.statistics.shares_and_medians import share
from outcomes.facts.surveys import CSAT, SATISFACTION
from outcomes.indicators.surveys import (
    DETRACTORS,
    PROMOTERS,
    SATISFIED,
)
from outcomes.models import Invitation, Response

QUESTIONS = {"nps": SATISFACTION, "csat": CSAT}
LEARNERS = Count("enrollment__learner", distinct=True)
NPS_GROUPS = {
    "Detractors": _("Detractors"),
    "Passives": _("Passives"),
    "Promoters": _("Promoters"),
}
CSAT_LABELS = {
    1: _("Very dissatisfied"),
    2: _("Dissatisfied"),
    3: _("Neither"),
    4: _("Satisfied"),
    5: _("Very satisfied"),
}
LOWEST_SATISFIED = 4
# the answer of the invited enrollment in the same wave
ANSWER = Response.objects.filter(wave=OuterRef("wave"), enrollment=OuterRef("enrollment"))
SCORE = Column("score", _("Score"), TEXT)
ANSWERS = Column("answers", _("Answers"), COUNT)
SHARE = Column("share", _("Share"), PERCENT)


@drill_down(SATISFACTION, "distribution", _("Distribution of the scores"))
def nps_distribution(when: Period, scope: Scope) -> Table:
    """The number of answers for each score from 0 to 10. Scores of 0 to 6 are detractors, 7 and 8
    passives, 9 and 10 promoters."""
    rows = _distribution(when, scope, "nps", range(11))
    for score, row in enumerate(rows):
        row["line"] = nps_group(score)
        row["group"] = str(NPS_GROUPS[row["line"]])
    return Table((SCORE, Column("group", _("Group"), TEXT), ANSWERS, SHARE), rows)


def nps_group(score: int) -> str:
    """The key of the group that a score from 0 to 10 belongs to."""
    if score <= 6:
        return "Detractors"  # not translated: a key
    return "Passives" if score <= 8 else "Promoters"  # not translated: keys


@drill_down(CSAT, "distribution", _("Distribution of the answers"))
def csat_distribution(when: Period, scope: Scope) -> Table:
    """The number of answers for each rating from 1 to 5. Ratings of 4 and 5 count as satisfied."""
    rows = _distribution(when, scope, "csat", range(1, 6))
    for score, row in enumerate(rows, start=1):
        row["meaning"] = str(CSAT_LABELS[score])
        is_satisfied = score >= LOWEST_SATISFIED
        row["line"] = "satisfied" if is_satisfied else "not satisfied"  # not translated: keys
    return Table((SCORE, Column("meaning", _("Meaning"), TEXT), ANSWERS, SHARE), rows)


def _distribution(when: Period, scope: Scope, question: str, scores: range) -> list[dict[str, Any]]:
    latest = _latest(when, scope, question).values(question)
    found = {row[question]: row for row in latest.annotate(answers=Count("pk"), learners=LEARNERS)}
    total = sum(row["answers"] for row in found.values())
    no_answers = {"answers": 0, "learners": 0}
    rows = [(score, found.get(score, no_answers)) for score in scores]
    return [
        {
            "score": str(score),
            "answers": row["answers"],
            "share": share(row["answers"], total),
            "learners": row["learners"],
        }
        for score, row in rows
    ]


def _latest(when: Period, scope: Scope, question: str, *by: str) -> QuerySet[Response]:
    """Each learner's latest answer in the scope; by course, one per course."""
    found: QuerySet[Response] = rows_of(QUESTIONS[question], when, scope, by)
    return found


@drill_down(SATISFACTION, "groups", _("Promoters, passives and detractors"))
def groups(when: Period, scope: Scope) -> Table:
    """The shares of promoters, passives and detractors by course, with the net promoter score and
    its margin of error (half of the 95% interval; there is none for a single answer)."""
    columns = (
        Column.of("course"),
        ANSWERS,
        Column("promoters", NPS_GROUPS["Promoters"], PERCENT),
        Column("passives", NPS_GROUPS["Passives"], PERCENT),
        Column("detractors", NPS_GROUPS["Detractors"], PERCENT),
        Column("nps", "NPS", POINTS),
        Column("margin", _("Margin (±)"), POINTS),
    )
    found = (
        _latest(when, scope, "nps", "course")
        .values(course=F("enrollment__run__course__title"), course_id=F("enrollment__run__course"))
        .annotate(
            answers=Count("pk"),
            good=Count("pk", filter=PROMOTERS),
            bad=Count("pk", filter=DETRACTORS),
            learners=LEARNERS,
        )
        .order_by("course", "enrollment__run__course")
    )
    sums = sums_by(REGISTRY[SATISFACTION], when, ("course",), scope)
    rows = [_group_shares(row, sums.get((row["course_id"],), NOTHING)) for row in found]
    return Table(columns, rows)


def _group_shares(row: Mapping[str, Any], sums: Sums) -> dict[str, Any]:
    n, good, bad = row["answers"], row["good"], row["bad"]
    found = estimate(sums, NET)
    return {
        "course": row["course"],
        "answers": n,
        "promoters": share(good, n),
        "passives": share(n - good - bad, n),
        "detractors": share(bad, n),
        "nps": share(good - bad, n),
        "margin": (found.interval[1] - found.interval[0]) / 2 if found and n > 1 else None,
        "learners": row["learners"],
    }


@drill_down(CSAT, "courses", _("By course"))
def csat_by_course(when: Period, scope: Scope) -> Table:
    """The number of answers by course, the share of 4 and 5, and the mean answer."""
    columns = (
        Column.of("course"),
        ANSWERS,
        Column("satisfied", _("Satisfied"), PERCENT),
        Column("mean", _("Mean answer")),
    )
    found = (
        _latest(when, scope, "csat", "course")
        .values(course=F("enrollment__run__course__title"))
        .annotate(
            answers=Count("pk"),
            good=Count("pk", filter=SATISFIED),
            points=Sum("csat"),
            learners=LEARNERS,
        )
        .order_by("course", "enrollment__run__course")
    )
    rows = [
        {
            "course": row["course"],
            "answers": row["answers"],
            "satisfied": share(row["good"], row["answers"]),
            "mean": share(row["points"], row["answers"]),
            "learners": row["learners"],
        }
        for row in found
    ]
    return Table(columns, rows)


@drill_down(SATISFACTION, "response", _("Response rate"))
def response(when: Period, scope: Scope) -> Table:
    """Learners who were invited in the period, by survey wave: how many have answered since, and
    how many dismissed the survey. The response rate is (answered) ÷ (invited)."""
    columns = (
        Column("survey", _("Survey"), TEXT),
        Column("wave", _("Wave"), TEXT),
        Column("invited", _("Invited"), COUNT),
        Column("answered", _("Answered"), COUNT),
        Column("dismissed", _("Dismissed"), COUNT),
        Column("rate", _("Response rate"), PERCENT),
    )
    found = (
        within(invitations_sent(when), scope)
        .annotate(has_answered=Exists(ANSWER))
        .order_by()
        .values(survey=F("wave__survey__title"), key=F("wave__key"))
        .annotate(
            invited=Count("pk"),
            answered=Count("pk", filter=Q(has_answered=True)),
            dismissed=Count("pk", filter=Q(has_answered=False, dismissed_at__isnull=False)),
            learners=LEARNERS,
        )
        .order_by("wave__survey__title", "wave__key", "wave")
    )
    rows = [
        {
            "survey": row["survey"],
            "wave": row["key"],
            "invited": row["invited"],
            "answered": row["answered"],
            "dismissed": row["dismissed"],
            "rate": share(row["answered"], row["invited"]),
            "learners": row["learners"],
        }
        for row in found
    ]
    return Table(columns, rows)


def invitations_sent(when: Period) -> QuerySet[Invitation]:
    """The invitations sent in the period."""
    return Invitation.objects.filter(sent_at__gte=when.start, sent_at__lt=when.end)
