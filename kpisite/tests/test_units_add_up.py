"""What people, learners and runs contribute adds up to the figure, on the site and in courses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.tests.people import course, run_of
from intake.receiving.receive import receive
from kpis.aggregation.grouped_sums import sums_by
from kpis.aggregation.unit_sums import unit_sums
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpisite.tests.test_second_computation import LMS
from kpisite.tests.test_stale_completeness import WildWorld
from kpisite.tests.worlds import BERLIN, COURSES, RUNS

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(1))
def test_units_add_up_to_the_figures(seed: int, settings: Any) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    courses = [course(key, modules=2) for key in COURSES]
    for one in courses:
        for run in RUNS:
            run_of(one, run)
    for batch in [*WildWorld(seed).batches(), *WildWorld(seed).batches()]:
        receive(batch, LMS, now=NOW)

    periods = [containing(date(2026, month, 5), "quarter", BERLIN) for month in (2, 5)]
    scopes = [Scope(), *(Scope(frozenset({one.pk})) for one in courses)]
    found = 0
    for indicator in [one for one in REGISTRY.values() if one.facts]:
        for period in periods:
            for scope in scopes:
                for unit in units_of(indicator):
                    found += adds_up(indicator, period, scope, unit)
    assert found > 100


def units_of(indicator: Indicator) -> list[str]:
    units = ["people"]
    if indicator.has_learners:
        units.append("learner")
    if indicator.has_runs and indicator.is_additive:
        units.append("run")
    return units


def adds_up(indicator: Indicator, period: Period, scope: Scope, unit: str) -> bool:
    rows = list(unit_sums(indicator, period, scope, unit=unit))
    whole = sums_by(indicator, period, (), scope)[()]
    sums = (sum(float(y or 0) for _, y, _ in rows), sum(float(x or 0) for *_, x in rows))
    assert sums == pytest.approx((whole.total, whole.weight)), (indicator.key, period.label, unit)
    assert unit == "run" or len(rows) == whole.learners, (indicator.key, period.label, unit)
    return bool(rows)
