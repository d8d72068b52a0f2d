from __future__ import annotations

import pytest

from alerts.evaluation import pending_evaluations
from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertRule
from alerts.tests.alerting import closing, event_kinds, store_value
from curriculum import parameters

pytestmark = pytest.mark.django_db

DEPTH = "engagement.depth"
PARTS = ("engagement.video-watch", "engagement.interaction-rate", "engagement.quiz-participation")
MAY = closing("2026-05")


def test_a_composite_is_evaluated_by_the_weighted_mean_of_its_components() -> None:
    # the rule and the target of 75% ship with the KPI; (50 + 60 + 70) ÷ 3 = 60
    for part, percent in zip(PARTS, (50, 60, 70), strict=True):
        store_value("2026-05", percent, kpi=part)
    evaluate(MAY)

    alert = Alert.objects.get(rule__kpi=DEPTH)
    assert (alert.value, alert.target, alert.n) == (60.0, 75.0, 3000)


def test_late_data_of_a_component_evaluate_the_composite_again() -> None:
    for part, percent in zip(PARTS, (50, 60, 70), strict=True):
        store_value("2026-05", percent, kpi=part)
    evaluate(MAY)
    for part in PARTS:
        store_value("2026-05", 90, kpi=part)
    pending_evaluations.mark_pending([(PARTS[0], "month", None)])
    evaluate(MAY)

    assert event_kinds() == ["opened", "closed"]


def test_the_weights_of_the_components_ship_with_it() -> None:
    assert parameters.value("depth.weight.video-watch") == 1


def test_every_kpi_that_ships_with_a_target_ships_with_its_rule() -> None:
    shipped = set(AlertRule.objects.values_list("kpi", flat=True))

    assert {DEPTH, "outcome.satisfaction", "business.enrollment"} <= shipped


def test_the_nps_needs_fifty_answers() -> None:
    rule = AlertRule.objects.get(kpi="outcome.satisfaction")
    store_value("2026-05", 0, kpi=rule.kpi, n=49)
    AlertRule.objects.update(mode="point")
    evaluate(MAY)
    assert event_kinds() == []

    store_value("2026-06", 0, kpi=rule.kpi, n=50)
    evaluate(closing("2026-06"))
    assert event_kinds() == ["opened"]
