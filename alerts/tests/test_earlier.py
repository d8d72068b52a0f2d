"""The history of an alert's rule before it: earlier alerts, and times without alerts."""

from __future__ import annotations

import pytest

from accounts.tests.people import moment
from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertEvent, EvaluationRun
from alerts.pages.alert_list import last_evaluated
from alerts.pages.earlier import earlier_times
from alerts.tests.alerting import add_rule, add_target, closing, evaluate_months, store_value
from kpis.tests import kernel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rule_and_target(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)
    add_target()
    add_rule()


def test_times_before_the_first_evaluation_are_shown_from_history() -> None:
    for month, percent in (("2026-02", 60), ("2026-03", 95), ("2026-06", 60)):
        store_value(month, percent)
    now = closing("2026-06")
    evaluate(now)

    (one,) = earlier_times(Alert.objects.get(), now)

    assert one.is_from_history
    assert (one.opened_at, one.closed_at) == (
        moment("2026-03-04T00:00"),
        moment("2026-04-04T00:00"),
    )
    assert AlertEvent.objects.get().kind == "opened"


def test_earlier_alerts_are_linked_and_not_listed_twice() -> None:
    evaluate_months(("2026-02", 60), ("2026-03", 95), ("2026-06", 60))
    first, second = Alert.objects.order_by("opened_at")

    assert [one.url for one in earlier_times(second, closing("2026-06"))] == [f"/alerts/{first.pk}"]
    assert earlier_times(first, closing("2026-06")) == []


def test_an_evaluation_without_news_is_noted() -> None:
    evaluate_months(("2026-06", 60))
    evaluate(moment("2026-07-10T12:00"))

    assert EvaluationRun.objects.get().checked_at == moment("2026-07-10T12:00")
    assert last_evaluated() == "10 Jul 2026, 12:00"
