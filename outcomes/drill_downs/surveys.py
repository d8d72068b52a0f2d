from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, PERCENT, POINTS, TEXT
from kpis.statistics.intervals import Sums, net_interval
from kpis.statistics.shares_and_medians import share
from outcomes.facts.surveys import CSAT, SATISFACTION
from outcomes.indicators.surveys import (
    DETRACTORS,
    LATEST,
    PROMOTERS,
    SATISFIED,
    answers,
)
from outcomes.models import Invitation, Response

LEARNERS = Count("enrollment__learner", distinct=True)
GROUPS = {**dict.fromkeys(range(7), "Detractors"), 7: "Passives", 8: "Passives"}
STARS = {
    1: "Very dissatisfied",
    2: "Dissatisfied",
    3: "Neither",
    4: "Satisfied",
    5: "Very satisfied",
}
LEAST_SATISFIED = 4
# what somebody who was invited answered in the wave
ANSWER = Response.objects.filter(wave=OuterRef("wave"), enrollment=OuterRef("enrollment"))
SCORE = Column("score", "Score", TEXT)
ANSWERS = Column("answers", "Answers", COUNT)
SHARE = Column("share", "Share", PERCENT)


@drill_down(SATISFACTION, "distribution", "Distribution of the scores")
def nps_distribution(when: Period, scope: Scope) -> Table:
    """How many gave each score from 0 to 10: detractors 0–6, passives 7 and 8, promoters 9 and
    10."""
    rows = _distribution(when, scope, "nps", range(11))
    for score, row in enumerate(rows):
        row["group"] = row["line"] = GROUPS.get(score, "Promoters")
    return Table((SCORE, Column("group", "Group", TEXT), ANSWERS, SHARE), rows)


@drill_down(CSAT, "distribution", "Distribution of the answers")
def csat_distribution(when: Period, scope: Scope) -> Table:
    """How many gave each answer on the scale from 1 to 5; 4 and 5 count as satisfied."""
    rows = _distribution(when, scope, "csat", range(1, 6))
    for score, row in enumerate(rows, start=1):
        row["meaning"] = STARS[score]
        row["line"] = "satisfied" if score >= LEAST_SATISFIED else "not satisfied"
    return Table((SCORE, Column("meaning", "Meaning", TEXT), ANSWERS, SHARE), rows)


def _distribution(when: Period, scope: Scope, asked: str, scores: range) -> list[dict[str, Any]]:
    found = (
        _standing(when, scope, asked).values(asked).annotate(answers=Count("pk"), learners=LEARNERS)
    )
    told = {row[asked]: row for row in found}
    total = sum(row["answers"] for row in told.values())
    nobody = {"answers": 0, "learners": 0}
    rows = [(score, told.get(score, nobody)) for score in scores]
    return [
        {
            "score": str(score),
            "answers": row["answers"],
            "share": share(row["answers"], total),
            "learners": row["learners"],
        }
        for score, row in rows
    ]


def _standing(when: Period, scope: Scope, asked: str, *, level: str = "site") -> QuerySet[Response]:
    """The latest answers of the scope; by course, those within each."""
    return LATEST.among(within(answers(when, asked), scope), level).order_by()


@drill_down(SATISFACTION, "groups", "Promoters, passives and detractors")
def groups(when: Period, scope: Scope) -> Table:
    """By course: how the answers divide, the net promoter score, and its margin of error, which
    is half of the 95% interval; none for a single answer."""
    columns = (
        Column.of("course"),
        ANSWERS,
        Column("promoters", "Promoters", PERCENT),
        Column("passives", "Passives", PERCENT),
        Column("detractors", "Detractors", PERCENT),
        Column("nps", "NPS", POINTS),
        Column("margin", "Margin (±)", POINTS),
    )
    found = (
        _standing(when, scope, "nps", level="course")
        .values(course=F("enrollment__run__course__title"))
        .annotate(
            answers=Count("pk"),
            good=Count("pk", filter=PROMOTERS),
            bad=Count("pk", filter=DETRACTORS),
            learners=LEARNERS,
        )
        .order_by("course", "enrollment__run__course")
    )
    return Table(columns, [_divided(row) for row in found])


def _divided(row: Mapping[str, Any]) -> dict[str, Any]:
    n, good, bad = row["answers"], row["good"], row["bad"]
    interval = net_interval(Sums(n=n, total=good - bad, weight=n, squares=good + bad))
    return {
        "course": row["course"],
        "answers": n,
        "promoters": share(good, n),
        "passives": share(n - good - bad, n),
        "detractors": share(bad, n),
        "nps": share(good - bad, n),
        "margin": (interval[1] - interval[0]) / 2 if interval else None,
        "learners": row["learners"],
    }


@drill_down(CSAT, "courses", "By course")
def csat_by_course(when: Period, scope: Scope) -> Table:
    """By course: answers, the share of 4 and 5, and the mean answer."""
    columns = (
        Column.of("course"),
        ANSWERS,
        Column("satisfied", "Satisfied", PERCENT),
        Column("mean", "Mean answer"),
    )
    found = (
        _standing(when, scope, "csat", level="course")
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


@drill_down(SATISFACTION, "response", "Response rate")
def response(when: Period, scope: Scope) -> Table:
    """Of those who were invited in the period, by wave: how many have answered since, and how
    many would rather not say. Response rate is answered ÷ invited."""
    columns = (
        Column("survey", "Survey", TEXT),
        Column("wave", "Wave", TEXT),
        Column("invited", "Invited", COUNT),
        Column("answered", "Answered", COUNT),
        Column("dismissed", "Dismissed", COUNT),
        Column("rate", "Response rate", PERCENT),
    )
    found = (
        within(invited(when), scope)
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


def invited(when: Period) -> QuerySet[Invitation]:
    """The invitations sent in the period."""
    return Invitation.objects.filter(sent_at__gte=when.start, sent_at__lt=when.end)
