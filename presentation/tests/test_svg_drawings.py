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
from presentation import charts, svg_drawings
from presentation.figures import Figure, Verdict, figures_with_one_scale

MONTH = containing(date(2026, 5, 1), "month", ZoneInfo("UTC"))


def metric_value(
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


def test_the_bar_of_a_share_ends_at_100() -> None:
    bar = svg_drawings.bar(metric_value(0.8, target=85, interval=(0.7, 0.9)))

    assert bar == svg_drawings.Bar(value=80.0, low=70.0, spread=20.0, target=85.0)


def test_an_interval_is_cut_at_the_end_of_the_bar() -> None:
    bar = svg_drawings.bar(metric_value(0.95, interval=(0.8, 1.3)))

    assert bar is not None
    assert (bar.low, bar.spread) == (80.0, 20.0)


def test_the_bar_of_a_count_has_room_beyond_value_and_target() -> None:
    bar = svg_drawings.bar(metric_value(100, unit=COUNT, target=160))

    # the scale ends at 1.25 × 160 = 200
    assert bar == svg_drawings.Bar(value=50.0, low=None, spread=None, target=80.0)


def test_bars_of_one_table_share_a_scale() -> None:
    figures = figures_with_one_scale([metric_value(amount, unit=COUNT) for amount in (25, 100, 0)])

    # the scale ends at 1.25 × 100 = 125
    assert [one.bar and one.bar.value for one in figures] == [20.0, 80.0, 0.0]


def test_a_count_without_a_target_has_no_bar() -> None:
    assert svg_drawings.bar(metric_value(100, unit=COUNT)) is None


def test_the_bar_of_points_ends_at_100() -> None:
    bar = svg_drawings.bar(metric_value(0.7, unit=POINTS, target=80))

    assert bar == svg_drawings.Bar(value=70.0, low=None, spread=None, target=80.0)


def test_nothing_is_drawn_without_a_value() -> None:
    assert svg_drawings.bar(metric_value(None)) is None
    assert (
        svg_drawings.sparkline([metric_value(None), metric_value(0.5), metric_value(None)]) is None
    )


def test_a_sparkline_has_a_gap_for_a_missing_value() -> None:
    sparkline = svg_drawings.sparkline([metric_value(part) for part in (0.4, 0.6, None, 0.5)])

    # x in steps of 38 from 3; y from 33 (lowest value) to 3 (highest)
    assert sparkline is not None
    assert sparkline.lines == ["3.0,33.0 41.0,3.0"]
    assert sparkline.dots == [(117.0, 18.0)]
    assert sparkline.end == (117.0, 18.0)


def test_a_lower_value_can_meet_the_target() -> None:
    verdict = Figure(metric_value(0.1, target=15, higher_is_better=False)).verdict

    assert verdict is not None
    assert (verdict.text, verdict.is_good) == ("Target met: 5.0 pts below 15%", True)


def test_a_hidden_value_shows_no_number() -> None:
    hidden = Figure(MetricValue(metric_value(None).indicator, MONTH, "suppressed"))

    assert (hidden.value, hidden.n, hidden.interval, hidden.fraction) == ("–", "–", "", "")
    assert charts.point_text(hidden.metric_value) == "B: – · Hidden"


def test_the_tooltip_of_a_point_includes_the_interval() -> None:
    text = charts.point_text(metric_value(0.8, interval=(0.7, 0.9)))

    assert text == "B: 80.0% (70.0–90.0%) · n = 100"


def test_the_tooltip_of_a_point_includes_the_target() -> None:
    text = charts.point_text(metric_value(0.8, target=85))

    assert text == "B: 80.0% · n = 100 · Target: 85%"


def test_the_legend_names_only_the_styles_that_are_drawn() -> None:
    line = {"values": [80.0, 81.0], "targets": [None, None], "open": [False, False]}
    full = {"values": [80.0, None], "targets": [85.0, 85.0], "open": [False, True], "lows": [70.0]}

    assert (charts.line_keys([line]), charts.gap_note([line])) == ([], "")
    assert charts.line_keys([full]) == [
        {"style": "band", "text": "95% interval"},
        {"style": "dashed", "text": "Target"},
        {"style": "dotted", "text": "Provisional"},
    ]
    assert charts.gap_note([full]) == "Gap: no data, or hidden."


def test_too_few_observations_neither_meet_nor_miss_the_target() -> None:
    one = Figure(metric_value(0.6, target=80, n=1))

    assert one.verdict == Verdict("Too few observations: 20.0 pts below 80%", None)
    assert one.interval == "too few"
    assert "Fewer than 10 observations are too few for a conclusion." in one.notes
