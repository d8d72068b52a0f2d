"""A figure that is not computed yet neither opens nor closes an alert."""

from __future__ import annotations

from datetime import date

import pytest

from alerts.evaluation.evaluate import evaluate
from alerts.tests.alerting import add_rule, add_target, closing, event_kinds, store_value
from kpis.tests import kernel
from kpis.tests.kernel import COUNT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _total(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)
    kernel.declare_also(monkeypatch, COUNT)


def test_a_total_that_is_not_computed_opens_no_alert() -> None:
    add_target(kpi=COUNT)
    add_rule(COUNT)
    store_value("2026-04", 100, n=100, kpi=COUNT)
    kernel.mark_days_stale(COUNT, [(None, date(2026, 5, 10))])
    evaluate(closing("2026-05"))

    assert event_kinds() == []


def test_a_total_that_is_not_computed_closes_no_alert() -> None:
    add_target(kpi=COUNT)
    add_rule(COUNT)
    store_value("2026-04", 100, n=10, kpi=COUNT)
    evaluate(closing("2026-04"))
    kernel.mark_days_stale(COUNT, [(None, date(2026, 5, 10))])
    evaluate(closing("2026-05"))

    assert event_kinds() == ["opened"]
