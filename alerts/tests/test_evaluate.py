from __future__ import annotations

from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.evaluation import pending_evaluations
from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertRule, EvaluationRun, PendingEvaluation
from alerts.signals import alert_changed
from alerts.tests.alerting import (
    KPI,
    add_rule,
    add_target,
    closing,
    evaluate_months,
    event_kinds,
    last_reason,
    notified_kinds,
    open_states,
    store_value,
)
from kpis.tests import kernel
from kpis.tests.measured import course

pytestmark = pytest.mark.django_db

MAY = closing("2026-05")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def restated(month: str, percent: float, at: datetime) -> None:
    """Change a closed month by late data, and evaluate it."""
    store_value(month, percent)
    pending_evaluations.mark_pending([(KPI, "month", None)])
    evaluate(at)


def test_a_significant_miss_opens_one_alert() -> None:
    add_target()
    add_rule()

    assert evaluate_months(("2026-05", 79)) == ["opened"]
    alert = Alert.objects.get()
    assert (alert.state, alert.value, alert.target, alert.n) == ("firing", 79.0, 85.0, 1000)
    assert (alert.first_period_start, alert.worst_gap) == (date(2026, 5, 1), 6.0)
    assert last_reason() == "May 2026: 79.0% (95% interval 76.4% to 81.4%), target 85.0%."


def test_evaluating_again_changes_nothing() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    AlertRule.objects.update(is_evaluated=False)

    assert evaluate(MAY + timedelta(hours=1)) == 0
    assert event_kinds() == ["opened"]


def test_a_miss_within_the_interval_opens_no_alert() -> None:
    add_target()
    add_rule()

    assert evaluate_months(("2026-05", 84)) == []


def test_a_miss_that_the_exact_test_does_not_find_opens_no_alert() -> None:
    # Wilson's interval of 17 of 20 ends at 94.8%, but 17 or fewer happen in 7.5 of 100 times
    add_target(95)
    add_rule()
    store_value("2026-05", 85, n=20)

    assert evaluate(MAY) == 0


def test_in_point_mode_a_miss_within_the_interval_opens_an_alert() -> None:
    add_target()
    add_rule(mode="point")

    assert evaluate_months(("2026-05", 84)) == ["opened"]


def test_an_open_month_is_not_evaluated() -> None:
    add_target()
    add_rule()
    store_value("2026-05", 79)

    assert evaluate(datetime.fromisoformat("2026-06-03T23:00:00+00:00")) == 0
    assert evaluate(datetime.fromisoformat("2026-06-04T00:00:00+00:00")) == 1


def test_a_month_evaluated_early_by_a_fast_clock_is_evaluated_again() -> None:
    add_target()
    add_rule()
    store_value("2026-05", 84)
    evaluate(MAY)
    store_value("2026-05", 79)  # in May by the correct clock, so nothing marks it

    assert evaluate(datetime.fromisoformat("2026-05-20T12:00:00+00:00")) == 0
    assert evaluate(MAY + timedelta(minutes=-1)) == 1


def test_an_alert_stays_open_until_the_value_is_past_the_target_by_the_margin() -> None:
    add_target()
    add_rule(margin=2)

    flapping = [("2026-01", 79), ("2026-02", 86), ("2026-03", 79), ("2026-04", 86)]
    assert evaluate_months(*flapping) == ["opened"]
    assert open_states() == ["recovering"]
    assert evaluate_months(("2026-05", 87)) == ["opened", "recovered"]


def test_after_a_recovery_a_new_alert_can_open() -> None:
    add_target()
    add_rule()

    months = [("2026-01", 79), ("2026-02", 86), ("2026-03", 79)]
    assert evaluate_months(*months) == ["opened", "recovered", "opened"]
    assert Alert.objects.count() == 2


def test_patience_waits_for_periods_in_a_row() -> None:
    add_target()
    add_rule(patience=2)

    assert evaluate_months(("2026-01", 79), ("2026-02", 86), ("2026-03", 79)) == []
    assert evaluate_months(("2026-04", 79)) == ["opened"]


def test_missing_periods_neither_open_nor_close_alerts() -> None:
    add_target()
    add_rule(patience=2)
    evaluate_months(("2026-01", 79))
    evaluate(closing("2026-02"))
    evaluate(closing("2026-03"))
    assert event_kinds() == []

    evaluate_months(("2026-04", 79))
    evaluate(MAY)
    assert event_kinds() == ["opened"]
    assert open_states() == ["no_data"]


def test_too_few_observations_open_no_alert() -> None:
    add_target()
    add_rule(min_n=2_000)

    assert evaluate_months(("2026-05", 79)) == []


def test_a_gap_that_grows_by_a_quarter_notifies_again() -> None:
    add_target()
    add_rule()

    # gaps of 6, 7, 8 and 8 points: a quarter more than 6 is 7.5
    months = [("2026-01", 79), ("2026-02", 78), ("2026-03", 77), ("2026-04", 77)]
    assert evaluate_months(*months) == ["opened", "worsened"]


def test_late_data_that_remove_a_breach_close_the_alert_with_a_reason() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    restated("2026-05", 86, MAY + timedelta(days=1))

    assert notified_kinds() == ["opened", "closed"]
    assert last_reason() == (
        "Late data: May 2026 is now 86.0%; it was 79.0%. "
        "May 2026: 86.0% (95% interval 83.7% to 88.0%), target 85.0%."
    )


