"""The statement of a KPI is compiled once; with other bounds, it is that of another period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from kpis.aggregation import sums_of_periods
from kpis.aggregation.grouped_sums import CompositeSums, GroupedSums
from kpis.definitions.periods import KINDS, WINDOW, Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import SITE, Scope

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 23)
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)
PERIODS = [
    *(containing(MONDAY, kind, BERLIN) for kind in KINDS),
    Period(date(2026, 1, 12), date(2026, 3, 24), WINDOW, BERLIN),
    Period(MONDAY, date(2026, 3, 24), WINDOW, BERLIN),
]
SCOPES = [SITE, Scope(frozenset({3})), Scope(frozenset({3, 5}))]


def groupings(indicator: Indicator) -> Iterator[tuple[str, ...]]:
    yield ()
    yield ("course",)
    if indicator.has_runs:
        yield ("run",)
    if indicator.has_runs and indicator.has_modules:
        yield ("run", "module")


@pytest.mark.parametrize("key", [key for key, one in REGISTRY.items() if one.is_computed])
def test_every_kpi_has_one_statement_for_all_periods(key: str) -> None:
    indicator = REGISTRY[key]
    kind = CompositeSums if indicator.parts else GroupedSums
    for period in [*PERIODS, *(one.as_of(NOW) for one in PERIODS)]:
        for by in groupings(indicator):
            for scope in SCOPES:
                compiled = kind(indicator, period, by, scope)
                statement = sums_of_periods._statement(indicator, period, by, scope)

                assert statement is not None
                assert statement.query.sql == compiled.sql
                assert statement.params(period, connection) == list(compiled.params)
