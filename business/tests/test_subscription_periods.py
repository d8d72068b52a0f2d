"""Changes become periods, on days of May."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from business.facts.subscription_periods import Change, subscription_periods


def day(number: int) -> datetime:
    return datetime(2026, 5, number, tzinfo=UTC)


def periods_of(*moments: tuple[str, int]) -> list[tuple[int, int | None, str]]:
    """The periods that follow from (change, day), in any order."""
    found = [
        [
            (one.started_at.day, one.ended_at.day if one.ended_at else None, one.ended_by)
            for one in subscription_periods(Change(what, day(at)) for what, at in some)
        ]
        for some in permutations(moments)
    ]
    assert all(one == found[0] for one in found)
    return found[0]


def test_a_period_lasts_until_its_end() -> None:
    assert periods_of(("started", 1)) == [(1, None, "")]
    assert periods_of(("started", 1), ("cancelled", 9)) == [(1, 9, "cancelled")]


def test_an_end_without_a_start_is_ignored() -> None:
    assert periods_of(("cancelled", 9), ("paused", 3)) == []


def test_the_first_end_counts() -> None:
    assert periods_of(("started", 1), ("finished", 9), ("cancelled", 12)) == [(1, 9, "finished")]


def test_finishing_wins_over_cancelling_at_the_same_moment() -> None:
    assert periods_of(("started", 1), ("finished", 9), ("cancelled", 9)) == [(1, 9, "finished")]


def test_a_second_start_within_a_period_changes_nothing() -> None:
    assert periods_of(("started", 1), ("started", 5)) == [(1, None, "")]


def test_a_start_after_an_end_begins_another() -> None:
    moments = ("started", 1), ("cancelled", 9), ("started", 20)

    assert periods_of(*moments) == [(1, 9, "cancelled"), (20, None, "")]


def test_an_end_and_a_start_at_one_moment_continue() -> None:
    moments = ("started", 1), ("cancelled", 9), ("started", 9)

    assert periods_of(*moments) == [(1, 9, "cancelled"), (9, None, "")]


def test_a_period_that_ends_when_it_starts_is_left_out() -> None:
    assert periods_of(("started", 1), ("cancelled", 1)) == []


@pytest.mark.parametrize(
    ("moments", "pauses"),
    [
        ([("paused", 3), ("resumed", 5)], [(3, 5)]),
        ([("paused", 3)], [(3, None)]),
        ([("paused", 3), ("paused", 4), ("resumed", 5)], [(3, 5)]),
        ([("paused", 3), ("cancelled", 6)], [(3, 6)]),
        ([("paused", 3), ("resumed", 5), ("paused", 5)], [(3, 5), (5, None)]),
        ([("resumed", 2), ("paused", 3)], [(3, None)]),
        ([("resumed", 3), ("paused", 3)], []),
    ],
)
def test_a_pause_lasts_until_resumption_or_the_end(
    moments: list[tuple[str, int]], pauses: list[tuple[int, int | None]]
) -> None:
    (one,) = subscription_periods(Change(what, day(at)) for what, at in [("started", 1), *moments])

    assert [(begun.day, ended.day if ended else None) for begun, ended in one.pauses] == pauses
