"""Which periods an alert selected, and how far each was beyond its bound."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert
from alerts.tests.alerting import KPI, add_rule, add_target, closing, evaluate_months, store_value
from curriculum.models import Course
from improvement.effects.alike import alike
from improvement.effects.selection import Selection, selection_of
from kpis.tests.kernel import run_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]
NOW = datetime(2026, 8, 1, tzinfo=UTC)


def selected(alert: Alert, decided_at: datetime) -> list[date]:
    return [one.period.first for one in of(alert, decided_at).periods]


def of(alert: Alert, decided_at: datetime) -> Selection:
    return selection_of(alert, KPI, decided_at, NOW)


def test_the_period_that_fired_is_selected() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-02", 90), ("2026-03", 80))

    assert selected(Alert.objects.get(), closing("2026-03")) == [date(2026, 3, 1)]


def test_the_bound_is_the_last_value_that_fires() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-03", 80))
    (one,) = of(Alert.objects.get(), closing("2026-03")).periods

    # of 1,000, 826 still fire: Wilson's interval ends at 84.82%, and that of 828 at 85.0%
    assert 0.826 <= one.bound <= 0.829


def test_every_period_of_its_patience_is_selected() -> None:
    add_target()
    add_rule(patience=2)
    evaluate_months(("2026-02", 80), ("2026-03", 80))
    alert = Alert.objects.get()

    assert alert.first_period_start == date(2026, 3, 1)
    assert selected(alert, closing("2026-03")) == [date(2026, 2, 1), date(2026, 3, 1)]


def test_a_period_without_data_does_not_count_for_its_patience() -> None:
    add_target()
    add_rule(patience=2)
    evaluate_months(("2026-01", 80), ("2026-03", 80))

    assert selected(Alert.objects.get(), closing("2026-03"))[0] == date(2026, 1, 1)


def test_staying_open_until_the_decision_is_a_selection() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-03", 80), ("2026-04", 84))
    opened, open_ = of(Alert.objects.get(), closing("2026-04")).periods

    assert opened.bound < 0.83
    # 84.9% is still short of the target
    assert open_.bound == pytest.approx(0.849)


def test_what_closed_after_the_decision_selected_nothing() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-03", 80), ("2026-04", 84))

    assert selected(Alert.objects.get(), closing("2026-03")) == [date(2026, 3, 1)]


def test_among_many_courses_the_bound_is_farther() -> None:
    add_target()
    courses = [run_of(f"{key}-1", course=key).course for key in ("py", "js", "go")]
    add_rule(each="course")
    for course, percent in zip(courses, (75, 86, 87), strict=True):
        store_value("2026-03", percent, of=course)
    evaluate(closing("2026-03"))
    (one,) = of(Alert.objects.get(), closing("2026-03")).periods

    # the p-value must be at most 1% ÷ 3 instead of 2.5%
    assert one.bound < 0.825


def test_an_alert_about_another_kpi_selects_nothing() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-03", 80))

    assert not selection_of(Alert.objects.get(), "test.started", NOW, NOW).periods


def alerts_about(percents: dict[str, tuple[float, float]]) -> dict[str, Course]:
    """Evaluate the values of January and of February of each course."""
    add_target()
    courses = {key: run_of(f"{key}-1", course=key).course for key in percents}
    for course in courses.values():
        add_rule(course=course)
    for month, at in (("2026-01", 0), ("2026-02", 1)):
        for key, course in courses.items():
            store_value(month, percents[key][at], of=course)
        evaluate(closing(month))
    return courses


def test_others_in_the_same_position_show_what_comes_by_itself() -> None:
    found = alerts_about({"py": (70, 70), "a": (70, 74), "b": (72, 75), "c": (74, 76)})
    result = alike(Alert.objects.get(course=found["py"]), 28, NOW)

    assert result.number == 3
    # (4 + 3 + 2) ÷ 3
    assert result.change == pytest.approx(0.03)


def test_two_others_are_too_few_to_name() -> None:
    found = alerts_about({"py": (70, 70), "a": (70, 74), "b": (72, 75)})

    assert alike(Alert.objects.get(course=found["py"]), 28, NOW).number == 0
