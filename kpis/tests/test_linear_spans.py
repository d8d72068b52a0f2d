from __future__ import annotations

from kpis.disclosure.linear_spans import shown

ADA, BO, CLEO = "ada", "bo", "cleo"


def test_everything_is_shown_if_nothing_is_protected() -> None:
    assert shown([frozenset({ADA}), frozenset({ADA, BO})]) == [True, True]


def test_a_sum_is_hidden_if_it_would_reveal_a_protected_rest() -> None:
    both, bo = frozenset({ADA, BO}), frozenset({BO})

    assert shown([both, bo], protected=[frozenset({ADA})]) == [True, False]


def test_earlier_candidates_are_shown_first() -> None:
    both, bo = frozenset({ADA, BO}), frozenset({BO})

    assert shown([bo, both], protected=[frozenset({ADA})]) == [True, False]


def test_known_sums_count_as_shown() -> None:
    # Ada and Bo, Bo and Cleo; with Cleo, Bo would follow and then Ada
    known = [frozenset({ADA, BO}), frozenset({BO, CLEO})]

    assert shown([frozenset({CLEO})], known=known, protected=[frozenset({ADA})]) == [False]
    assert shown([frozenset({CLEO})], known=known[1:], protected=[frozenset({ADA})]) == [True]


def test_sums_that_can_be_derived_anyway_are_shown() -> None:
    known = [frozenset({ADA, BO}), frozenset({BO})]

    assert shown([frozenset({ADA})], known=known) == [True]
