from __future__ import annotations

from kpis.disclosure.linear_spans import shown

ADA, BO, CLEO = "ada", "bo", "cleo"


def test_without_anything_to_protect_all_is_shown() -> None:
    assert shown([frozenset({ADA}), frozenset({ADA, BO})]) == [True, True]


def test_a_part_that_leaves_a_protected_rest_is_hidden() -> None:
    both, bo = frozenset({ADA, BO}), frozenset({BO})

    assert shown([both, bo], protected=[frozenset({ADA})]) == [True, False]


def test_what_comes_first_is_shown_first() -> None:
    both, bo = frozenset({ADA, BO}), frozenset({BO})

    assert shown([bo, both], protected=[frozenset({ADA})]) == [True, False]


def test_what_is_known_already_tells_with_the_rest() -> None:
    # Ada and Bo, Bo and Cleo; with Cleo, Bo would follow and then Ada
    known = [frozenset({ADA, BO}), frozenset({BO, CLEO})]

    assert shown([frozenset({CLEO})], known=known, protected=[frozenset({ADA})]) == [False]
    assert shown([frozenset({CLEO})], known=known[1:], protected=[frozenset({ADA})]) == [True]


def test_what_follows_anyway_is_shown() -> None:
    known = [frozenset({ADA, BO}), frozenset({BO})]

    assert shown([frozenset({ADA})], known=known) == [True]
