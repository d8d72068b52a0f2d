"""Simulations: on pure noise, findings appear in at most one week of twenty-five."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from insights import candidates
from insights.finding import FindingCandidate, FindingSubject
from kpis.definitions.periods import containing
from kpis.definitions.registry import Indicator
from kpis.definitions.units import PERCENT
from kpis.models import Target
from kpis.query.results import MetricValue
from kpis.query.valuation import ValueContext, metric_value
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
) -> list[FindingCandidate]:
    """Return the significant candidates of a course and its modules."""
    course = answered(of, sum(modules, NOTHING))
    earlier = answered(of, sum(before, NOTHING)) if before else None
    subjects = [FindingSubject(course, before=earlier)]
    subjects += [FindingSubject(answered(of, one), whole=course, is_part=True) for one in modules]
    return candidates.significant(
        [found for one in subjects for found in candidates.candidates(one)]
    )


def noise(of: Indicator, draw: Draw, *, modules: int, n: int, weeks: int) -> list[FindingCandidate]:
    seeded_random = random.Random(7)  # noqa: S311 — chance, not secrets
    found: list[FindingCandidate] = []
    for _ in range(weeks):
        now, before = ([draw(seeded_random, n, GOAL) for _ in range(modules)] for _ in range(2))
        found += found_in(of, now, before)
    return found


@pytest.mark.parametrize(("modules", "n"), [(20, 12), (20, 50), (40, 12)])
@pytest.mark.parametrize(("of", "draw"), [(SHARE, shares), (SHARE, attempts), (MEAN, scores)])
def test_noise_is_found_at_most_once_in_twenty_five_weeks(
    of: Indicator, draw: Draw, modules: int, n: int
) -> None:
    weeks = 100

    assert len(noise(of, draw, modules=modules, n=n, weeks=weeks)) <= weeks / 25


@pytest.mark.parametrize(("of", "draw"), [(SHARE, shares), (MEAN, scores)])
def test_one_weak_module_among_twenty_is_found_and_no_other(of: Indicator, draw: Draw) -> None:
    seeded_random = random.Random(7)  # noqa: S311 — chance, not secrets
    weak = draw(seeded_random, 100, 0.5)
    found = found_in(of, [weak, *(draw(seeded_random, 100, GOAL) for _ in range(19))])

    assert [one.subject.metric_value.sums for one in found if one.is_of_module] == [weak]
