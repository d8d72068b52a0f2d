from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.reader import Reader
from alerts.evaluation.evaluation_data import EvaluationData
from alerts.evaluation.observations import closed_periods
from alerts.models import AlertRule
from alerts.tests.alerting import store_value
from curriculum.models import Course
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from kpis.query.targets import set_target
from kpis.tests.measured import course, fed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 20, tzinfo=UTC)
ALL = Reader(True, True, True, frozenset())
PARTS = ("engagement.video-watch", "engagement.interaction-rate", "engagement.quiz-participation")


@pytest.fixture
def python() -> Course:
    python = course("python")
    fed(python, through=NOW)
    for of in (python, None):
        for part, percent in zip(PARTS, (50, 60, 70), strict=True):
            store_value("2026-05", percent, kpi=part, of=of)
        store_value("2026-04", 100, kpi="business.enrollment", of=of, n=40)
    set_target("engagement.depth", Decimal(70), course=python)
    return python


@pytest.mark.parametrize(
    "kpi", ["engagement.depth", "engagement.video-watch", "business.enrollment"]
)
@pytest.mark.parametrize("is_site", [True, False])
def test_an_alert_sees_the_value_that_a_page_shows(kpi: str, is_site: bool, python: Course) -> None:
    rule = AlertRule(kpi=kpi, course=None if is_site else python)
    periods = closed_periods([rule], NOW)
    data = EvaluationData([rule], periods, NOW)
    (scope,) = data.scopes(rule)
    evaluated = data.values(rule, REGISTRY[kpi], scope)
    shown = KpiQueryService(ALL, NOW).metric_values(
        REGISTRY[kpi], scope.kpi_scope, periods["month"]
    )

    assert [one.value for one in evaluated if one.value is not None]
    assert evaluated == [replace(one, computed_at=None) for one in shown.values()]
