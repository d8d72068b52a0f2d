from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from kpis.aggregation.grouped_sums import rows_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, PERCENT, TEXT
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import share
from outcomes.drill_downs.surveys import invitations_sent
from outcomes.facts.career import IMPACT
from outcomes.indicators.latest_per_learner import LEARNER
from outcomes.models import CareerOutcome
from outcomes.models.career import IN_TIME

COURSE = "enrollment__run__course__title"


@drill_down(IMPACT, "kinds", _("By kind of impact"))
def kinds(when: Period, scope: Scope) -> Table:
    """Graduates who reported each kind of impact within 180 days of their completion, and their
    share of all graduates who answered. A graduate who reported two kinds counts in both rows."""
    reported = rows_of(IMPACT, when, scope)
    answered = reported.aggregate(n=Count(LEARNER, distinct=True))["n"]
    counts = dict(
        reported.filter(IN_TIME)
        .values_list("kind")
        .annotate(n=Count(LEARNER, distinct=True))
        .values_list("kind", "n")
    )
    columns = (
        Column("kind", _("Kind"), TEXT),
        Column("graduates", _("Graduates"), COUNT),
        Column("share", _("Share of those who answered"), PERCENT),
    )
    rows = [
        {
            # sorts rows alike in every language, so that the same ones are suppressed
            "key": kind.value,
            "kind": str(kind.label),
            "graduates": counts.get(kind.value, 0),
            "share": share(counts.get(kind.value, 0), answered),
            "learners": counts.get(kind.value, 0),
        }
        for kind in CareerOutcome.Kind
        if kind != CareerOutcome.Kind.NONE
    ]
    return Table(columns, rows)


@dataclass
class CourseGraduates:
    """The ids of the learners of one course who were surveyed about their career in the period."""

    asked: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    with_impact: set[int] = field(default_factory=set)


@drill_down(IMPACT, "bounds", _("Bounds for non-response"))
def bounds(when: Period, scope: Scope) -> Table:
    """The range in which career impact lies, by course, when graduates who did not answer are
    taken into account. The lower bound counts graduates who were surveyed in the period and have
    not answered as having no impact; the upper bound leaves them out."""
    columns = (
        Column.of("course"),
        Column("asked", _("Surveyed"), COUNT),
        Column("answered", _("Answered"), COUNT),
        Column("impact", _("With impact"), COUNT),
        Column("lower", _("Lower bound (no answer = no impact)"), PERCENT),
        Column("upper", _("Upper bound (answers only)"), PERCENT),
    )
    rows = [
        {
            "course": course,
            "asked": len(graduates.asked),
            "answered": len(graduates.answered),
            "impact": len(graduates.with_impact),
            "lower": share(len(graduates.with_impact), len(graduates.asked)),
            "upper": share(len(graduates.with_impact), len(graduates.answered)),
            "learners": fewest(len(graduates.asked), len(graduates.answered)),
        }
        for course, graduates in sorted(_by_course(when, scope).items())
    ]
    return Table(columns, rows)


def _by_course(when: Period, scope: Scope) -> dict[str, CourseGraduates]:
    graduates: dict[str, CourseGraduates] = defaultdict(CourseGraduates)
    for course, learner in _without_answer(when, scope):
        graduates[course].asked.add(learner)
    reported = rows_of(IMPACT, when, scope)
    for course, learner in reported.values_list(COURSE, LEARNER):
        graduates[course].asked.add(learner)
        graduates[course].answered.add(learner)
    for course, learner in reported.filter(IN_TIME).values_list(COURSE, LEARNER):
        graduates[course].with_impact.add(learner)
    return graduates


def _without_answer(when: Period, scope: Scope) -> Iterator[tuple[str, int]]:
    """List the course and learner of graduates surveyed in the period who never answered."""
    answers = CareerOutcome.objects.filter(
        response__wave=OuterRef("wave"), enrollment=OuterRef("enrollment")
    )
    asked = invitations_sent(when).filter(
        ~Exists(answers), wave__survey__asks_career=True, enrollment__completed_at__lt=when.end
    )
    yield from within(asked, scope).order_by().values_list(COURSE, LEARNER)
