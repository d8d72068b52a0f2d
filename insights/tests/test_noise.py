"""Simulations: on pure noise, findings appear in at most one week of twenty-five."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from insights import candidates, significant
from insights.finding import FindingCandidate, FindingSubject
from insights.parts import PartTests, Wholes, against_targets
from kpis.definitions.periods import containing
from kpis.definitions.registry import Indicator
from kpis.definitions.units import PERCENT
from kpis.models import Target
from kpis.query.group_columns import GroupColumns, rounded
from kpis.query.results import MetricValue
from kpis.query.valuation import ValueContext, metric_value
from kpis.statistics import columns
from kpis.statistics.columns import SumColumns
from kpis.statistics.estimates import Estimate
from kpis.statistics.intervals import NOTHING, Spread, Sums
from kpis.tests.people import sums_of_people

pytestmark = pytest.mark.once

JUNE = containing(date(2026, 6, 1), "month", ZoneInfo("UTC"))
SHARE = Indicator(key="test.share", title="Share", unit=PERCENT, help="")
MEAN = replace(SHARE, key="test.mean")
GOAL = 0.8

Draw = Callable[[random.Random, int, float], Sums]


def shares(seeded_random: random.Random, n: int, truth: float) -> Sums:
    hits = sum(seeded_random.random() < truth for _ in range(n))
    return Sums(n, hits, n, learners=n, spread=Spread(n, hits, n, hits))


def scores(seeded_random: random.Random, n: int, truth: float) -> Sums:
    """Draw scores from 0 to 1 that crowd at the upper end, as scores do."""
    marks = [seeded_random.betavariate(8 * truth, 8 * (1 - truth)) for _ in range(n)]
    total, squares = sum(marks), sum(mark * mark for mark in marks)
    return Sums(n, total, n, learners=n, spread=Spread(n, squares, n, total))


def attempts(seeded_random: random.Random, n: int, truth: float) -> Sums:
    """Draw one to six attempts of each learner, who are more or less likely to succeed."""
    people = []
    for _ in range(n):
        chance, tries = (
            seeded_random.betavariate(3 * truth, 3 * (1 - truth)),
            seeded_random.randint(1, 6),
        )
        people.append((sum(seeded_random.random() < chance for _ in range(tries)), tries))
    return sums_of_people(people)


def answered(of: Indicator, sums: Sums) -> MetricValue:
    target = Target(kpi=of.key, version=1, value=Decimal(str(100 * GOAL)))
    now = datetime(2026, 7, 10, tzinfo=UTC)
    return metric_value(MetricValue(of, JUNE, target=target), sums, ValueContext.at(now, now))


def found_in(
    of: Indicator, modules: Sequence[Sums], before: Sequence[Sums] = ()
) -> tuple[list[FindingCandidate], list[int]]:
    """Return the significant candidates of a course, and which of its modules are significant."""
    course = answered(of, sum(modules, NOTHING))
    earlier = answered(of, sum(before, NOTHING)) if before else None
    possible = list(candidates.candidates(FindingSubject(course, before=earlier)))
    test = compared(course, modules)
    among = significant.bounds(possible, [test])
    wholes = [one for one in possible if significant.is_significant(one, among)]
    return wholes, test.ids[significant.are_significant(test, among)].tolist()


def compared(course: MetricValue, modules: Sequence[Sums]) -> PartTests:
    spreads = [(one.n, one.total, one.weight, one.spread) for one in modules]
    rows = [(*sums, *spread.row) for *sums, spread in spreads if spread]
    sums = SumColumns(*np.array(rows, np.float64).T)
    value = sums.total / sums.weight
    shown, target, everywhere = rounded(100 * value), 100 * GOAL, np.ones(len(rows), bool)
    group = GroupColumns(
        ids=np.arange(len(rows)),
        courses=np.ones(len(rows), np.int64),
        sums=sums,
        value=value,
        shown=shown,
        target=np.full(len(rows), target),
        difference=rounded(shown - target),
        is_ok=sums.n >= course.indicator.min_n,
        is_hidden=~everywhere,
        estimate=columns.estimates(sums),
    )
    assert isinstance(course.estimate, Estimate)
    around = np.full(len(rows), course.estimate.dispersion)
    whole = Wholes(everywhere, np.full(len(rows), course.sums.weight), around)
    with np.errstate(all="ignore"):
        return against_targets(course, "module", group, everywhere, whole)


def noise(of: Indicator, draw: Draw, *, modules: int, n: int, weeks: int) -> int:
    seeded_random, found = random.Random(7), 0  # noqa: S311 — chance, not secrets
    for _ in range(weeks):
        now, before = ([draw(seeded_random, n, GOAL) for _ in range(modules)] for _ in range(2))
        wholes, weak = found_in(of, now, before)
        found += len(wholes) + len(weak)
    return found


@pytest.mark.parametrize(("modules", "n"), [(20, 12), (20, 50), (40, 12)])
@pytest.mark.parametrize(("of", "draw"), [(SHARE, shares), (SHARE, attempts), (MEAN, scores)])
def test_noise_is_found_at_most_once_in_twenty_five_weeks(
    of: Indicator, draw: Draw, modules: int, n: int
) -> None:
    weeks = 100

    assert noise(of, draw, modules=modules, n=n, weeks=weeks) <= weeks / 25


@pytest.mark.parametrize(("of", "draw"), [(SHARE, shares), (MEAN, scores)])
def test_one_weak_module_among_twenty_is_found_and_no_other(of: Indicator, draw: Draw) -> None:
    seeded_random = random.Random(7)  # noqa: S311 — chance, not secrets
    weak = draw(seeded_random, 100, 0.5)
    _, found = found_in(of, [weak, *(draw(seeded_random, 100, GOAL) for _ in range(19))])

    assert found == [0]
