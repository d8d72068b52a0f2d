"""How the contributions of people are added up, with numbers worked out by hand."""

from __future__ import annotations

import numpy as np

from kpis.aggregation.people import People, crossed, numbered

ADA, BO, CY, NOBODY = 1, 2, 3, 0
# a period, a group, a person, n, y and x
Row = tuple[int, int, int, int, float, float]


def people(*rows: Row) -> People:
    period, group, person, n, y, x = zip(*rows, strict=True)
    keys = np.array(period), np.array(group), np.array(person)
    return People(*keys, np.array(n), np.array(y, float), np.array(x, float))


def test_squares_and_products_are_those_of_each_person() -> None:
    sums = people((0, 7, ADA, 2, 3, 4), (0, 7, BO, 1, 1, 2)).sums()

    assert (sums.n.tolist(), sums.people.tolist()) == ([3], [2])
    assert [one.tolist() for one in sums.numbers] == [[4], [6], [9 + 1], [16 + 4], [12 + 2]]


def test_groups_and_periods_are_apart() -> None:
    sums = people((1, 7, ADA, 1, 1, 1), (0, 8, ADA, 2, 1, 1), (0, 7, ADA, 4, 1, 1)).sums()

    assert list(zip(sums.period, sums.group, sums.n, strict=True)) == [
        (0, 7, 4),
        (0, 8, 2),
        (1, 7, 1),
    ]


def test_nobodys_rows_count_without_a_person() -> None:
    sums = people((0, 7, NOBODY, 2, 5, 5), (0, 7, ADA, 1, 1, 2)).sums()

    assert (sums.n.tolist(), sums.people.tolist()) == ([3], [1])
    assert [one.tolist() for one in sums.numbers] == [[6], [7], [1], [4], [2]]


def test_rows_of_one_person_are_merged() -> None:
    rows = people((0, 7, ADA, 1, 1, 2), (0, 7, BO, 1, 1, 1), (0, 7, ADA, 2, 3, 4))

    for merged in (rows.merged(), rows.merged(np.array([True, False, True]))):
        assert dict(zip(merged.person, merged.y, strict=True)) == {ADA: 4, BO: 1}
        assert merged.sums().numbers[2].tolist() == [16 + 1]


def test_two_kpis_vary_together_in_people_who_are_in_both() -> None:
    first = people((0, 7, ADA, 1, 1, 2), (0, 7, BO, 1, 3, 4))
    other = people((0, 7, BO, 1, 5, 6), (0, 7, CY, 1, 1, 1))

    sums = crossed([first, other])

    assert (sums.n.tolist(), sums.people.tolist()) == ([4], [3])
    assert [one.tolist() for one in sums.numbers] == [[15], [18], [20], [24]]


def test_combinations_are_numbered_in_order_however_many_are_possible() -> None:
    for scale in (1, 1_000_000_000):
        first, number = numbered(np.array([5, 2, 5]) * scale, np.array([1, 9, 1]))

        assert (first.tolist(), number.tolist()) == ([1, 0], [1, 0, 1])
