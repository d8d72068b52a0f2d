from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from kpis.definitions.periods import containing
from kpis.definitions.registry import Indicator
from kpis.definitions.units import COUNT, PERCENT
from kpis.models import Target
from kpis.query.comparisons import Comparison, with_earlier, with_goal, with_target
from kpis.query.results import MetricValue
from kpis.query.valuation import ValueContext, metric_value
from kpis.statistics.intervals import Sums
from kpis.tests.people import sums_of_people

JUNE = containing(date(2026, 6, 1), "month", ZoneInfo("UTC"))
NOW = datetime(2026, 7, 10, tzinfo=UTC)
SHARE = Indicator(key="test.share", title="Share", unit=PERCENT, help="")
TOTAL = replace(SHARE, key="test.total", unit=COUNT, is_total=True)


def value(sums: Sums, of: Indicator = SHARE, target: float | None = None) -> MetricValue:
    goal = None if target is None else Target(value=Decimal(str(target)), version=1)
    context = ValueContext.at(NOW, NOW)
    return metric_value(MetricValue(of, JUNE, target=goal), sums, context)


def share(yes: int, n: int, target: float | None = None) -> MetricValue:
    return value(sums_of_people([(1, 1)] * yes + [(0, 1)] * (n - yes)), target=target)


def known(found: Comparison | None) -> Comparison:
    assert found is not None
    return found


def test_a_clear_miss_is_not_chance() -> None:
    assert not known(with_target(share(50, 100, target=85))).may_be_chance


def test_a_target_inside_the_interval_may_be_missed_by_chance() -> None:
    assert known(with_target(share(84, 100, target=85))).may_be_chance


def test_a_target_just_outside_the_interval_may_be_missed_by_chance_too() -> None:
    # Wilson's interval of 17 of 20 ends at 94.8%, but 17 or fewer of 20 happen in 7.5 of 100 times
    found = known(with_target(share(17, 20, target=95)))

    assert found.is_outside
    assert found.may_be_chance


def test_a_target_just_inside_the_interval_is_not_missed_for_certain() -> None:
    # none of 72: 2 × 0.95⁷² = 0.0498, but Wilson's interval ends at 5.07%
    found = known(with_target(share(0, 72, target=5)))

    assert found.chances.two_sided < 0.05
    assert found.may_be_chance


def test_without_a_target_there_is_nothing_to_compare() -> None:
    assert with_target(share(50, 100)) is None


def test_a_total_is_a_full_count() -> None:
    assert with_goal(value(Sums(5, 5, 5), TOTAL), 10) is None


def test_a_part_that_is_alike_by_chance_is_compared_with_the_variance_around_it() -> None:
    part = value(sums_of_people([(0.75, 1)] * 6))
    whole = value(sums_of_people([(0.5, 1), (1, 1)] * 6))
    alone, around = with_goal(part, 60), with_goal(part, 60, whole)

    assert known(around).chances.two_sided > known(alone).chances.two_sided


def test_a_change_is_compared_with_none() -> None:
    # 0.9 (0.8256–0.9448) and 0.8 (0.7112–0.8666): 0.1 − √(0.0744² + 0.0666²), 0.1 + √(…)
    found = known(with_earlier(share(90, 100), share(80, 100)))

    assert found.interval == pytest.approx((0.0001, 0.1995), abs=1e-4)
    assert found.chances.two_sided == pytest.approx(0.0477, abs=1e-4)


def test_a_change_can_be_compared_with_a_margin() -> None:
    fell = share(70, 100), share(90, 100)

    assert known(with_earlier(*fell, change=-20)).chances.beyond(1) == pytest.approx(0.5)
    assert known(with_earlier(*fell, change=-5)).chances.beyond(1) < 0.01


def test_counts_are_compared_without_an_interval() -> None:
    found = known(with_earlier(value(Sums(9, 9, 9), TOTAL), value(Sums(1, 1, 1), TOTAL)))

    # 9 or more of 10 in half of the time: 11 ÷ 1024, doubled
    assert found.interval is None
    assert found.chances.two_sided == pytest.approx(22 / 1024)


def test_amounts_of_money_are_no_counts() -> None:
    assert with_earlier(value(Sums(9, 900, 9), TOTAL), value(Sums(1, 100, 1), TOTAL)) is None
