"""A provider with a KPI for each of two currencies; the main one comes first."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.tests.people import moment
from business.drill_downs.revenue import declare_tables
from business.indicators import declare_revenue
from business.tests.shop import paid, rows_of, sums, table
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement
from kpis.recompute.recompute_stale import recompute_stale

pytestmark = pytest.mark.django_db

MAIN, FURTHER = "business.revenue", "business.revenue-eur"


@pytest.fixture(autouse=True)
def _two_currencies(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.KPI_CURRENCIES = ["USD", "EUR"]
    # both are removed after the test
    monkeypatch.delitem(REGISTRY, MAIN)
    monkeypatch.setitem(REGISTRY, FURTHER, REGISTRY["business.retention"])
    del REGISTRY[FURTHER]
    declare_revenue()
    declare_tables()


def test_each_currency_has_a_kpi_and_the_others_accompany_the_main_one() -> None:
    assert REGISTRY[MAIN].companions == (FURTHER,)
    assert REGISTRY[FURTHER].companions == ()
    assert REGISTRY[FURTHER].name == "Revenue in EUR"
    assert REGISTRY[FURTHER].unit.text(2_500_050) == "€25,000.50"


def test_a_change_of_currency_splits_a_customers_payments() -> None:
    """Ada pays in dollars in May and in euros from June on."""
    paid("ada", "100.00", "2026-05-03")
    paid("ada", "90.00", "2026-06-03", currency="EUR")

    assert [sums("revenue", month)[0] for month in ("2026-05", "2026-06")] == [10_000, 0]
    assert [sums("revenue-eur", month)[0] for month in ("2026-05", "2026-06")] == [0, 9_000]


def test_each_currency_is_computed_separately() -> None:
    paid("ada", "100.00", "2026-05-03")
    paid("ada", "90.00", "2026-05-03", currency="EUR")
    paid("ada", "80.00", "2026-05-03", currency="GBP")
    recompute_stale(now=moment("2026-06-10"))
    months = Measurement.objects.filter(scope="site", period_kind="month")

    assert set(months.values_list("kpi", "total")) == {(MAIN, 10_000), (FURTHER, 9_000)}


def test_each_currency_has_its_own_months() -> None:
    paid("ada", "90.00", "2026-05-03", currency="EUR")

    assert rows_of(table("revenue-eur", "months", "2026-05"), "period", "net") == [
        ("2026-05", 9_000),
        ("2026-Q2", 9_000),
    ]
    assert table("revenue", "months", "2026-05") == []
