from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from kpis.definitions.periods import containing
from kpis.definitions.registry import Indicator
from kpis.definitions.units import COUNT, PERCENT, POINTS, Unit
from kpis.models import Target
from kpis.query.results import MetricValue
from kpis.statistics.intervals import Sums
from presentation import drawing, trend_charts
from presentation.figures import Figure, Verdict, compared

MONTH = containing(date(2026, 5, 1), "month", ZoneInfo("UTC"))


def answered(
    value: float | None,
    *,
    unit: Unit = PERCENT,
    target: int | None = None,
    interval: tuple[float, float] | None = None,
    higher_is_better: bool = True,
    n: int = 100,
) -> MetricValue:
    indicator = Indicator(
        key="a.b", title="B", unit=unit, help="", higher_is_better=higher_is_better
    )
    goal = None if target is None else Target(value=Decimal(target), version=1)
    status = "no_data" if value is None else "ok"
    return MetricValue(
        indicator, MONTH, status, value=value, sums=Sums(n=n), target=goal, interval=interval
    )


def test_a_share_is_drawn_out_of_a_hundred() -> None:
    bar = drawing.bar(answered(0.8, target=85, interval=(0.7, 0.9)))

    assert bar == drawing.Bar(value=80.0, low=70.0, spread=20.0, target=85.0)


def test_an_interval_beyond_the_ends_is_cut_there() -> None:
    bar = drawing.bar(answered(0.95, interval=(0.8, 1.3)))

    assert bar is not None
    assert (bar.low, bar.spread) == (80.0, 20.0)


def test_a_count_leaves_room_beyond_the_larger_of_it_and_its_target() -> None:
    bar = drawing.bar(answered(100, unit=COUNT, target=160))

    # the full length is 1.25 × 160 = 200
    assert bar == drawing.Bar(value=50.0, low=None, spread=None, target=80.0)


def test_bars_that_stand_together_share_one_scale() -> None:
    figures = compared([answered(amount, unit=COUNT) for amount in (25, 100, 0)])

    # the full length is 1.25 × 100 = 125
    assert [one.bar and one.bar.value for one in figures] == [20.0, 80.0, 0.0]


def test_an_amount_that_nothing_can_be_compared_to_has_no_bar() -> None:
    assert drawing.bar(answered(100, unit=COUNT)) is None


def test_points_are_drawn_out_of_a_hundred() -> None:
    bar = drawing.bar(answered(0.7, unit=POINTS, target=80))

    assert bar == drawing.Bar(value=70.0, low=None, spread=None, target=80.0)


def test_nothing_is_drawn_without_a_value() -> None:
    assert drawing.bar(answered(None)) is None
    assert drawing.spark([answered(None), answered(0.5), answered(None)]) is None


def test_a_spark_has_a_gap_where_there_is_no_value() -> None:
    spark = drawing.spark([answered(part) for part in (0.4, 0.6, None, 0.5)])

    # 38 apart from 3 on, between 33 (the lowest) and 3 (the highest)
    assert spark is not None
    assert spark.lines == ["3.0,33.0 41.0,3.0"]
    assert spark.dots == [(117.0, 18.0)]
    assert spark.end == (117.0, 18.0)


def test_lower_can_be_better() -> None:
    verdict = Figure(answered(0.1, target=15, higher_is_better=False)).verdict

    assert verdict is not None
    assert (verdict.words, verdict.is_good) == ("Target met: 5.0 pts below 15%", True)


def test_a_hidden_figure_tells_no_number() -> None:
    hidden = Figure(MetricValue(answered(None).indicator, MONTH, "suppressed"))

    assert (hidden.value, hidden.n, hidden.interval, hidden.fraction) == ("–", "–", "", "")
    assert trend_charts.text(hidden.answer) == "B: –, hidden"


def test_a_point_of_the_chart_tells_its_interval() -> None:
    text = trend_charts.text(answered(0.8, interval=(0.7, 0.9)))

    assert text == "B: 80.0% (70.0–90.0%), n 100"


def test_a_caption_tells_only_what_is_drawn() -> None:
    line = {"values": [80.0, 81.0], "targets": [None, None], "open": [False, False]}
    full = {"values": [80.0, None], "targets": [85.0, 85.0], "open": [False, True], "lows": [70.0]}

    assert trend_charts.caption([line]) == ""
    assert trend_charts.caption([full]) == (
        "The band: the 95% interval. Dashed: the target in force in each period. "
        "Dotted: still provisional. A gap: no data, or hidden."
    )


def test_few_observations_are_not_judged() -> None:
    one = Figure(answered(0.6, target=80, n=1))

    assert one.verdict == Verdict("Too few to judge: 20.0 pts below 80%", None)
    assert one.interval == "too few"
    assert "Fewer than 10 observations: too few to judge it by." in one.notes