def test_late_data_that_cause_a_breach_open_an_alert() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 86))
    restated("2026-05", 79, MAY + timedelta(days=1))

    assert event_kinds() == ["opened"]


def test_late_data_that_change_a_breach_are_recorded_without_notifying() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    restated("2026-05", 80, MAY + timedelta(days=1))

    assert (event_kinds(), notified_kinds()) == (["opened", "restated"], ["opened"])


def test_a_reopened_alert_waits_for_the_cool_down() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    restated("2026-05", 86, MAY + timedelta(days=1))
    restated("2026-05", 79, MAY + timedelta(days=2))
    assert event_kinds() == ["opened", "closed"]

    evaluate(MAY + timedelta(days=6, hours=23))
    assert event_kinds() == ["opened", "closed"]
    evaluate(MAY + timedelta(days=7))
    assert event_kinds() == ["opened", "closed", "reopened"]
    assert Alert.objects.count() == 1


def test_a_gap_that_has_grown_by_a_quarter_breaks_the_cool_down() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    restated("2026-05", 86, MAY + timedelta(days=1))
    restated("2026-05", 77.5, MAY + timedelta(days=2))

    assert notified_kinds() == ["opened", "closed", "reopened"]


def test_without_a_cool_down_it_reopens_at_once() -> None:
    add_target()
    add_rule(cooldown_days=0)
    evaluate_months(("2026-05", 79))
    restated("2026-05", 86, MAY + timedelta(seconds=1))
    restated("2026-05", 79, MAY + timedelta(seconds=2))

    assert notified_kinds() == ["opened", "closed", "reopened"]


def test_a_target_raised_afterwards_leaves_closed_months_alone() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-04", 86), ("2026-05", 86))
    add_target(95, start="2026-06-20")

    assert evaluate(MAY + timedelta(days=20)) == 0


def test_a_target_lowered_afterwards_leaves_the_alert_open() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    add_target(70, start="2026-06-20")
    evaluate(MAY + timedelta(days=20))

    assert open_states() == ["firing"]


def test_a_target_that_covers_a_closed_month_applies_to_it() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    add_target(70, start="2026-05-01")
    evaluate(MAY + timedelta(days=1))

    assert event_kinds() == ["opened", "closed"]
    assert last_reason().startswith("The target of May 2026 is now 70.0%; it was 85.0%.")


def test_a_late_evaluation_records_the_recovery_and_the_next_alert() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-01", 79))
    store_value("2026-02", 86)
    store_value("2026-03", 79)
    evaluate(closing("2026-03"))

    assert event_kinds() == ["opened", "recovered", "opened"]


def test_a_new_rule_opens_only_a_current_alert() -> None:
    add_target()
    for month, percent in (("2026-02", 79), ("2026-03", 86), ("2026-04", 79), ("2026-05", 78)):
        store_value(month, percent)
    add_rule()
    evaluate(MAY)

    assert event_kinds() == ["opened"]
    assert Alert.objects.get().first_period_start == date(2026, 4, 1)


def test_a_rule_that_is_switched_off_closes_its_alert() -> None:
    add_target()
    rule = add_rule()
    evaluate_months(("2026-05", 79))
    rule.is_active = False
    rule.save()
    evaluate(MAY + timedelta(hours=1))

    assert (event_kinds(), open_states()) == (["opened", "closed"], [])
    assert last_reason() == "The rule was switched off."


def test_more_patience_closes_an_alert() -> None:
    add_target()
    rule = add_rule()
    evaluate_months(("2026-05", 79))
    rule.patience = 2
    rule.save()
    evaluate(MAY + timedelta(hours=1))

    assert last_reason().startswith(
        "With its current settings, the rule would not have opened this alert."
    )


def test_a_change_for_the_worse_is_compared_with_the_previous_month() -> None:
    add_rule(metric="change")
    evaluate_months(("2026-04", 90), ("2026-05", 80))

    assert event_kinds() == ["opened"]
    assert last_reason() == (
        "May 2026: -10.0 pts since the previous period (95% interval -13.1 pts to -6.9 pts)."
    )


def test_an_insignificant_change_opens_no_alert() -> None:
    add_rule(metric="change")

    assert evaluate_months(("2026-04", 90), ("2026-05", 88)) == []


def test_a_rule_can_alert_about_better_values() -> None:
    add_target()
    add_rule(side="better")

    assert evaluate_months(("2026-05", 95)) == ["opened"]


def test_one_open_alert_per_rule_and_scope_is_a_constraint() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    again = Alert.objects.get()
    again.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_pending_evaluations_are_deleted_once_done() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))

    assert not PendingEvaluation.objects.exists()
    assert EvaluationRun.objects.count() == 1


def test_without_changes_no_measurements_are_read() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        evaluate(MAY + timedelta(minutes=1))

    assert not [one for one in queries if "kpis_measurement" in one["sql"]]


def test_the_number_of_queries_is_independent_of_rules_and_scopes() -> None:
    add_target()
    add_rule(each="course")
    store_value("2026-05", 79, of=course("py"))
    few = queries_to_evaluate(MAY)
    for at in range(10):
        add_rule(each="course", margin=at)
        store_value("2026-05", 79, of=course(f"course-{at}"))

    assert queries_to_evaluate(MAY + timedelta(hours=1)) <= few + 1


def queries_to_evaluate(at: datetime) -> int:
    # without the queries that notify people
    with patch.object(alert_changed, "send"), CaptureQueriesContext(connection) as queries:
        assert evaluate(at)
    return len(queries)
