from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef

from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, PERCENT, TEXT
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import share
from outcomes.drill_downs.surveys import invited
from outcomes.facts.career import IMPACT
from outcomes.indicators.career import reports
from outcomes.indicators.latest_per_learner import LEARNER
from outcomes.models import CareerOutcome
from outcomes.models.career import IN_TIME

COURSE = "enrollment__run__course__title"


@drill_down(IMPACT, "kinds", "By kind")
def kinds(when: Period, scope: Scope) -> Table:
    """Graduates who report each kind within 180 days of their completion, and their share of
    those who answered. Who reports two kinds stands in both rows."""
    said = within(reports(when), scope).order_by()
    answered = said.aggregate(n=Count(LEARNER, distinct=True))["n"]
    found = dict(
        said.filter(IN_TIME)
        .values_list("kind")
        .annotate(n=Count(LEARNER, distinct=True))
        .values_list("kind", "n")
    )
    columns = (
        Column("kind", "Kind", TEXT),
        Column("graduates", "Graduates", COUNT),
        Column("share", "Share of those who answered", PERCENT),
    )
    rows = [
        {
            "kind": kind.label,
            "graduates": found.get(kind.value, 0),
            "share": share(found.get(kind.value, 0), answered),
            "learners": found.get(kind.value, 0),
        }
        for kind in CareerOutcome.Kind
        if kind != CareerOutcome.Kind.NONE
    ]
    return Table(columns, rows)


@dataclass
class Graduates:
    """The graduates (learners' ids) of one course who were asked in the period."""

    asked: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    with_impact: set[int] = field(default_factory=set)


@drill_down(IMPACT, "bounds", "Bounds for non-response")
def bounds(when: Period, scope: Scope) -> Table:
    """By course: between which values career impact lies, whoever did not answer. The lower
    bound takes graduates who were asked in the period and have not answered as without impact,
    the upper one leaves them out."""
    columns = (
        Column.of("course"),
        Column("asked", "Asked", COUNT),
        Column("answered", "Answered", COUNT),
        Column("impact", "With impact", COUNT),
        Column("lower", "Lower bound (silence is none)", PERCENT),
        Column("upper", "Upper bound (answers only)", PERCENT),
    )
    rows = [
        {
            "course": course,
            "asked": len(some.asked),
            "answered": len(some.answered),
            "impact": len(some.with_impact),
            "lower": share(len(some.with_impact), len(some.asked)),
            "upper": share(len(some.with_impact), len(some.answered)),
            "learners": fewest(len(some.asked), len(some.answered)),
        }
        for course, some in sorted(_by_course(when, scope).items())
    ]
    return Table(columns, rows)


def _by_course(when: Period, scope: Scope) -> dict[str, Graduates]:
    found: dict[str, Graduates] = defaultdict(Graduates)
    for course, learner in _silent(when, scope):
        found[course].asked.add(learner)
    said = within(reports(when), scope).order_by()
    for course, learner in said.values_list(COURSE, LEARNER):
        found[course].asked.add(learner)
        found[course].answered.add(learner)
    for course, learner in said.filter(IN_TIME).values_list(COURSE, LEARNER):
        found[course].with_impact.add(learner)
    return found


def _silent(when: Period, scope: Scope) -> Iterator[tuple[str, int]]:
    """Graduates who were asked in the period and have not answered since."""
    said = CareerOutcome.objects.filter(
        response__wave=OuterRef("wave"), enrollment=OuterRef("enrollment")
    )
    asked = invited(when).filter(
        ~Exists(said), wave__survey__asks_career=True, enrollment__completed_at__lt=when.end
    )
    yield from within(asked, scope).order_by().values_list(COURSE, LEARNER)
