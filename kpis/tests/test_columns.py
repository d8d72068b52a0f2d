"""Columns have the estimates and p-values that the same values have one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from kpis.statistics import columns, p_values
from kpis.statistics import estimates as single
from kpis.statistics.columns import AnyColumns, Column, PartColumns, SumColumns
from kpis.statistics.estimates import NET, SHARE, AnyEstimate, Scale, WeightedPart
from kpis.statistics.intervals import CrossSums, Spread, Sums
from kpis.statistics.significance import difference, discoveries
from kpis.tests.people import sums_of_people

pytestmark = pytest.mark.once

# None: values without bounds
SCALES = [SHARE, NET, None]


def every_kind_of_sums(seed: int = 1) -> list[Sums]:
    """Return sums of few and many people, alike or not, at the bounds, without spread or weight."""
    return list(_every_kind_of_sums(random.Random(seed)))  # noqa: S311 — chance, not secrets


def _every_kind_of_sums(chance: random.Random) -> Iterator[Sums]:
    for people in (1, 2, 3, 12, 200):
        for share in (0.0, 0.3, 0.8, 1.0):
            hits = round(people * share)
            yield Sums(people, hits, people, people, Spread(people, hits, people, hits))
            yield Sums(people, share * people, people, people)
            drawn = [(chance.random() * share, chance.choice((1, 2, 5))) for _ in range(people)]
            yield sums_of_people([(weight * each, weight) for each, weight in drawn])
    yield Sums(5, 0.0, 0.0, 5, Spread(5, 0.0, 0.0, 0.0))


def as_columns(sums: Sequence[Sums]) -> SumColumns:
    rows = [
        (one.n, one.total, one.weight, *(one.spread.row if one.spread else [np.nan] * 4))
        for one in sums
    ]
    return SumColumns(*np.array(rows, np.float64).T)


def both(sums: Sequence[Sums], scale: Scale | None) -> tuple[AnyColumns, list[AnyEstimate | None]]:
    if scale is None:
        return columns.mean_estimates(as_columns(sums)), [single.estimate_mean(s) for s in sums]
    found = columns.estimates(as_columns(sums), scale)
    return found, [single.estimate(one, scale) for one in sums]


def same(column: Column, numbers: Sequence[float | None]) -> None:
    expected = [np.nan if one is None else one for one in numbers]
    np.testing.assert_allclose(column, expected, rtol=1e-12, atol=1e-15)


@pytest.fixture(autouse=True)
def _missing_numbers_are_expected() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("scale", SCALES)
def test_estimates_and_intervals_are_those_of_single_values(scale: Scale | None) -> None:
    found, expected = both(every_kind_of_sums(), scale)

    same(found.value, [one.value if one else None for one in expected])
    for end in (0, 1):
        # an interval is NaN where there is no estimate, whatever its parts are
        there = found.interval[end] + 0 * found.value
        same(there, [one.interval[end] if one else None for one in expected])


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("goal", [0.0, 0.3, 0.75, 1.0])
def test_p_values_against_a_goal_are_those_of_single_values(
    scale: Scale | None, goal: float
) -> None:
    sums = every_kind_of_sums()
    found, expected = both(sums, scale)

    same(
        columns.against_goals(found, np.full(len(sums), goal)),
        [p_values.against_goal(one, goal).two_sided if one else None for one in expected],
    )


def test_parts_take_the_dispersion_of_their_whole_if_it_is_larger() -> None:
    sums = every_kind_of_sums()
    found, expected = both(sums, SHARE)
    around = single.estimate(sums_of_people([(0.0, 1), (0.5, 1), (1.0, 4)]))
    assert around

    same(
        columns.against_goals(
            found, np.full(len(sums), 0.7), np.full(len(sums), around.dispersion)
        ),
        [p_values.against_goal(one, 0.7, around).two_sided if one else None for one in expected],
    )


@pytest.mark.parametrize("scale", SCALES)
def test_changes_are_those_of_single_values(scale: Scale | None) -> None:
    now, before = every_kind_of_sums(1), every_kind_of_sums(2)[::-1]
    found, expected = both(now, scale)
    earlier, expected_earlier = both(before, scale)
    pairs = list(zip(expected, expected_earlier, strict=True))

    same(
        columns.against_earlier(found, earlier),
        [p_values.against_earlier(a, b).two_sided if a and b else None for a, b in pairs],
    )
    ends = columns.differences(found.value, found.interval, earlier.value, earlier.interval)
    changes = [
        difference(a.value, a.interval, b.value, b.interval) if a and b else None for a, b in pairs
    ]
    for end in (0, 1):
        same(ends[end], [one and one[end] for one in changes])


def test_counts_are_those_of_single_values() -> None:
    counts, before = [0, 0, 3, 40, 40], [0, 5, 9, 40, 20]
    expected = [
        p_values.against_count(one, 31, then, 30).two_sided
        for one, then in zip(counts, before, strict=True)
    ]

    found = columns.against_counts(np.array(counts, float), 31, np.array(before, float), 30)

    same(found, expected)


@pytest.mark.parametrize("has_crosses", [True, False])
def test_weighted_means_are_those_of_single_values(*, has_crosses: bool) -> None:
    keys, weights = ("a", "b", "c"), (5.0, 3.0, 0.0)
    of_parts = [every_kind_of_sums(seed) for seed in (1, 2, 3)]
    rows = list(zip(*of_parts, strict=True))
    cross = CrossSums(0.4, 0.3, 0.2, 0.5)
    crosses = {("b", "a"): cross} if has_crosses else {}
    parts = [
        PartColumns(key, np.full(len(rows), weight), sums, (sums.weight != 0) & (weight != 0))
        for key, weight, some in zip(keys, weights, of_parts, strict=True)
        for sums in [as_columns(some)]
    ]
    expected = [
        single.weighted_estimate(
            [WeightedPart(*part) for part in zip(keys, weights, row, strict=True)], crosses
        )
        for row in rows
    ]

    found = columns.weighted_estimates(
        parts, {pair: [np.full(len(rows), x) for x in one.row] for pair, one in crosses.items()}
    )

    same(found.value, [one.value if one else None for one in expected])
    same(found.dispersion + 0 * found.value, [one.dispersion if one else None for one in expected])


def test_discoveries_are_those_of_single_values() -> None:
    chances = [0.2, 0.001, 0.0009, 0.5, 0.004, 0.03, 0.0]

    bound = columns.discovery_bound(np.array(chances))

    assert [one <= bound for one in chances] == discoveries(chances)
    assert columns.discovery_bound(np.array([])) == -1
