"""The recipe of CONTRIBUTING.md, executed: a new KPI is everywhere, with its past."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings

from business import indicators
from business.tests.shop import enrolled, paid, refund, school
from kpis import tasks
from kpis.definitions.registry import REGISTRY
from kpis.recompute.recompute_stale import recompute_stale
from kpis.tests.consumer import Consumer
from kpis.tests.measured import NOW
from kpis.tests.visitors import Visitor, _in_july_2026, ada

__all__ = ["_in_july_2026", "ada"]

pytestmark = pytest.mark.django_db

KEY = "business.average-order-value"
PATH = "business/average-order-value"


@pytest.fixture
def new_kpi(monkeypatch: pytest.MonkeyPatch, ada: Visitor) -> Iterator[None]:
    """Payments of a year that the product knew before the KPI; then the recipe is followed."""
    school("py")
    for month in range(1, 7):
        enrolled(f"l{month}", at=f"2026-{month:02}-02")
        paid(f"l{month}", "10.00", f"2026-{month:02}-10", course="py")
        paid(f"l{month}", "30.00", f"2026-{month:02}-11", course="py")
    refund("l6", "30.00", "2026-06-12", course="py")
    paid("l6", "9.00", "2026-06-12", course="py", currency="EUR")
    recompute_stale(now=NOW)
    monkeypatch.setattr("kpis.definitions.registry.REGISTRY", REGISTRY)
    exec(recipe(), vars(indicators).copy())  # noqa: S102 - it is our own document
    yield
    del REGISTRY[KEY]


def recipe() -> str:
    text = (Path(settings.BASE_DIR) / "CONTRIBUTING.md").read_text()
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found
    return dedent(" " * 3 + found[1].lstrip())


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_has_its_past_in_the_api() -> None:
    bi = Consumer()
    before = bi.reads(PATH, **{"from": "2026-01-01", "to": "2026-06-30"})
    tasks.recompute()
    after = bi.reads(PATH, **{"from": "2026-01-01", "to": "2026-06-30"})

    assert {one["status"] for one in before["series"]} == {"no_data"}
    assert [one["value"] for one in after["series"]] == [20.0] * 6
    assert (after["current"]["n"], after["unit"]) == (2, "USD")


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_is_in_the_csv_by_course() -> None:
    tasks.recompute()
    options = {"from": "2026-05-01", "to": "2026-05-31", "by": "course", "format": "csv"}
    rows = Consumer().asks(PATH, **options).content.decode().splitlines()

    assert any(KEY in row and ",20.0," in row for row in rows), rows


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_has_a_card_and_a_page(ada: Visitor) -> None:
    tasks.recompute()

    assert "Average order value" in ada.reads("/kpi-dashboard?tab=business")
    page = ada.reads(f"/kpi-dashboard/{KEY}")
    assert "Payments of $10 and $30 make $20." in page
    assert "$20" in page


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_follows_new_events() -> None:
    tasks.recompute()
    paid("l5", "50.00", "2026-05-20", course="py")
    recompute_stale(now=NOW)
    may = Consumer().reads(PATH, **{"from": "2026-05-01", "to": "2026-05-31"})

    assert may["series"][-1]["value"] == 30.0
    # all of one customer: without a second person there is no interval
    assert may["series"][-1]["ci_low"] is None


@pytest.mark.usefixtures("new_kpi")
def test_payments_without_a_course_count_for_the_site() -> None:
    tasks.recompute()
    paid("l5", "80.00", "2026-05-20")
    recompute_stale(now=NOW)
    may = Consumer().reads(PATH, **{"from": "2026-05-01", "to": "2026-05-31"})

    assert may["series"][-1]["value"] == 40.0
